/**
 * A file that is written while a lab runs. Writes are synchronous: the run waits for the disk, so nothing piles up in
 * memory. When the disk refuses, the file is cut back to its last whole chunk, the failure is kept, and later chunks
 * are passed over: an exception must not fly through the core, so the run loop asks for `failure` between its slices.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { systemErrorText } from "./system-error.ts";

export class FileSink {
  readonly path: string;
  /** Bytes of whole chunks in the file. */
  bytes = 0;
  failure: string | null = null;
  #fd: number | null;

  /** Creates or empties the file, and its folder. @throws CliFailure when that is not possible. */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#fd = openSync(path, "w");
    } catch (error) {
      throw new CliFailure(EXIT.file, `${path}: cannot be written: ${systemErrorText(error)}`);
    }
  }

  write(chunk: Uint8Array | string): void {
    if (this.#fd === null || this.failure !== null) return;
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, "utf8") : chunk;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
      this.bytes += bytes.length;
    } catch (error) {
      this.#fail(this.#fd, error);
    }
  }

  close(): void {
    if (this.#fd === null) return;
    const fd = this.#fd;
    this.#fd = null;
    try {
      closeSync(fd);
    } catch (error) {
      // Network file systems report a full disk only here.
      this.failure ??= `${this.path}: cannot be written: ${systemErrorText(error)}`;
    }
  }

  #fail(fd: number, error: unknown): void {
    this.failure = `${this.path}: cannot be written after ${this.bytes} bytes: ${systemErrorText(error)}`;
    try {
      ftruncateSync(fd, this.bytes);
    } catch {
      // A device or pipe cannot be cut; what it got is out of our hands.
    }
  }
}
