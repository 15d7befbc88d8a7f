/** The shell on a real kernel's terminal: prompt, Ctrl-C, jobs, pipes and commands, in one lab. */
import { describe, expect, it } from "vitest";
import { utf8Decode } from "../../core/base/bytes.ts";
import type { VirtualTime } from "../../core/base/time.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";

const LAB = `lastack: 1
name: two hosts
seed: 1
duration: 60s
nodes:
  h1: { kind: host, addresses: { eth0: 10.0.0.1/24 } }
  h2: { kind: host, addresses: { eth0: 10.0.0.2/24 } }
links:
  - { ends: ["h1:eth0", "h2:eth0"], rate: 100Mbps, delay: 1ms }
`;

/** Types texts at instants (seconds) and returns what the terminal showed until `until`. */
function terminal(typed: readonly (readonly [at: number, text: string])[], until: number): string {
  const lab = parseLab(LAB, "two-hosts.yaml");
  if (!lab.ok) throw new Error(JSON.stringify(lab.error));
  const session = new Session(lab.value, {
    journal: [{ at: 0, events: 0, command: { kind: "shell", node: "h1", console: 1 } }],
  });
  let shown = "";
  session.onConsole((_console, bytes) => (shown += utf8Decode(bytes)));
  for (const [at, text] of typed) {
    session.advance((at * 1e9) as VirtualTime);
    expect(session.inject({ kind: "input", console: 1, text })).toEqual({ ok: true, value: undefined });
  }
  session.advance((until * 1e9) as VirtualTime);
  return shown.replaceAll("\r", "");
}

describe("a terminal", () => {
  it("gives the prompt back after Ctrl-C with ping's statistics", () => {
    const shown = terminal(
      [
        [0, "ping h2\n"],
        [2.5, "\x03"],
        [3, "echo $?\n"],
      ],
      4,
    );
    expect(shown).toContain("64 bytes from h2 (10.0.0.2): icmp_seq=3 ttl=64");
    expect(shown).toContain("3 packets transmitted, 3 received, 0% packet loss, time 2000ms");
    expect(shown).toMatch(/root@h1:~# echo \$\?\n0\nroot@h1:~# $/);
  });

  it("kills what does not catch it, with status 130", () => {
    const shown = terminal(
      [
        [0, "sleep 100; echo no\n"],
        [1, "\x03"],
        [2, "echo $?\n"],
      ],
      3,
    );
    expect(shown).not.toContain("\nno\n");
    expect(shown).toContain("\n130\n");
  });

  it("interrupts a loop of builtins", () => {
    const shown = terminal(
      [
        [0, "while true; do :; done\n"],
        [0.01, "\x03"],
        [0.02, "echo $?\n"],
      ],
      0.03,
    );
    expect(shown).toContain("\n130\n");
  });

  it("stops and resumes jobs", () => {
    const shown = terminal(
      [
        [0, "sleep 5\n"],
        [1, "\x1a"],
        [2, "jobs\n"],
        [3, "fg\n"],
        [9, "echo $?\n"],
      ],
      10,
    );
    expect(shown).toContain("[1]+  Stopped                 sleep 5\n");
    expect(shown.endsWith("\n0\nroot@h1:~# ")).toBe(true);
  });

  it("runs pipelines, redirections and background jobs", () => {
    const shown = terminal([[0, "seq 1000 | grep 7 | wc -l > /tmp/n; cat /tmp/n\nsleep 1 &\nwait\nexit\n"]], 3);
    expect(shown).toContain("\n271\n");
    expect(shown).toContain("[1]+  Done                    sleep 1\n");
  });

  it("edits lines, remembers them and completes words", () => {
    const shown = terminal(
      [
        [0, "ecno hi\u001b[D\u001b[D\u001b[D\u001b[D\u007fh\n"],
        [1, "\u001b[A there\n"],
        [2, "pin\th\t"],
        [3, "2"],
        [3.5, "\u0003"],
        [4, "cat /et\tho\t"],
        [5, "\u0015echo $?\n"],
      ],
      6,
    );
    expect(shown).toContain("\nhi\n");
    expect(shown).toContain("\nhi there\n");
    expect(shown).toContain("root@h1:~# ping h\nh1  h2\nroot@h1:~# ping h2^C\nroot@h1:~# cat /etc/host");
    expect(shown).toMatch(/\n130\nroot@h1:~# $/);
  });

  it("hands what is typed ahead to the command that is running", () => {
    const shown = terminal(
      [
        [0, "cat\n"],
        [1, "to cat\n\u0004echo to sh\n"],
        [2, "sleep 1; cat\nahead\n\u0004"],
      ],
      4,
    );
    expect(shown).toContain("to cat\necho to sh\nto cat\nroot@h1:~# echo to sh\nto sh\n");
    expect(shown).toContain("ahead\nahead\n");
    expect(shown.endsWith("root@h1:~# ")).toBe(true);
  });
});
