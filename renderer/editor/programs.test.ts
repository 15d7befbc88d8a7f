import { describe, expect, it } from "vitest";
import type { ConsoleReport } from "../../core/contract/run-report.ts";
import { crashOf } from "./crash-lines.ts";
import { freeProgramName, modelPath, programsIn } from "./programs.ts";

const LAB = `lastack: 1
nodes:
  h1:
    kind: host
    programs:
      - { file: ../programs/2pc/worker.ts, args: [h2, 7] }
      - name: greet
        source: |
          print("hi");
  h2:
    kind: host
    programs: [{ name: second, file: ../programs/2pc/worker.ts }, { file: missing.ts }]
links: []
`;
const SOURCES = { "../programs/2pc/worker.ts": "w", "../programs/2pc/messages.ts": "m" };

describe("programs of a lab", () => {
  const entries = programsIn(LAB, SOURCES);

  it("are listed once each, with the hosts that run them", () => {
    expect(entries.map(({ id, title, text }) => [id, title, text])).toEqual([
      ["../programs/2pc/worker.ts", "worker.ts", "w"],
      ["h1/greet.ts@", "greet.ts", 'print("hi");\n'],
      ["missing.ts", "missing.ts", null],
      ["../programs/2pc/messages.ts", "messages.ts", "m"],
    ]);
    expect(entries[0]?.uses).toEqual([
      { node: "h1", index: 0, name: "worker", args: ["h2", "7"] },
      { node: "h2", index: 0, name: "second", args: [] },
    ]);
    expect(entries.at(-1)?.uses).toEqual([]);
  });

  it("lie in the editor as they lie beside the lab, so that imports lead to each other", () => {
    const [worker, greet, , messages] = entries.map(modelPath);
    expect(worker?.replace(/[^/]*$/, "")).toBe(messages?.replace(/[^/]*$/, ""));
    expect(worker).toMatch(/\/programs\/2pc\/worker\.ts$/);
    expect(greet).toMatch(/\/h1\/greet\.ts$/);
  });

  it("of a text that is no lab are those that are there", () => {
    expect(programsIn("nodes: [", SOURCES).length).toBe(2);
    expect(programsIn("nodes: { h1: 3, h2: { programs: 7 } }", {})).toEqual([]);
  });

  it("get names that are free on their host", () => {
    expect(freeProgramName(entries, "h1", "greet")).toBe("greet2");
    expect(freeProgramName(entries, "h2", "greet")).toBe("greet");
  });
});

describe("crashes", () => {
  const report = (output: string, status: number | null): ConsoleReport => ({
    ...{ console: 1, node: "h1", command: "server", startedAt: 0, endedAt: 2e9, outputLost: 0 },
    ...{ output, status },
  });

  it("are found in what a program printed last", () => {
    const output = [
      "Listening on port 8080",
      "warn.ts:1:1: not the last",
      "../programs/my server.ts:12:5: TypeError: x is not a function",
      "    at serve (../programs/my server.ts:12:5)",
      "",
    ].join("\r\n");
    expect(crashOf(report(output, 1))).toEqual({
      ...{ node: "h1", file: "../programs/my server.ts", line: 12, column: 5 },
      ...{ message: "TypeError: x is not a function", at: 2e9 },
    });
  });

  it("are none where a program ended well, still runs, or failed in another way", () => {
    expect(crashOf(report("a.ts:1:1: fine", 0))).toBeNull();
    expect(crashOf(report("a.ts:1:1: running", null))).toBeNull();
    expect(crashOf(report("usage: server PORT", 2))).toBeNull();
  });
});
