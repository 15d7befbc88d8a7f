/** The core of the desktop app: a process of its own, which main starts, and whose port comes as a message. */
import { CORE_PORT_MESSAGE } from "../../core/contract/desktop/desktop.ts";
import { superviseCore, type Core, type CoreProcess } from "./core.ts";
import { tellDesktop, askDesktop } from "./desktop.ts";

export function startDesktopCore(): Core {
  return superviseCore(startProcess);
}

async function startProcess(): Promise<CoreProcess> {
  const arrived = nextPort();
  await askDesktop("core:start", null);
  return { port: await arrived, stop: () => tellDesktop("core:stop", null) };
}

function nextPort(): Promise<MessagePort> {
  return new Promise((resolve) => {
    const onMessage = ({ source, data, ports: [port] }: MessageEvent<unknown>): void => {
      if (source !== window || data !== CORE_PORT_MESSAGE || port === undefined) return;
      window.removeEventListener("message", onMessage);
      resolve(port);
    };
    window.addEventListener("message", onMessage);
  });
}
