/** Which core this window gets: see renderer/bridge. */
import { startBrowserCore } from "../bridge/browser-core.ts";
import type { Core } from "../bridge/core.ts";
import { startDesktopCore } from "../bridge/desktop-core.ts";
import { desktop } from "../bridge/desktop.ts";

export function startCore(): Core {
  return desktop === null ? startBrowserCore() : startDesktopCore();
}
