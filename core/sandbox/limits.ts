/** Bounds of guest programs. All are deterministic: the same run meets them at the same point. */

/** Steps that a program may save up; when they are used up it is stopped with an error. About 0.3 s of a fast core. */
export const STEPS_MAX = 50_000_000;
/**
 * Steps after that until the metered code traps. QuickJS looks every few thousand steps whether it is to stop, so only
 * who is deep in one operation of the engine (`new Array(1e9) + ""`) gets this far.
 */
export const STEPS_RESERVE = 20_000_000;
/** Memory of one program. */
export const GUEST_MEMORY_BYTES_MAX = 32 * 1024 * 1024;
/**
 * Stack of QuickJS, in the module's own stack of 1 MiB: some 500 calls deep. The machine's real stack, of which V8
 * grants about 1 MB and a browser's worker perhaps half, must never be used up first, since how deep that goes differs
 * from machine to machine; it takes two and a half times as much (stack-frames.ts).
 */
export const STACK_BYTES_MAX = 160 * 1024;
/** Chromium allows about 125 WebAssembly memories in a process; beyond this many, programs share them. */
export const INSTANCES_MAX = 96;
/**
 * Runtimes in the image of an instance: so many programs start in it without reading the library again, 288 in all.
 * Part of what a run is a function of: another number lays memory out anew, and programs take a few steps more or less.
 */
export const RUNTIMES_READY = 3;
/** Pages of 64 KiB one instance may have: several programs that use all they may. */
export const INSTANCE_PAGES_MAX = 4096;
/** Pages of all instances of one world together: 1 GiB. */
export const WORLD_PAGES_MAX = 16_384;
/** An instance whose real memory has grown beyond this many pages is not kept for reuse. */
export const POOLED_PAGES_MAX = 1024;
/** Instances kept for reuse. */
export const POOLED_INSTANCES_MAX = INSTANCES_MAX;
/** Unhandled rejections looked at: the first is reported, the others are counted by nobody. */
export const REJECTIONS_MAX = 16;
/** Frames and characters of an error that are kept. */
export const ERROR_FRAMES_MAX = 16;
export const ERROR_CHARACTERS_MAX = 2000;
/** TypeScript sources whose stripped form is remembered: 200 workers of one program are parsed once. */
export const STRIPPED_SOURCES_MAX = 256;
/** Files that the programs of one lab are made of, and UTF-16 units of one. */
export const SOURCES_MAX = 1000;
export const SOURCE_CHARACTERS_MAX = 1024 * 1024;
