/**
 * The contract between the window and Electron's main process, which owns files, dialogs, menus and the core's process.
 * The preload offers it to the window as `window.lastack`; a browser has none, and renderer/desktop uses it where it
 * is. A file is known to the window by a handle that main gave out for a path which a person chose: no path of the
 * window's making is ever opened.
 */
import type { ApiProblem } from "../api/problem.ts";
import type { MenuModel } from "./menu.ts";

/** Expected failure is a value, also across processes. */
export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: ApiProblem };

export interface FileHandle {
  /** Opaque, and good for as long as the application runs. */
  readonly handle: string;
  /** `ping.lab.yaml`. */
  readonly name: string;
  /** Where it is, for people. */
  readonly place: string;
}

/** Texts of programs that stand in files of their own, by path from the lab. */
export type ProgramTexts = Readonly<Record<string, string>>;

export interface LabFile extends FileHandle {
  readonly text: string;
  readonly sources: ProgramTexts;
}

/** A lab with changes that no file has; kept until it is saved or given up, also when the application is killed. */
export interface Draft {
  readonly id: string;
  /** File that it belongs to; null when it has never been saved. */
  readonly file: FileHandle | null;
  readonly name: string;
  readonly text: string;
  readonly sources: ProgramTexts;
  /** ms since 1970. */
  readonly keptAt: number;
}

export interface SaveLab {
  /** Null asks for a place, beginning with `name`. */
  readonly handle: string | null;
  readonly name: string;
  readonly text: string;
  /** What is written to a place from which the programs of `from` are not to be found: they come to lie beside it. */
  readonly moved: MovedLab | null;
  /** Where the lab was read from; null for one that has no file. */
  readonly from: string | null;
}

export interface MovedLab {
  readonly text: string;
  readonly programs: ProgramTexts;
}

export interface SavedLab extends FileHandle {
  /** `moved` was written. */
  readonly isMoved: boolean;
}

export interface KeepDraft {
  readonly handle: string | null;
  readonly name: string;
  readonly text: string;
  readonly sources: ProgramTexts;
}

export interface SaveProgram {
  /** Of the lab that it belongs to. */
  readonly handle: string;
  /** From the lab, as it was read. */
  readonly path: string;
  readonly text: string;
}

export interface SaveBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What the window may ask of main, by channel. */
export interface DesktopApi {
  "core:start": { params: null; value: null };
  "core:stop": { params: null; value: null };
  /** Null: the person thought better of it. */
  "lab:open": { params: null; value: LabFile | null };
  "lab:save": { params: SaveLab; value: SavedLab | null };
  /** A program, to where it was read from, or beside its lab; false for one that lies elsewhere. */
  "program:save": { params: SaveProgram; value: boolean };
  "bytes:save": { params: SaveBytes; value: FileHandle | null };
  /** Newest first. Asked once by each new page, whose own draft is a new one from then on. */
  "draft:list": { params: null; value: readonly Draft[] };
  /** One draft for the lab that is open: it takes the place of the last one. */
  "draft:keep": { params: KeepDraft; value: null };
  /** The draft of the lab that is open, or one of an earlier run. */
  "draft:drop": { params: { readonly id: string | null }; value: null };
  /** Whether closing must ask first. */
  "window:state": { params: { readonly unsaved: boolean }; value: null };
  "menu:set": { params: MenuModel; value: null };
  /** The window is up: what it was started with (a file that was double-clicked) can be sent. */
  "window:ready": { params: null; value: null };
}

export type DesktopChannel = keyof DesktopApi;

/** What main tells the window. */
export interface DesktopEvents {
  /** A command of the window's own table, chosen in the menu. */
  command: string;
  /** A file was opened from outside: double-clicked, a recent one in the menu, given to a second start. */
  file: Reply<LabFile>;
  /** The core's process ended, and nobody had asked it to. */
  coreEnded: null;
}

/** `window.lastack`. */
export interface DesktopBridge {
  readonly version: string;
  readonly platform: string;
  ask<C extends DesktopChannel>(channel: C, params: DesktopApi[C]["params"]): Promise<Reply<DesktopApi[C]["value"]>>;
  /** @returns how to stop. */
  on<E extends keyof DesktopEvents>(event: E, listener: (value: DesktopEvents[E]) => void): () => void;
}

/** The message to the window that carries the core's port; it cannot go over the bridge. */
export const CORE_PORT_MESSAGE = "lastack:core-port";
