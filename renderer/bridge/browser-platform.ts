/**
 * The workbench in a browser: the core in a worker, files through pickers where the browser has them (a file can then be
 * saved in place), else by upload and download. No list of recent files: a browser asks for leave anew for each.
 */
import { ApiError } from "./api-error.ts";
import { startBrowserCore } from "./browser-core.ts";
import { BrowserDrafts } from "./browser-drafts.ts";
import { BrowserFiles, download } from "./browser-files.ts";
import type { Platform } from "./platform.ts";

const nothing = (): void => undefined;

export function startBrowserPlatform(): Platform {
  const files = new BrowserFiles();
  const drafts = new BrowserDrafts(localStorage, sessionStorage);
  let isUnsaved = false;
  window.addEventListener("beforeunload", (event) => {
    // The browser asks, in words of its own.
    if (isUnsaved) event.preventDefault();
  });
  return {
    edition: "browser",
    hasMenu: false,
    startCore: startBrowserCore,
    openLab: () => files.open(),
    recentLabs: () => Promise.resolve([]),
    openRecent: () => Promise.reject(new ApiError(noRecent)),
    forgetRecent: () => Promise.resolve(),
    saveLab: (lab) => files.save(lab),
    saveBytes: ({ name, bytes }) => Promise.resolve(download(name, new Uint8Array(bytes))),
    drafts: () => Promise.resolve(drafts.list()),
    keepDraft: async ({ name, text }) => drafts.keep(name, text),
    dropDraft: async (id) => drafts.drop(id),
    setState: ({ title, unsaved }) => {
      isUnsaved = unsaved;
      document.title = `${unsaved ? "* " : ""}${title}`;
    },
    setMenu: nothing,
    onCommand: () => nothing,
    onFile: () => nothing,
    ready: nothing,
  };
}

const noRecent = {
  code: "file/no-recent",
  severity: "error",
  title: "The browser edition keeps no list of recent files.",
  hint: "Open the file again.",
  file: "",
  line: 0,
  column: 0,
  definite: true,
} as const;
