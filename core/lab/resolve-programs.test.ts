/** Programs of a lab's hosts: defaults, and mistakes with their place. */
import { describe, expect, it } from "vitest";
import type { LabProgram } from "./model.ts";
import { parseLab } from "./parse.ts";

const labOf = (programs: string): string => `lastack: 1\nnodes:\n  a:\n    kind: host\n    programs:\n${programs}`;

function programs(text: string): readonly LabProgram[] {
  const lab = parseLab(labOf(text), "x.lab.yaml");
  if (!lab.ok) throw new Error(JSON.stringify(lab.error));
  const [node] = lab.value.nodes;
  return node !== undefined && "programs" in node ? node.programs : [];
}

describe("programs", () => {
  it("have names, arguments and a time", () => {
    const text = `      - { file: programs/tcp-client.ts, args: [server, 80, 1.5, ""], at: 100ms }
      - { name: worker, file: ../two-phase/worker.ts, start: false }
      - source: |
          import { print } from "lastack";
          print("hello");
`;
    expect(programs(text)).toEqual([
      {
        name: "tcp-client",
        file: "programs/tcp-client.ts",
        text: null,
        args: ["server", "80", "1.5", ""],
        atNs: 100_000_000,
        atBoot: true,
        source: { line: 6, column: 9 },
      },
      {
        name: "worker",
        file: "../two-phase/worker.ts",
        text: null,
        args: [],
        atNs: 0,
        atBoot: false,
        source: { line: 7, column: 9 },
      },
      {
        name: "main",
        file: "main.ts",
        text: 'import { print } from "lastack";\nprint("hello");\n',
        args: [],
        atNs: 0,
        atBoot: true,
        source: { line: 8, column: 9 },
      },
    ]);
  });

  it.each([
    ["      - { file: a.ts, source: x }\n", "6:9 lab/bad-value"],
    ["      - { args: [1] }\n", "6:9 lab/bad-value"],
    ["      - { file: /etc/passwd }\n", "6:17 lab/bad-value"],
    ["      - { file: a.js }\n", "6:17 lab/bad-value"],
    ["      - { file: a/../../b.ts }\n", "6:17 lab/bad-value"],
    ["      - { name: a b, source: x }\n", "6:17 lab/bad-value"],
    ["      - { source: x, at: soon }\n", "6:26 lab/bad-value"],
    ["      - { source: x, args: [[1]] }\n", "6:29 lab/bad-value"],
    ["      - { source: x, arg: [1] }\n", "6:22 lab/unknown-key"],
    ["      - { file: x/a.ts }\n      - { name: a, source: x }\n", "7:9 lab/duplicate-program"],
  ])("%j is told", (text, problem) => {
    const lab = parseLab(labOf(text), "x.lab.yaml");
    const found = lab.ok ? [] : lab.error.map(({ line, column, code }) => `${line}:${column} ${code}`);
    expect(found).toEqual([problem]);
  });

  it("stand beside a disk with a time of its own", () => {
    const lab = parseLab("lastack: 1\nnodes:\n  a: { kind: host, disk: { fsync: 5ms } }\n  b: { kind: host }\n", "x");
    const times = lab.ok ? lab.value.nodes.map((node) => ("diskSyncNs" in node ? node.diskSyncNs : 0)) : [];
    expect(times).toEqual([5_000_000, null]);
  });
});
