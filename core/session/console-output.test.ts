import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8Encode } from "../base/bytes.ts";
import { ConsoleOutput } from "./console-output.ts";
import { CONSOLE_BYTES_PER_PUSH_MAX } from "./limits.ts";

test("text arrives whole, wherever its bytes are cut and whenever it is taken", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat(8)), (text, cuts) => {
      const output = new ConsoleOutput();
      const bytes = utf8Encode(text);
      let taken = "";
      let at = 0;
      const take = (): void => {
        for (const { console, text: part } of output.take()) {
          expect(console).toBe(7);
          taken += part;
        }
      };
      for (const size of cuts) {
        output.add(7, bytes.subarray(at, at + size));
        at += size;
        if (size % 2 === 0) take();
      }
      output.add(7, bytes.subarray(at));
      take();
      expect(taken).toBe(text);
      expect(output.take()).toEqual([]);
    }),
  );
});

test("bytes that are no UTF-8 do not wait for ever", () => {
  const output = new ConsoleOutput();
  output.add(1, Uint8Array.of(0xff, 0x41));
  expect(output.take()).toEqual([{ console: 1, text: "\ufffdA" }]);
});

test("a flood is cut, and says so", () => {
  const output = new ConsoleOutput();
  const line = utf8Encode("y\n");
  const lines = 4 * CONSOLE_BYTES_PER_PUSH_MAX;
  for (let i = 0; i < lines; i++) output.add(1, line);
  const [only] = output.take();
  expect(only?.text.length).toBeLessThan(CONSOLE_BYTES_PER_PUSH_MAX + 100);
  expect(only?.text).toContain(`[${lines * 2 - CONSOLE_BYTES_PER_PUSH_MAX} bytes of output left out]`);
  expect(output.take()).toEqual([]);
});
