/** Puts the desktop app's own files, drafts and menu in the place of the browser's. */
import "./desktop.css";
import type { DesktopBridge } from "../../core/contract/desktop/desktop.ts";
import { ApiError } from "../bridge/api-error.ts";
import { askDesktop, tellDesktop } from "../bridge/desktop.ts";
import { runCommand } from "../commands/registry.ts";
import { setDraftStore } from "../files/draft.ts";
import { openLabFile, setFileHost } from "../files/lab-files.ts";
import { report } from "../stores/notices.ts";
import { DesktopDrafts } from "./desktop-drafts.ts";
import { desktopFiles, labFileOf } from "./desktop-files.ts";
import { followCommands, followUnsaved } from "./follow.ts";

export async function joinDesktop(bridge: DesktopBridge): Promise<void> {
  document.documentElement.dataset["edition"] = "desktop";
  setFileHost(desktopFiles);
  const [newest] = await askDesktop("draft:list", null);
  setDraftStore(new DesktopDrafts(newest ?? null));
  bridge.on("command", (id) => runCommand(id));
  bridge.on("file", (file) => {
    if (!file.ok) report(new ApiError(file.problem));
    else openLabFile(labFileOf(file.value)).catch(report);
  });
  // The stores are there once the window is mounted.
  setTimeout(() => {
    followUnsaved();
    followCommands();
    tellDesktop("window:ready", null);
  });
}
