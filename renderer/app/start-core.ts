/** Which core this window gets: see renderer/bridge. */
import { startBrowserCore } from "../bridge/browser-core.ts";
import type { Core } from "../bridge/core.ts";

export function startCore(): Core {
  return startBrowserCore();
}
