import { describe, expect, it } from "vitest";
import { KeyQueue } from "./key-queue.ts";
import { OutputBuffer } from "./output-buffer.ts";
import { plainText } from "./plain-text.ts";

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("keys for a console", () => {
  it("go in order, together what is typed while others are on their way", async () => {
    const sent: string[] = [];
    const arrivals: (() => void)[] = [];
    const keys = new KeyQueue((text) => {
      sent.push(text);
      return new Promise((resolve) => arrivals.push(resolve));
    });
    for (const key of "ping") keys.type(key);
    expect(sent).toEqual(["p"]);
    arrivals.shift()?.();
    await settled();
    expect(sent).toEqual(["p", "ing"]);
  });

  it("are dropped when the console does not take them, and later ones are tried again", async () => {
    const sent: string[] = [];
    let isOpen = false;
    const keys = new KeyQueue((text) => {
      sent.push(text);
      return isOpen ? Promise.resolve() : Promise.reject(new Error("not open"));
    });
    keys.type("a");
    keys.type("b");
    await settled();
    isOpen = true;
    keys.type("c");
    await settled();
    expect(sent).toEqual(["a", "c"]);
  });

  it("are cut where the core takes no more at a time", async () => {
    const sizes: number[] = [];
    const keys = new KeyQueue((text) => {
      sizes.push(text.length);
      return Promise.resolve();
    });
    keys.type("x".repeat(40_000));
    await settled();
    expect(sizes).toEqual([16_384, 16_384, 7232]);
  });
});

describe("output of a console", () => {
  it("is told as it comes, and when it is void", () => {
    const output = new OutputBuffer();
    const told: (string | null)[] = [];
    output.add("before\n");
    const stop = output.follow((text) => told.push(text));
    output.add("a");
    output.clear();
    stop();
    output.add("b");
    expect(told).toEqual(["a", null]);
    expect(output.text).toBe("b");
  });

  it("keeps the newest whole lines", () => {
    const output = new OutputBuffer();
    for (let line = 0; line < 300_000; line++) output.add(`${line}\n`);
    expect(output.text.length).toBeLessThan(1_100_000);
    expect(output.text).toMatch(/^\d+\n/);
    expect(output.text.endsWith("299999\n")).toBe(true);
  });
});

describe("output as plain text", () => {
  it.each([
    ["colours and clearing", "\u001b[H\u001b[2J\u001b[1;32mok\u001b[0m done", "ok done"],
    ["titles", "\u001b]0;h1\u0007prompt", "prompt"],
    ["a line that is written over", "10 %\r20 %\r30 %\nend\r\n", "30 %\nend"],
    ["backspaces and bells", "ab\u0008c\u0007", "ac"],
  ])("is without %s", (_name, output, plain) => {
    expect(plainText(output)).toBe(plain);
  });
});
