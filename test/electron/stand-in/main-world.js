/** The page's own world: what the preload has exposed, as frozen objects whose functions call over (isolated-world.js). */
(() => {
  if (window !== window.top) return;
  const { encode, decode } = TEXTS;
  const calls = new Map();
  const callbacks = [];
  let ids = 0;
  const call = (name, key, args) => {
    const given = args.map((arg) => (typeof arg === "function" ? { $callback: callbacks.push(arg) - 1 } : arg));
    const id = ++ids;
    const result = new Promise((resolve, reject) => calls.set(id, { resolve, reject }));
    document.dispatchEvent(new CustomEvent("stand-in:call", { detail: encode({ id, name, key, args: given }) }));
    // What takes a listener gives back at once how to stop; the rest answers later.
    return args.some((arg) => typeof arg === "function") ? () => undefined : result;
  };
  document.addEventListener("stand-in:result", ({ detail }) => {
    const { id, value, error } = decode(detail);
    const { resolve, reject } = calls.get(id);
    calls.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  document.addEventListener("stand-in:callback", ({ detail }) => {
    const { callback, values } = decode(detail);
    callbacks[callback](...values);
  });
  document.addEventListener("stand-in:exposed", ({ detail }) => {
    for (const [name, members] of Object.entries(decode(detail))) {
      const entries = Object.entries(members).map(([key, member]) => [
        key,
        "$function" in member ? (...args) => call(name, key, args) : member.value,
      ]);
      Object.defineProperty(window, name, { value: Object.freeze(Object.fromEntries(entries)), enumerable: true });
    }
  });
  document.dispatchEvent(new CustomEvent("stand-in:describe"));
})();
