/** What the README shows is what one gets: its transcript and its example lab are run. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { build, lastack, Scratch } from "./command.ts";

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
const scratch = new Scratch();

vi.setConfig({ testTimeout: 60_000 });
beforeAll(build, 120_000);
afterAll(() => scratch.remove());

/** The first block of that language. */
function block(language: string): string {
  const text = README.split(`\`\`\`${language}\n`)[1]?.split("```")[0];
  if (text === undefined) throw new Error(`the README has no block of '${language}'`);
  return text;
}

/** Without what depends on the machine, on the folder, or on every event of the run. */
function comparable(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trimEnd());
  return lines.map((line) =>
    line
      .replace(/ in \S+ s: [\d,]+ events \([\d,]+\/s\)/, "")
      .replace(/digest \S+/, "digest")
      .replace(/capture: \S+/, "capture:"),
  );
}

it("the transcript is that of a run, but for lines left out at '...'", () => {
  const [command = "", ...transcript] = comparable(block("").trimEnd());
  const file = scratch.file("ping.pcapng");
  const words = command.replace("$ npx lastack ", "").split(" ");
  const { code, out } = lastack(words.map((word) => (word.endsWith(".pcapng") ? file : word)));
  expect(code).toBe(0);
  const actual = comparable(out.trimEnd());
  const from = transcript.indexOf("  ...");
  const tail = transcript.slice(from + 1);
  expect(from).toBeGreaterThan(5);
  expect(actual.slice(0, from)).toEqual(transcript.slice(0, from));
  expect(actual.slice(-tail.length)).toEqual(tail);
});

it("the example lab has no problems and passes its checks", () => {
  const lab = scratch.file("example.lab.yaml", block("yaml"));
  expect(lastack(["check", lab])).toMatchObject({ code: 0, err: "" });
  expect(lastack(["run", lab, "--quiet"])).toEqual({ code: 0, out: "", err: "" });
});
