/**
 * Files, with the names of POSIX. `/disk` is on the machine's disk and survives a crash; everything else is in memory
 * and does not. What was written to a file on the disk is safe only after `fsync`: at a crash before that, each write
 * may have arrived, or half of it, or nothing, as the lab's seed decides.
 */
declare module "lastack/fs" {
  export const O_RDONLY: number;
  export const O_WRONLY: number;
  export const O_RDWR: number;
  /** Makes the file when there is none. */
  export const O_CREAT: number;
  /** With O_CREAT: fails with EEXIST when there is one. */
  export const O_EXCL: number;
  /** Empties the file. */
  export const O_TRUNC: number;
  /** Every write goes to the end. */
  export const O_APPEND: number;

  export interface Stat {
    readonly kind: "file" | "directory" | "pipe" | "socket" | "tty" | "device";
    /** Bytes. */
    readonly size: number;
    /** Virtual nanoseconds. */
    readonly modified: number;
  }

  /** Opens a file, for reading unless the flags say otherwise. @returns its descriptor. */
  export function open(path: string, flags?: number): Promise<number>;
  /** Reads up to `length` bytes; none at the end of the file. Descriptor 0 is the terminal. */
  export function read(fd: number, length: number): Promise<Uint8Array>;
  /** Writes all of the data. @returns the number of bytes. */
  export function write(fd: number, data: string | Uint8Array): Promise<number>;
  /**
   * Waits until the file's content is on the disk, and with it all names that were given, changed and taken away. It
   * takes time: a millisecond unless the lab says otherwise.
   */
  export function fsync(fd: number): Promise<void>;
  export function close(fd: number): Promise<void>;

  export function unlink(path: string): Promise<void>;
  export function mkdir(path: string): Promise<void>;
  export function rmdir(path: string): Promise<void>;
  /** Gives a file another name; one that had it is replaced. At a crash it has happened, or not at all. */
  export function rename(from: string, to: string): Promise<void>;
  export function stat(path: string): Promise<Stat>;
  export function readdir(path: string): Promise<string[]>;

  /** The whole of a file. */
  export function readFile(path: string): Promise<Uint8Array>;
  export function readText(path: string): Promise<string>;
  /** Replaces the content of a file, which it makes. Not forced: a crash may leave it empty or torn. */
  export function writeFile(path: string, data: string | Uint8Array): Promise<void>;
}
