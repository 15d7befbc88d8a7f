/**
 * The preload's world: what Electron gives it, over a binding to the process of main. `PRELOAD` is replaced by the text of
 * the built preload, which runs as it is. Functions it exposes are called from the main world (main-world.js) by events
 * with texts, since the two worlds share the document and nothing else.
 */
(() => {
  if (window !== window.top) return;
  const { encode, decode } = TEXTS;
  const send = (message) => globalThis.standInSend(encode(message));
  const calls = new Map();
  const listeners = new Map();
  const ports = new Map();
  let ids = 0;

  const ipcRenderer = {
    invoke: (channel, ...args) =>
      new Promise((resolve, reject) => {
        calls.set(++ids, { resolve, reject });
        send({ kind: "invoke", id: ids, channel, args });
      }),
    on: (channel, listener) => {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
      return ipcRenderer;
    },
    removeListener: (channel, listener) => {
      listeners.set(
        channel,
        (listeners.get(channel) ?? []).filter((one) => one !== listener),
      );
      return ipcRenderer;
    },
  };

  const exposed = {};
  const contextBridge = { exposeInMainWorld: (name, api) => (exposed[name] = api) };

  /** Main calls these. */
  globalThis.standIn = {
    answer(text) {
      const { id, value, error } = decode(text);
      const { resolve, reject } = calls.get(id);
      calls.delete(id);
      if (error === undefined) resolve(value);
      else reject(new Error(`Error invoking remote method: ${error}`));
    },
    event(text) {
      const { channel, args, ports: given } = decode(text);
      const event = { ports: given.map(port) };
      for (const listener of listeners.get(channel) ?? []) listener(event, ...args);
    },
    port(text) {
      const { id, data } = decode(text);
      ports.get(id)?.postMessage(data);
    },
    closePort(id) {
      ports.get(id)?.close();
      ports.delete(id);
    },
  };

  function port(id) {
    const { port1, port2 } = new MessageChannel();
    ports.set(id, port1);
    port1.onmessage = ({ data }) => send({ kind: "port", id, data });
    return port2;
  }

  // The bridge: as contextBridge does, values are copied, and functions become functions that call these.
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail: encode(detail) }));
  document.addEventListener("stand-in:describe", () => {
    const describe = (api) =>
      Object.fromEntries(
        Object.entries(api).map(([key, value]) => [key, typeof value === "function" ? { $function: true } : { value }]),
      );
    tell("stand-in:exposed", Object.fromEntries(Object.entries(exposed).map(([name, api]) => [name, describe(api)])));
  });
  document.addEventListener("stand-in:call", ({ detail }) => {
    const { id, name, key, args } = decode(detail);
    const given = args.map((arg) =>
      arg !== null && typeof arg === "object" && "$callback" in arg
        ? (...values) => tell("stand-in:callback", { callback: arg.$callback, values })
        : arg,
    );
    Promise.resolve()
      .then(() => exposed[name][key](...given))
      .then(
        (value) => tell("stand-in:result", { id, value: typeof value === "function" ? null : value }),
        (error) => tell("stand-in:result", { id, error: String(error) }),
      );
  });

  const require = (name) => {
    if (name !== "electron") throw new Error(`a sandboxed preload cannot require ${name}`);
    return { contextBridge, ipcRenderer };
  };
  const process = { platform: "linux" };
  (function (require, process, module, exports) {
    PRELOAD;
  })(require, process, {}, {});
})();
