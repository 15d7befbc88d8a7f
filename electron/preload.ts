/**
 * The bridge into the window: one bundled file in a sandboxed, isolated world, which hands over a few frozen functions
 * and the core's port, and nothing of Electron itself.
 */
import { contextBridge, ipcRenderer } from "electron";
import { CORE_PORT_MESSAGE, type DesktopBridge, type DesktopEvents } from "../core/contract/desktop/desktop.ts";

/** Replaced by the build. */
declare const __LASTACK_VERSION__: string;

const EVENTS: ReadonlySet<string> = new Set<keyof DesktopEvents>(["command", "file", "coreEnded"]);

const bridge: DesktopBridge = {
  version: __LASTACK_VERSION__,
  platform: process.platform,
  ask: (channel, params) => ipcRenderer.invoke("lastack:ask", channel, params),
  on: (event, listener) => {
    if (!EVENTS.has(event)) return () => undefined;
    const onEvent = (_: unknown, value: Parameters<typeof listener>[0]): void => listener(value);
    ipcRenderer.on(`lastack:${event}`, onEvent);
    return () => ipcRenderer.removeListener(`lastack:${event}`, onEvent);
  },
};

contextBridge.exposeInMainWorld("lastack", Object.freeze(bridge));

// A port cannot go over the bridge; a message to the window itself can carry it.
ipcRenderer.on(CORE_PORT_MESSAGE, ({ ports }) => window.postMessage(CORE_PORT_MESSAGE, "/", [...ports]));
