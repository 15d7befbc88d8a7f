/** What guests ask of files, as system calls. */
import { utf8Decode, utf8Encode } from "../base/bytes.ts";
import { E } from "../kernel/syscall/errno.ts";
import type { Call, Sys } from "../kernel/syscall/sys.ts";
import type { Request } from "./request.ts";

const READ_BYTES_MAX = 65_536;
const NOTHING = new Uint8Array(0);
/** Descriptors that come from outside and may block: terminals and pipes. */
const INHERITED_MAX = 2;

export function* open(sys: Sys, request: Request): Call<number> {
  return yield* sys.open(utf8Decode(request.data), request.a);
}

export function* read(sys: Sys, request: Request): Call<number> {
  if (request.a <= INHERITED_MAX && !request.isBegun) {
    request.isBegun = true;
    request.wait("readable");
    return 0;
  }
  const into = new Uint8Array(Math.min(request.b, READ_BYTES_MAX));
  const result = yield* sys.read(request.a, into);
  if (result === -E.EAGAIN) request.wait("readable");
  if (result > 0) request.bytes = into.subarray(0, result);
  return result;
}

/** Goes on until all is written. */
export function* write(sys: Sys, request: Request): Call<number> {
  const result = yield* sys.write(request.a, request.data.subarray(request.done));
  if (result >= 0) request.done += result;
  if (result < 0 && result !== -E.EAGAIN) return request.done > 0 ? request.done : result;
  if (request.done < request.data.length) request.wait("writable");
  return request.done;
}

/** Others of the program's calls go on while the disk works, and their order with it is the program's own affair. */
export function* fsync(sys: Sys, request: Request): Call<number> {
  if (request.isBegun) {
    const result = yield* sys.read(request.poll.fd, NOTHING);
    yield* sys.close(request.poll.fd);
    return result;
  }
  const completion: [number] = [-1];
  const result = yield* sys.aioFsync(request.a, completion);
  if (result !== -E.EINPROGRESS) return result;
  request.isBegun = true;
  request.wait("readable", completion[0]);
  return 0;
}

export function* unlink(sys: Sys, request: Request): Call<number> {
  return yield* sys.unlink(utf8Decode(request.data));
}

export function* mkdir(sys: Sys, request: Request): Call<number> {
  return yield* sys.mkdir(utf8Decode(request.data));
}

export function* rmdir(sys: Sys, request: Request): Call<number> {
  return yield* sys.rmdir(utf8Decode(request.data));
}

/** Both paths come in one piece; `a` says where the second begins. */
export function* rename(sys: Sys, request: Request): Call<number> {
  const [from, to] = [request.data.subarray(0, request.a), request.data.subarray(request.a)];
  return yield* sys.rename(utf8Decode(from), utf8Decode(to));
}

export function* stat(sys: Sys, request: Request): Call<number> {
  const result = yield* sys.stat(utf8Decode(request.data));
  if (typeof result === "number") return result;
  const { kind, size, modified } = result;
  request.bytes = utf8Encode(JSON.stringify({ kind, size, modified }));
  return 0;
}

/** Names end in NUL. */
export function* readdir(sys: Sys, request: Request): Call<number> {
  const names = yield* sys.readdir(utf8Decode(request.data));
  if (typeof names === "number") return names;
  const bytes = utf8Encode(names.map((name) => `${name}\0`).join(""));
  if (bytes.length > READ_BYTES_MAX) return -E.EFBIG;
  request.bytes = bytes;
  return 0;
}

/** The whole of a file, up to `bytesMax`; empty when it cannot be read. */
export function* readText(sys: Sys, path: string, bytesMax: number): Call<string> {
  const fd = yield* sys.open(path, 0);
  if (fd < 0) return "";
  const bytes = new Uint8Array(bytesMax);
  let length = 0;
  for (;;) {
    const count = yield* sys.read(fd, bytes.subarray(length));
    if (count <= 0) break;
    length += count;
  }
  yield* sys.close(fd);
  return utf8Decode(bytes.subarray(0, length));
}
