import { describe, expect, test } from "vitest";
import { movedLab } from "./moved-lab.ts";

const LAB = `lastack: 1
nodes:
  # The one that asks.
  h1:
    kind: host
    programs:
      - { name: client, file: ../programs/a.ts, args: [ h2 ] } # twice
      - { name: own, source: "print(1)" }
  h2: { kind: host, programs: [ { file: ../programs/sub/b.ts }, { file: beside.ts } ] }
`;
const SOURCES = {
  "../programs/a.ts": "a",
  "../programs/sub/b.ts": "b",
  "../programs/shared.ts": "s",
  "beside.ts": "c",
};

describe("a lab that moves", () => {
  test("has its programs in its own folder, and nothing else about it changes", () => {
    const moved = movedLab(LAB, SOURCES);
    expect(moved?.text).toBe(LAB.replaceAll("../programs/", "programs/"));
    expect(moved?.sources).toEqual({
      "programs/a.ts": "a",
      "programs/sub/b.ts": "b",
      "programs/shared.ts": "s",
      "beside.ts": "c",
    });
  });

  test("whose programs are in its folder stays as it is, to the letter", () => {
    const text = "lastack: 1\nnodes: {h1: {kind: host,   programs: [{file: programs/a.ts}]}}\n";
    expect(movedLab(text, { "programs/a.ts": "a" })).toEqual({ text, sources: { "programs/a.ts": "a" } });
  });

  test("does not when there are none, or two would be one", () => {
    expect(movedLab(LAB, {})).toBeNull();
    expect(movedLab("}{", SOURCES)).toBeNull();
    expect(movedLab(LAB, { ...SOURCES, "programs/a.ts": "another" })).toBeNull();
    expect(movedLab(LAB, { ...SOURCES, "programs/a.ts": "a" })).not.toBeNull();
  });
});
