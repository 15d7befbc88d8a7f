import { describe, expect, it } from "vitest";
import { FakeMachine } from "../../../test/harness/fake-sys.ts";
import { programs } from "../programs.ts";
import { commonPrefix, complete, type Completion } from "./complete.ts";
import { EXECUTOR } from "./execute.ts";
import { ShellState } from "./state.ts";

function completed(before: string): Completion {
  const machine = new FakeMachine(programs);
  machine.directories.add("/root/notes");
  for (const path of ["/root/notes.txt", "/root/notes/a b", "/root/.profile", "/etc/hosts", "/etc/hostname"]) {
    machine.write(path, path === "/etc/hosts" ? "127.0.0.1 localhost\n10.0.0.2 h2 web # a comment\n" : "");
  }
  let found: Completion = { word: "", candidates: [] };
  machine.run(
    function* (sys) {
      const shell = new ShellState(sys, EXECUTOR);
      shell.set("greeting", "hi");
      found = yield* complete(shell, before, ["cd", "export"]);
      return 0;
    },
    ["test"],
  );
  return found;
}

describe("completion", () => {
  it.each([
    ["trace", "trace", ["traceroute"]],
    ["sleep 1; expo", "expo", ["export"]],
    ["ls | sor", "sor", ["sort"]],
    ["while tru", "tru", ["true"]],
    ["cat not", "not", ["notes.txt", "notes/"]],
    ["cat /etc/host", "/etc/host", ["/etc/hostname", "/etc/hosts"]],
    ["cd n", "n", ["notes/"]],
    ["cat notes/", "notes/", ["notes/a\\ b"]],
    ["cat notes/a\\ ", "notes/a\\ ", ["notes/a\\ b"]],
    ["ls ~/no", "~/no", ["~/notes.txt", "~/notes/"]],
    ["ping h", "h", ["h2"]],
    ["ping w", "w", ["web"]],
    ["echo $gree", "$gree", ["$greeting"]],
    ["ls .", ".", [".profile"]],
    ["ls nowhere/", "nowhere/", []],
    ["x=", "", [".profile", "notes.txt", "notes/"].slice(1)],
  ])("of %j", (before, word, candidates) => {
    expect(completed(before)).toEqual({ word, candidates });
  });

  it("begins as all candidates do", () => {
    expect(commonPrefix(["hostname", "hosts"])).toBe("host");
    expect(commonPrefix(["a\\ b", "a\\(c"])).toBe("a");
    expect(commonPrefix([])).toBe("");
  });
});
