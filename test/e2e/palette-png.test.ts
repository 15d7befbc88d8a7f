/** Pictures with few colours come back as they were; with many, nearly so. */
import { PNG } from "pngjs";
import { expect, test } from "vitest";
import { palettePng } from "./palette-png.ts";

function pixels(width: number, height: number, at: (x: number, y: number) => readonly number[]): Uint8Array {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([...at(x, y), 255], (y * width + x) * 4);
  }
  return data;
}

test("a picture of at most 256 colours is kept", () => {
  const data = pixels(37, 11, (x, y) => [x * 5, y * 20, (x + y) % 2]);
  const small = palettePng({
    width: 37,
    height: 11,
    data: data.map((value, at) => (at % 4 === 3 ? 255 : value & 0xe0)),
  });
  const back = PNG.sync.read(small);
  expect([back.width, back.height]).toEqual([37, 11]);
  expect([...back.data].every((value, at) => at % 4 === 3 || value === ((data[at] ?? 0) & 0xe0))).toBe(true);
});

test("one of thousands takes the nearest of the commonest", () => {
  const data = pixels(64, 64, (x, y) => [x * 4, y * 4, 128]);
  const back = PNG.sync.read(palettePng({ width: 64, height: 64, data }));
  expect(new Set(Array.from({ length: 64 * 64 }, (_, at) => back.data.readUInt32BE(at * 4))).size).toBe(256);
  expect(back.data.some((value, at) => value !== data[at])).toBe(true);
});
