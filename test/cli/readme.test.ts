/** What the README shows is what one gets: its transcript, its lab and its program are run, what it names is there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { build, lastack, Scratch } from "./command.ts";

const ROOT = join(import.meta.dirname, "../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const scratch = new Scratch();

vi.setConfig({ testTimeout: 60_000 });
beforeAll(build, 120_000);
afterAll(() => scratch.remove());

const blocks = [...README.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

/** The first block of that language that has `part` in it. */
function block(language: string, part = ""): string {
  const found = blocks.find((one) => one.language === language && one.text.includes(part));
  if (found === undefined) throw new Error(`the README has no block of '${language}' with '${part}'`);
  return found.text;
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
  const [command = "", ...transcript] = comparable(block("", "$ npx lastack").trimEnd());
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

it("the example program serves a client", () => {
  scratch.file("server.ts", block("ts"));
  const lab = scratch.file(
    "program.lab.yaml",
    `lastack: 1
duration: 3s
nodes:
  s: { kind: host, programs: [{ file: server.ts }] }
  c: { kind: host }
links: [{ ends: [s, c] }]
timeline: [{ at: 1s, host: c, run: "echo and back again | nc -N s 7" }]
`,
  );
  const { code, out, err } = lastack(["run", lab]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/c\] and back again$/m);
  expect(out).toMatch(/s\] the other side has closed$/m);
});

it("every script of npm is explained, and every one that is named is there", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  const named = [...README.matchAll(/\bnpm (?:run )?([a-z]+(?::[a-z]+)?)\b/g)].map(([, name = ""]) => name);
  // Those of npm itself.
  const own = new Set(named.filter((name) => !["ci", "install"].includes(name)));
  expect([...own].sort()).toEqual(Object.keys(scripts).sort());
});

it("every command and option of the command line is explained, and every one that is named is there", () => {
  const helpOf = (...args: string[]): string => lastack([...args, "--help"]).out;
  const commands = [...helpOf().matchAll(/^ {2}([a-z]+) .*\S {2,}\S/gm)].map(([, name = ""]) => name);
  const rows = [...README.matchAll(/^\| `lastack ([a-z]+)/gm)].map(([, name = ""]) => name);
  expect(rows.sort()).toEqual(commands.filter((name) => name !== "help").sort());
  const options = [...helpOf("run").matchAll(/^ {2}(--[a-z]+)/gm)].map(([, name = ""]) => name);
  const explained = [...README.matchAll(/^\| (`--.*?`) +\| /gm)].flatMap(
    ([, cell = ""]) => cell.match(/--[a-z]+/g) ?? [],
  );
  expect(explained.sort()).toEqual(options.sort());
  const used = [...README.matchAll(/npx lastack ([a-z]+)/g)].map(([, name = ""]) => name);
  expect(used.filter((name) => name !== "runs" && !commands.includes(name))).toEqual([]);
});

it("every file that is named is there", () => {
  const paths = [...README.matchAll(/[(`\s](?:\.\/)?((?:resources|test|core|electron|renderer)\/[\w./-]*[\w/])/g)];
  expect(paths.length).toBeGreaterThan(8);
  expect(paths.map(([, path = ""]) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
