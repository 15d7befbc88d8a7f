import { describe, expect, it } from "vitest";
import { ConsolePrinter } from "./console-printer.ts";
import { styleFor } from "./style.ts";

function printer(several: boolean): { feed: (console: number, text: string | Uint8Array) => void; end: () => string } {
  let out = "";
  let now = 0;
  const one = new ConsolePrinter({
    write: (text) => void (out += text),
    style: styleFor({ isTTY: false }),
    several,
    nodeOf: (console) => `h${console}`,
    commandOf: (console) => `command ${console}`,
  });
  return {
    feed: (console, text) => {
      one.onBytes(console, typeof text === "string" ? Buffer.from(text) : text, now);
      now += 1_500_000_000;
    },
    end: () => {
      one.finish();
      return out;
    },
  };
}

describe("console output", () => {
  it("goes out as it is from a single console, ended by a line feed", () => {
    const { feed, end } = printer(false);
    feed(1, "PING\n64 by");
    feed(1, "tes");
    expect(end()).toBe("PING\n64 bytes\n");
  });

  it("goes out in whole lines with time and host from several, each command named once", () => {
    const { feed, end } = printer(true);
    feed(1, "one\ntw");
    feed(2, "other\n");
    feed(1, "o\nthree");
    const expected = ["0.000 h1] # command 1", "0.000 h1] one", "1.500 h2] # command 2", "1.500 h2] other"];
    expected.push("3.000 h1] two", "3.000 h1] three");
    expect(end()).toBe(expected.map((line) => `[  ${line}\n`).join(""));
  });

  it("puts characters together whose bytes come apart, and lets no control sequence through", () => {
    const { feed, end } = printer(false);
    feed(1, Uint8Array.of(0xc3));
    feed(1, Uint8Array.of(0xa4));
    feed(1, "\u001b[2J\u0007\r\n\tx\u007f\u009b");
    expect(end()).toBe("\u00e4^[[2J^G\n\tx^?\ufffd\n");
  });

  it("goes back over dots as ping -f does: on the screen when alone, before printing when there are several", () => {
    const dots = ["a..", ".\b \b", "\b \b", "\b", " \b\n\b \bb\n"];
    const alone = printer(false);
    for (const part of dots) alone.feed(1, part);
    expect(alone.end()).toBe(dots.join(""));
    const several = printer(true);
    for (const part of dots) several.feed(1, part);
    expect(several.end()).toBe("[  0.000 h1] # command 1\n[  6.000 h1] a\n[  6.000 h1] ^H ^Hb\n");
  });

  it("prints an endless line in pieces", () => {
    const { feed, end } = printer(true);
    feed(1, "x".repeat(10_000));
    const lines = end().trimEnd().split("\n").slice(1);
    expect(lines.map((line) => line.replace(/^.*\] /, "").length)).toEqual([4096, 4096, 1808]);
  });
});
