import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ShellKeys } from "./shell-keys.ts";

const UP = "\u001b[A";
const DOWN = "\u001b[B";
const KILL = "\u0015";

describe("keys at a lab's terminal", () => {
  it("pass through, editing keys too", () => {
    const text = "ping h2\b\u007f\u0017\u0003\u0004ls\t\r\u00e4\u{1f600}\n";
    expect(new ShellKeys().translate(text)).toBe(text);
  });

  it("bring back earlier lines, as they stood when they were entered", () => {
    const keys = new ShellKeys();
    keys.translate("ip addx\u007fr\rlast\u0003ls -l nowhere\u0017here\rls -l here\r\r");
    expect(keys.translate(UP)).toBe(`${KILL}ls -l here`);
    expect(keys.translate(UP)).toBe(`${KILL}ip addr`);
    expect(keys.translate(UP)).toBe("");
    expect(keys.translate(DOWN)).toBe(`${KILL}ls -l here`);
    expect(keys.translate(DOWN)).toBe(KILL);
    expect(keys.translate(DOWN)).toBe("");
    expect(keys.translate(`${UP}\u001bOA -6\r`)).toBe(`${KILL}ls -l here${KILL}ip addr -6\r`);
    expect(keys.translate(UP)).toBe(`${KILL}ip addr -6`);
  });

  it("lose only what is no text: other cursor and function keys, and Escape itself", () => {
    expect(new ShellKeys().translate("a\u001b[Cb\u001b[3~c\u001b[1;5Dd\u001bOPe\u001bf\u001b\u001b[Dg")).toBe(
      "abcdefg",
    );
  });

  it("mean the same however they are cut into pieces", () => {
    const parts = fc.constantFrom("a", " ", "\r", UP, DOWN, "\u001b", "[", "5", "~", "\u007f", "\u0015", "O", "A");
    fc.assert(
      fc.property(fc.array(parts), (sequence) => {
        const whole = new ShellKeys().translate(sequence.join(""));
        const keys = new ShellKeys();
        const pieces = [...sequence.join("")].map((key) => keys.translate(key));
        expect(pieces.join("")).toBe(whole);
      }),
    );
  });
});
