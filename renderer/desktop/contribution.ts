/** What the window does in the desktop app, and leaves in a browser: files, drafts and the menu are main's there. */
import { desktop } from "../bridge/desktop.ts";

if (desktop !== null) {
  const { joinDesktop } = await import("./join.ts");
  await joinDesktop(desktop);
}
