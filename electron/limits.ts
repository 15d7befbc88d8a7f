/** Bounds of what the desktop app reads, keeps and lets through. */

/** A larger file is no lab: the core bounds the text to four million characters, of up to three bytes. */
export const LAB_BYTES_MAX = 12 * 1024 * 1024;
export const LAB_CHARACTERS_MAX = 4 * 1024 * 1024;
/** Programs of a lab in files of their own. */
export const SOURCES_MAX = 1000;
/** A capture that the window saves. */
export const SAVE_BYTES_MAX = 512 * 1024 * 1024;
/** Files in the list of recent ones. */
export const RECENT_MAX = 10;
/** Drafts that are offered; older ones are deleted. */
export const DRAFTS_MAX = 20;
/** A draft or a list in the settings folder that is larger was not written by this program. */
export const STATE_BYTES_MAX = 32 * 1024 * 1024;
/** Handles of files that the window may hold at a time: those of the last files it was given. */
export const HANDLES_MAX = 1000;
/** Entries of a menu, and menus. */
export const MENU_ENTRIES_MAX = 100;
/** From "Save" in the question at closing until the window has saved. */
export const CLOSE_SAVE_MS = 30_000;
/** A page that crashed is loaded again: so often within that time, then the person is asked. */
export const PAGE_CRASHES_MAX = 3;
export const PAGE_CRASHES_MS = 60_000;
