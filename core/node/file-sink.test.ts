import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { FileSink } from "./file-sink.ts";
import { openTables, writeTables } from "./measurements-csv.ts";

const folder = mkdtempSync(join(tmpdir(), "lastack-sink-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file being written", () => {
  it("gets chunks of bytes and text in order, in a folder made for it", () => {
    const file = new FileSink(join(folder, "new/deep/file"));
    file.write(Uint8Array.of(65, 66));
    file.write("\u00e4\n");
    file.close();
    file.write("after the end");
    expect(readFileSync(file.path, "utf8")).toBe("AB\u00e4\n");
    expect(file.bytes).toBe(5);
    expect(file.failure).toBeNull();
  });

  it("refuses a path that cannot be written, in words", () => {
    expect(() => new FileSink(folder)).toThrow(`${folder}: cannot be written: it is a folder`);
    expect(() => new FileSink("/dev/null/x")).toThrow("cannot be written");
  });

  it.skipIf(!existsSync("/dev/full"))("keeps the failure of a full disk and throws nothing while a lab runs", () => {
    const file = new FileSink("/dev/full");
    file.write("x");
    file.write("y");
    file.close();
    expect(file.failure).toBe("/dev/full: cannot be written after 0 bytes: the disk is full");
    expect(file.bytes).toBe(0);
  });
});

describe("measurements as CSV", () => {
  const table = {
    name: "rate 1",
    columns: ["time", 'the "rate"', "a,b"],
    rows: [
      [0, 1.5, 2],
      [1e9, 2, 3],
    ],
  };

  it("writes one table to the file that was named", () => {
    const path = join(folder, "one.csv");
    writeTables(openTables(path, [table.name]), [table]);
    expect(readFileSync(path, "utf8")).toBe('time_ns,"the ""rate""","a,b"\r\n0,1.5,2\r\n1000000000,2,3\r\n');
  });

  it("writes several to files named after them", () => {
    const files = openTables(join(folder, "two.csv"), ["rate 1", "rate-1", "b"]);
    writeTables(files, [table, table, { ...table, name: "b" }]);
    const names = ["two.1-rate-1.csv", "two.2-rate-1.csv", "two.3-b.csv"];
    expect(files.map(({ path }) => path)).toEqual(names.map((name) => join(folder, name)));
    expect(files.every(({ path }) => existsSync(path))).toBe(true);
  });
});
