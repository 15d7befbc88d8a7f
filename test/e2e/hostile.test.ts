/** Labs from strangers: whatever is in the file, the window says what is wrong and goes on working. */
import { expect, test } from "vitest";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const LINES_MANY = 20_000;

/** Each with what the window has to say about it. */
const LABS: readonly (readonly [string, string, RegExp])[] = [
  ["of a newer version", "lastack: 99\nnodes: {}\n", /99/],
  ["with one alias in another, a billion in the end", bomb(), /alias|anchor|large|many/i],
  ["of nothing but brackets", "[".repeat(5000), /bracket|nest|deep|flow|\[|sequence/i],
  [
    "with the names of an object's own parts",
    "lastack: 1\nnodes: { __proto__: { kind: host }, constructor: 3 }\n",
    /./,
  ],
  ["with a tag that makes code of text", "lastack: 1\nnodes: !!js/function 'function () { return 1 }'\n", /./],
  ["with markup for names", 'lastack: 1\nnodes: { "<img src=x onerror=alert(1)>": { kind: host } }\n', /name|img/i],
  ["with more lines than anybody reads", `lastack: 1\nnodes:\n${"  h: 1\n".repeat(LINES_MANY)}`, /./],
  ["with numbers out of reach", "lastack: 1\nduration: 1e400s\nseed: 1e999\nnodes: {}\n", /./],
  ["that is empty", "", /./],
];

describeWorkbench("labs from strangers", ({ open }) => {
  test("open to a list of problems with their places, never a blank window", async () => {
    const bench = await open();
    for (const [what, text, said] of LABS) {
      const file = `${what.replaceAll(" ", "-").replaceAll(/[',]/g, "")}.lab.yaml`;
      await bench.openText(file, text);
      await bench.page.locator(`.lab[title="${file}"]`).waitFor();
      const problems = bench.page.locator("[data-pane=problems] .problem");
      // Until the new file's problems stand there instead of those of the last one.
      await eventually(() => problems.first().innerText(), what).toMatch(said);
      expect(await bench.page.locator("[data-testid=topology]").innerText(), what).toContain("cannot be run");
      expect(await problems.count(), what).toBeLessThan(1000);
    }
    // What they broke, if anything, would show in the next one.
    await bench.run("file.samples");
    await bench.openSample("tcp-handshake");
    await bench.run("run.play-pause");
    await eventually(() => bench.flightsDrawn()).toBeGreaterThan(0);
    expect(await bench.page.evaluate(() => document.querySelectorAll("img[src=x]").length)).toBe(0);
  });

  test("whose program never ends is stopped with a word about it, and the rest goes on", async () => {
    const bench = await open();
    await bench.openText("endless.lab.yaml", endless());
    await bench.showPane("output");
    await bench.run("run.play-max");
    const output = bench.page.locator("[data-pane=output]");
    await eventually(() => output.innerText()).toContain("h2 is well");
    await eventually(() => output.innerText()).toMatch(/h1[^]*loop\.ts:1:1: used up its [\d,]+ steps/);
    await bench.runTo(2);
    await isAlive(bench);
  });
});

async function isAlive(bench: Workbench): Promise<void> {
  await bench.run("run.play-pause");
  const digest = await bench.digest();
  expect(digest).toMatch(/^[0-9a-f]{12}$/);
}

function bomb(): string {
  const names = "abcdefghi".split("");
  const lines = names.map((name, at) => {
    const before = names[at - 1];
    const items = before === undefined ? ["1"] : Array.from({ length: 9 }, () => `*${before}`);
    return `  ${name}: &${name} [${items.join(", ")}]`;
  });
  return `lastack: 1\nnodes:\n${lines.join("\n")}\n`;
}

function endless(): string {
  return `lastack: 1
duration: 5s
nodes:
  h1:
    kind: host
    programs:
      - name: loop
        source: |
          for (;;) {}
  h2:
    kind: host
    programs:
      - name: clock
        source: |
          import { print, sleep } from "lastack";
          await sleep(1000);
          print("h2 is well");
links:
  - { ends: [h1, h2] }
`;
}
