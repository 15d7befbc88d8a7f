/** The core of the desktop app: a process of its own, which main starts, and whose port comes as a message. */
import { CORE_PORT_MESSAGE } from "../../core/contract/desktop/desktop.ts";
import { superviseCore, type Core, type CoreProcess } from "./core.ts";
import { askDesktop, desktop, tellDesktop } from "./desktop.ts";

export function startDesktopCore(): Core {
  return superviseCore(startProcess);
}

async function startProcess(): Promise<CoreProcess> {
  const arrived = nextPort();
  await askDesktop("core:start", null);
  const port = await arrived;
  // Not every browser tells a port that its other end is gone.
  const forget = desktop?.on("coreEnded", () => port.dispatchEvent(new Event("close")));
  const stop = (): void => {
    forget?.();
    tellDesktop("core:stop", null);
  };
  return { port, stop };
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
