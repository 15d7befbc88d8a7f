import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { civilTime, fixedPoint, roundTripText } from "./format.ts";
import { nearestName } from "./nearest.ts";
import { parseScaled, parseSleep } from "./numbers.ts";
import { parseOptions } from "./options.ts";
import { formatPrintf, unescape } from "./printf.ts";
import { Regex } from "./regex.ts";
import { matchesPattern } from "../sh/pattern.ts";

function test(pattern: string, text: string, extended = true): boolean {
  const regex = Regex.compile(pattern, { extended, ignoreCase: false });
  if (!regex.ok) throw new Error(regex.error);
  return regex.value.test(text);
}

describe("Regex", () => {
  it.each([
    ["^a.c$", "abc", true],
    ["^a.c$", "abcd", false],
    ["(ab|cd)+e", "xcdabe", true],
    ["a{2,3}b", "ab", false],
    ["a{2,3}b", "aaab", true],
    ["[[:digit:]]+ms", "x12ms", true],
    ["[^a-c]", "abc", false],
    ["\\<eth0\\>", "dev eth0 up", true],
    ["\\<eth\\>", "dev eth0 up", false],
    ["a|", "", true],
    ["x*", "", true],
  ])("%s on %s", (pattern, text, expected) => {
    expect(test(pattern, text)).toBe(expected);
  });

  it("reads basic syntax", () => {
    expect(test("a\\(b\\|c\\)\\{2\\}", "abc", false)).toBe(true);
    expect(test("a+", "a+", false)).toBe(true);
    expect(test("*a", "*a", false)).toBe(true);
  });

  it("agrees with JavaScript where the syntax is shared, and takes linear time where that does not", () => {
    const pieces = fc.constantFrom("a", "b", ".", "[ab]", "(a|b)", "a*", "(ab)*", "b+", "a?", "^", "$");
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 6 }),
        fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 }),
        (parts, letters) => {
          const [pattern, text] = [parts.join(""), letters.join("")];
          if (/^[*+?]|[\^$][*+?]/.test(pattern)) return;
          expect(test(pattern, text)).toBe(new RegExp(pattern).test(text));
        },
      ),
    );
    expect(test("(a*)*b", "a".repeat(2000))).toBe(false);
    expect(Regex.compile("((a{255}){255}){255}", { extended: true, ignoreCase: false }).ok).toBe(false);
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.boolean(), (pattern, text, extended) => {
        const regex = Regex.compile(pattern, { extended, ignoreCase: true });
        if (regex.ok) regex.value.find(text, 0);
      }),
    );
  });
});

describe("patterns", () => {
  it.each([
    ["abc", "a*c", true],
    ["abc", "a?c", true],
    ["abc", "[!a]bc", false],
    ["a*c", "a\\*c", true],
    ["abc", "a\\*c", false],
    ["a]c", "a[]]c", true],
    ["a[c", "a[c", true],
    ["", "*", true],
  ])("%s against %s", (text, pattern, expected) => {
    expect(matchesPattern(text, pattern)).toBe(expected);
  });
});

describe("options", () => {
  const spec = { short: "c:nv", long: new Map([["count", "c"]]) };
  it("groups letters and takes values attached, apart and long", () => {
    const parsed = parseOptions(["x", "-nvc3", "a", "--count=4", "--", "-n"], spec);
    expect(parsed.ok && parsed.value.given).toEqual([
      ["n", ""],
      ["v", ""],
      ["c", "3"],
      ["c", "4"],
    ]);
    expect(parsed.ok && parsed.value.operands).toEqual(["a", "-n"]);
  });
  it.each([
    [["-x"], "invalid option -- 'x'"],
    [["-c"], "option requires an argument -- 'c'"],
    [["--foo"], "unrecognized option '--foo'"],
    [["--count"], "option '--count' requires an argument"],
  ])("refuses %j", (words, message) => {
    expect(parseOptions(["x", ...words], spec)).toEqual({ ok: false, error: message });
  });
});

describe("texts", () => {
  it("formats numbers", () => {
    expect([fixedPoint(1234, 3), fixedPoint(5, 3), fixedPoint(-15, 1), fixedPoint(7, 0)]).toEqual([
      "1.234",
      "0.005",
      "-1.5",
      "7",
    ]);
    expect([345, 4040, 12_340, 123_400].map(roundTripText)).toEqual(["0.345", "4.04", "12.3", "123"]);
    expect([parseScaled("10m"), parseScaled("1.5k"), parseScaled("2K"), parseScaled("x")]).toEqual([
      1e7,
      1500,
      2048,
      null,
    ]);
    expect([parseSleep("1.5"), parseSleep("2m"), parseSleep("x")]).toEqual([1.5e9, 120e9, null]);
  });
  it("knows the calendar", () => {
    for (const seconds of [0, 951_782_400, 1_709_164_800, 1_767_225_599, 4_102_444_800]) {
      const date = new Date(seconds * 1000);
      const time = civilTime(seconds);
      expect([time.year, time.month, time.day]).toEqual([
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate(),
      ]);
    }
  });
  it("escapes and formats", () => {
    expect(unescape("a\\tb\\x41\\0101\\cz")).toEqual({ text: "a\tbAA", stop: true });
    expect(formatPrintf("%s=%d\\n", ["a", "1", "b", "2"])).toEqual({
      ok: true,
      value: { text: "a=1\nb=2\n", problems: [] },
    });
    expect(formatPrintf("%d", ["x"])).toEqual({ ok: true, value: { text: "0", problems: ["x: invalid number"] } });
    expect(formatPrintf("%z", []).ok).toBe(false);
    fc.assert(fc.property(fc.string(), fc.array(fc.string()), (format, values) => void formatPrintf(format, values)));
  });
  it("suggests the nearest name", () => {
    expect(nearestName("pnig", ["ping", "ip"], 2)).toBe("ping");
    expect(nearestName("zzzz", ["ping", "ip"], 2)).toBe(null);
  });
});
