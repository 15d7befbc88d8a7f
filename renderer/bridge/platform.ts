/**
 * What the workbench needs of whatever it runs in: the core, files, drafts, a menu. Two implementations: Electron's main
 * process behind the preload, and a browser. Failures reject with an ApiError; null means that the person cancelled.
 */
import type {
  Draft,
  FileHandle,
  KeepDraft,
  LabFile,
  Reply,
  SaveBytes,
  SaveLab,
  WindowState,
} from "../../core/contract/desktop/desktop.ts";
import type { MenuModel } from "../../core/contract/desktop/menu.ts";
import type { Core } from "./core.ts";
import { startBrowserPlatform } from "./browser-platform.ts";
import { startDesktopPlatform } from "./desktop-platform.ts";

export function startPlatform(): Platform {
  return window.lastack === undefined ? startBrowserPlatform() : startDesktopPlatform(window.lastack);
}

export interface Platform {
  readonly edition: "desktop" | "browser";
  /** True where the system shows a menu, and the window needs none of its own. */
  readonly hasMenu: boolean;
  startCore(): Core;
  openLab(): Promise<LabFile | null>;
  /** Newest first. */
  recentLabs(): Promise<readonly FileHandle[]>;
  openRecent(handle: string): Promise<LabFile>;
  forgetRecent(): Promise<void>;
  /** To its file, or where the person chooses when `handle` is null. */
  saveLab(lab: SaveLab): Promise<FileHandle | null>;
  saveBytes(file: SaveBytes): Promise<FileHandle | null>;
  /** Work that was not saved when the application ended. */
  drafts(): Promise<readonly Draft[]>;
  /** Call it a second after a change: should the application die, this text comes back. */
  keepDraft(draft: KeepDraft): Promise<void>;
  /** Without an id the draft of the lab that is open: it was saved, or given up. */
  dropDraft(id?: string): Promise<void>;
  /** Title, and whether closing must ask. */
  setState(state: WindowState): void;
  setMenu(menu: MenuModel): void;
  /** A command chosen in the system's menu, by id. */
  onCommand(listener: (id: string) => void): () => void;
  /** A file opened from outside. */
  onFile(listener: (file: Reply<LabFile>) => void): () => void;
  /** The window is up and listens. */
  ready(): void;
}
