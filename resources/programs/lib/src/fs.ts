/** Module `lastack/fs`: files. What each function does is said in fs.d.ts. */
import { dataOf, descriptor, natural, string } from "./check.ts";
import {
  answeredText,
  asIs,
  decode,
  encode,
  itsBytes,
  joined,
  nothing,
  OPERATION,
  outward,
  PAYLOAD_BYTES,
  request,
  type Data,
} from "./kernel.ts";

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;

export interface Stat {
  readonly kind: "file" | "directory" | "pipe" | "socket" | "tty" | "device";
  readonly size: number;
  readonly modified: number;
}

type Name =
  "open" | "read" | "write" | "fsync" | "close" | "unlink" | "mkdir" | "rmdir" | "rename" | "stat" | "readdir";
const OP = OPERATION as Record<Name, number>;

const pathOf = (value: string, call: string): string => string(value, `${call}: the path`);

export function open(path: string, flags: number = O_RDONLY): Promise<number> {
  const bits = natural(flags, "open: flags");
  return request(OP.open, asIs, undefined, pathOf(path, "open"), bits);
}

export function read(fd: number, length: number): Promise<Uint8Array> {
  const most = Math.min(natural(length, "read: the length"), PAYLOAD_BYTES);
  return request(OP.read, itsBytes, undefined, undefined, descriptor(fd, "read"), most);
}

export function write(fd: number, data: Data): Promise<number> {
  const file = descriptor(fd, "write");
  const bytes = dataOf(data, "write");
  if (bytes.length <= PAYLOAD_BYTES) return request(OP.write, asIs, undefined, bytes, file);
  return outward(writePieces(file, bytes as Uint8Array));
}

async function writePieces(fd: number, bytes: Uint8Array): Promise<number> {
  for (let at = 0; at < bytes.length; at += PAYLOAD_BYTES) {
    await request(OP.write, asIs, undefined, bytes.subarray(at, at + PAYLOAD_BYTES), fd);
  }
  return bytes.length;
}

export function fsync(fd: number): Promise<void> {
  return request(OP.fsync, nothing, undefined, undefined, descriptor(fd, "fsync"));
}

export function close(fd: number): Promise<void> {
  return request(OP.close, nothing, undefined, undefined, descriptor(fd, "close"));
}

export function unlink(path: string): Promise<void> {
  return request(OP.unlink, nothing, undefined, pathOf(path, "unlink"));
}

export function mkdir(path: string): Promise<void> {
  return request(OP.mkdir, nothing, undefined, pathOf(path, "mkdir"));
}

export function rmdir(path: string): Promise<void> {
  return request(OP.rmdir, nothing, undefined, pathOf(path, "rmdir"));
}

export function rename(from: string, to: string): Promise<void> {
  const source = encode(pathOf(from, "rename"));
  const both = joined([source, encode(pathOf(to, "rename"))]);
  return request(OP.rename, nothing, undefined, both, source.length);
}

export function stat(path: string): Promise<Stat> {
  return request(OP.stat, () => JSON.parse(answeredText()) as Stat, undefined, pathOf(path, "stat"));
}

export function readdir(path: string): Promise<string[]> {
  const names = (): string[] => answeredText().split("\0").slice(0, -1);
  return request(OP.readdir, names, undefined, pathOf(path, "readdir"));
}

export function readFile(path: string): Promise<Uint8Array> {
  return outward(readWhole(pathOf(path, "readFile")));
}

async function readWhole(path: string): Promise<Uint8Array> {
  const fd = await open(path);
  const parts: Uint8Array[] = [];
  try {
    for (;;) {
      const part = await read(fd, PAYLOAD_BYTES);
      if (part.length === 0) return joined(parts);
      parts.push(part);
    }
  } finally {
    await close(fd);
  }
}

export function readText(path: string): Promise<string> {
  return outward(readWhole(pathOf(path, "readText")).then(decode));
}

export function writeFile(path: string, data: Data): Promise<void> {
  return outward(writeWhole(pathOf(path, "writeFile"), dataOf(data, "writeFile")));
}

async function writeWhole(path: string, data: Data): Promise<void> {
  const fd = await open(path, O_WRONLY | O_CREAT | O_TRUNC);
  try {
    await write(fd, data);
  } finally {
    await close(fd);
  }
}
