/** The checker finds every kind of damage that is planted, and nothing in streams that arrive as they should. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StreamIntegrity, type StreamReader, type StreamWriter } from "./stream-integrity.ts";
import { runs } from "../../test/harness/long.ts";

const HERE = { local: "10.0.0.1:4000", peer: "10.0.0.2:7000" };
const THERE = { local: "10.0.0.2:7000", peer: "10.0.0.1:4000" };

function connection(vanish = false): { checker: StreamIntegrity; writer: StreamWriter; reader: StreamReader } {
  const checker = new StreamIntegrity(vanish);
  const { writer } = checker.open(HERE);
  const { reader } = checker.open(THERE);
  return { checker, writer, reader };
}

/** Writes `length` bytes in chunks. @returns them. */
function write(writer: StreamWriter, length: number, chunk = 100): Uint8Array {
  const whole = new Uint8Array(length);
  for (let at = 0; at < length; at += chunk) {
    const part = new Uint8Array(Math.min(chunk, length - at));
    writer.next(part, part.length);
    writer.wrote(part.length);
    whole.set(part, at);
  }
  return whole;
}

function read(reader: StreamReader, bytes: Uint8Array, chunk = 640): void {
  for (let at = 0; at < bytes.length; at += chunk) {
    const part = bytes.subarray(at, at + chunk);
    reader.take(part, part.length);
  }
}

const without = (bytes: Uint8Array, at: number, count: number): Uint8Array =>
  Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + count)]);
const doubled = (bytes: Uint8Array, at: number, count: number): Uint8Array =>
  Uint8Array.from([...bytes.subarray(0, at + count), ...bytes.subarray(at)]);
const swapped = (bytes: Uint8Array, at: number, count: number): Uint8Array =>
  Uint8Array.from([
    ...bytes.subarray(0, at),
    ...bytes.subarray(at + count, at + 2 * count),
    ...bytes.subarray(at, at + count),
    ...bytes.subarray(at + 2 * count),
  ]);
const inverted = (bytes: Uint8Array, at: number, bit: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ (1 << bit);
  return copy;
};

/** What the checker says when that arrives instead of 5,000 bytes written. */
function problemsOf(mutate: (bytes: Uint8Array) => Uint8Array): readonly string[] {
  const { checker, writer, reader } = connection();
  const sent = write(writer, 5000);
  writer.finish();
  read(reader, mutate(sent));
  reader.end();
  return checker.problems;
}

describe("a stream", () => {
  it("that arrives whole is fine, in whatever pieces, and also before the writer is through", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9000 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 3000 }),
        (length, chunk, piece) => {
          const { checker, writer, reader } = connection();
          read(reader, write(writer, length, chunk), piece);
          expect(checker.unfinished().length).toBe(4);
          writer.finish();
          reader.end();
          expect(checker.problems).toEqual([]);
          expect(checker.bytesRead).toBe(length);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ["a lost byte", (bytes) => without(bytes, 3000, 1), "byte 3000 is .. instead of ..: 1 bytes are missing"],
    ["a lost segment", (bytes) => without(bytes, 1460, 1460), "byte 1460 is .. instead of ..: 1460 bytes are missing"],
    ["a byte that came twice", (bytes) => doubled(bytes, 3000, 1), "byte 3001 is .. instead of ..: 1 bytes came twice"],
    ["a segment that came twice", (bytes) => doubled(bytes, 1000, 1460), "byte 2460 .*: 1460 bytes came twice"],
    ["two segments in the wrong order", (bytes) => swapped(bytes, 1000, 500), "byte 1000 .*: 500 bytes are missing"],
    ["a bit inverted", (bytes) => inverted(bytes, 2999, 3), "byte 2999 .* is nowhere in the stream"],
    [
      "a bit inverted in the number",
      (bytes) => inverted(bytes, 5, 0),
      "begins with .*(start of no|another)|begins with the bytes of",
    ],
    ["an end that came too early", (bytes) => bytes.subarray(0, 4999), "the end came after 4999 bytes of 5000"],
    ["an end instead of everything", (bytes) => bytes.subarray(0, 0), "the end came after 0 bytes of 5000"],
    ["bytes that were never written", (bytes) => Uint8Array.from([...bytes, 0]), "byte 5000|5001 bytes are here"],
  ])("with %s", (_what, mutate, expected) => {
    const problems = problemsOf(mutate);
    expect(problems.length).toBe(1);
    expect(problems[0]).toMatch(new RegExp(expected));
  });

  it("is broken by any lost, doubled or inverted byte anywhere", () => {
    const at = fc.integer({ min: 0, max: 4990 });
    const mutant = fc.oneof(
      fc.tuple(at, fc.integer({ min: 1, max: 8 })).map(
        ([from, count]) =>
          (b: Uint8Array) =>
            without(b, from, count),
      ),
      fc.tuple(at, fc.integer({ min: 1, max: 8 })).map(
        ([from, count]) =>
          (b: Uint8Array) =>
            doubled(b, from, count),
      ),
      fc.tuple(at, fc.integer({ min: 0, max: 7 })).map(
        ([from, bit]) =>
          (b: Uint8Array) =>
            inverted(b, from, bit),
      ),
    );
    fc.assert(
      fc.property(mutant, (mutate) => {
        expect(problemsOf(mutate).length).toBe(1);
      }),
      { numRuns: runs(300) },
    );
  });

  it("may be read while the call that writes it has not returned", () => {
    const { checker, writer, reader } = connection();
    const bytes = new Uint8Array(1000);
    writer.next(bytes, 1000);
    reader.take(bytes, 600);
    writer.wrote(600);
    expect(checker.problems).toEqual([]);
    reader.take(bytes.subarray(600), 1);
    expect(checker.problems.length).toBe(1);
  });

  it("may be looked at before it is read", () => {
    const { checker, writer, reader } = connection();
    const bytes = write(writer, 300);
    reader.peek(bytes, 200);
    read(reader, bytes);
    reader.peek(bytes, 10);
    expect(checker.problems).toEqual([expect.stringContaining("byte 300")]);
  });
});

describe("an end", () => {
  it("nobody has sent is a problem, unless writers may be killed", () => {
    for (const vanish of [false, true]) {
      const { checker, writer, reader } = connection(vanish);
      read(reader, write(writer, 100));
      reader.end();
      expect(checker.problems.length).toBe(vanish ? 0 : 1);
    }
  });

  it("of a killed writer comes behind all that its kernel had taken", () => {
    const { checker, writer, reader } = connection(true);
    read(reader, write(writer, 100).subarray(0, 99));
    reader.end();
    expect(checker.problems).toEqual([expect.stringContaining("after 99 bytes of 100")]);
  });

  it("after a reset is a problem, an error is none", () => {
    for (const error of [true, false]) {
      const { checker, writer, reader } = connection();
      read(reader, write(writer, 100).subarray(0, 50));
      writer.abort();
      if (error) reader.fail(104);
      else reader.end();
      expect(checker.problems.length).toBe(error ? 0 : 1);
      expect(checker.unfinished().length).toBe(error ? 4 : 3);
    }
  });

  it("is the last that comes", () => {
    const { checker, writer, reader } = connection();
    const bytes = write(writer, 100);
    writer.finish();
    read(reader, bytes);
    reader.end();
    reader.take(bytes, 1);
    expect(checker.problems.length).toBe(1);
  });
});

describe("streams of several connections", () => {
  it("are told apart: bytes at the wrong socket, and one stream at two sockets", () => {
    const { checker, writer } = connection();
    const bytes = write(writer, 100);
    const { reader: stranger } = checker.open({ local: "10.0.0.3:7000", peer: "10.0.0.1:4000" });
    read(stranger, bytes);
    expect(checker.problems).toEqual([expect.stringContaining("begins with the bytes of stream 1")]);
    const { reader: first } = checker.open(THERE);
    const { reader: second } = checker.open(THERE);
    read(first, bytes);
    read(second, bytes);
    expect(checker.problems[1]).toContain("another socket has read");
  });

  it("of the same ends one after the other are two streams", () => {
    const { checker, writer, reader } = connection();
    read(reader, write(writer, 100));
    writer.finish();
    reader.end();
    const { writer: later } = checker.open(HERE);
    const { reader: laterReader } = checker.open(THERE);
    later.finish();
    laterReader.end();
    expect(checker.problems).toEqual([]);
    expect(checker.complete).toBe(2);
    expect(checker.count).toBe(4);
  });
});
