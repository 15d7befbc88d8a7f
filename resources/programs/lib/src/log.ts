/** Module `lastack/log`: a stable log. What it does is said in log.d.ts. */
import { string } from "./check.ts";
import { decode, encode, outward } from "./kernel.ts";
import { close, fsync, O_APPEND, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY, open, readFile, rename, write } from "./fs.ts";

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0xedb88320;
  return value;
});

/** CRC-32 as Ethernet and zlib have it. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 255] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** One record: checksum, length and JSON in a line, so that a person can read it with `cat`. */
function lineOf(record: unknown): string {
  const text = JSON.stringify(record);
  if (text === undefined) throw new TypeError("append: the record cannot be written as JSON");
  const bytes = encode(text);
  return `${crc32(bytes).toString(16).padStart(8, "0")} ${bytes.length} ${text}\n`;
}

const NEWLINE = 10;
const SPACE = 32;

/** Records up to the first that is not whole, and where that begins. */
function parseLog(bytes: Uint8Array): { records: unknown[]; goodBytes: number } {
  const records: unknown[] = [];
  let at = 0;
  for (;;) {
    const afterSum = bytes.indexOf(SPACE, at);
    const afterLength = bytes.indexOf(SPACE, afterSum + 1);
    if (afterSum < 0 || afterLength < 0) return { records, goodBytes: at };
    const length = Number(decode(bytes.subarray(afterSum + 1, afterLength)));
    const text = bytes.subarray(afterLength + 1, afterLength + 1 + length);
    const sum = parseInt(decode(bytes.subarray(at, afterSum)), 16);
    const isWhole = text.length === length && bytes[afterLength + 1 + length] === NEWLINE && crc32(text) === sum;
    if (!isWhole) return { records, goodBytes: at };
    records.push(JSON.parse(decode(text)));
    at = afterLength + 1 + length + 1;
  }
}

async function existing(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return new Uint8Array(0);
    throw error;
  }
}

export class Log {
  readonly path: string;
  readonly records: unknown[];
  readonly lost: number;
  readonly #fd: number;

  private constructor(path: string, fd: number, records: unknown[], lost: number) {
    this.path = path;
    this.#fd = fd;
    this.records = records;
    this.lost = lost;
  }

  static open(path: string): Promise<Log> {
    return outward(Log.#recover(string(path, "Log.open: the path")));
  }

  static async #recover(path: string): Promise<Log> {
    const bytes = await existing(path);
    const { records, goodBytes } = parseLog(bytes);
    // What follows a torn record cannot be trusted: the good part becomes the file, or the file stays as it was.
    if (goodBytes < bytes.length) {
      const copy = await open(`${path}.new`, O_WRONLY | O_CREAT | O_TRUNC);
      await write(copy, bytes.subarray(0, goodBytes));
      await fsync(copy);
      await close(copy);
      await rename(`${path}.new`, path);
    }
    const fd = await open(path, O_RDWR | O_CREAT | O_APPEND);
    if (goodBytes < bytes.length || bytes.length === 0) await fsync(fd);
    return new Log(path, fd, records, bytes.length - goodBytes);
  }

  append(record: unknown): Promise<void> {
    const line = lineOf(record);
    return outward(
      write(this.#fd, line).then(() => {
        this.records.push(JSON.parse(line.slice(line.indexOf(" ", 9) + 1)));
      }),
    );
  }

  force(): Promise<void> {
    return fsync(this.#fd);
  }

  write(record: unknown): Promise<void> {
    return outward(this.append(record).then(() => this.force()));
  }

  close(): Promise<void> {
    return close(this.#fd);
  }
}
