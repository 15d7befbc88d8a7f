/** Writing text to descriptors, whole and in order. */
import { utf8Encode } from "../../base/bytes.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";

/** Writes all of `bytes`. @returns 0, or -errno; -EINTR leaves the rest unwritten, as the caller is being stopped. */
export function* writeAll(sys: Sys, fd: number, bytes: Uint8Array): Call<number> {
  for (let at = 0; at < bytes.length;) {
    const written = yield* sys.write(fd, at === 0 ? bytes : bytes.subarray(at));
    if (written < 0) return written;
    at += written;
  }
  return 0;
}

/** Text to any descriptor. @returns 0 or -errno. */
export function writeText(sys: Sys, fd: number, text: string): Call<number> {
  return writeAll(sys, fd, utf8Encode(text));
}

/** Text to standard output. @returns 0 or -errno. */
export function print(sys: Sys, text: string): Call<number> {
  return writeText(sys, 1, text);
}

/** Text to standard error. @returns 0 or -errno. */
export function warn(sys: Sys, text: string): Call<number> {
  return writeText(sys, 2, text);
}
