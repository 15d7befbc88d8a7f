/** Shell commands on two hosts with a router between them, and what they write. */
import { expect } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";

const LAB = `lastack: 1
name: commands
seed: 7
duration: 60s
nodes:
  h1: { kind: host, addresses: { eth0: 10.0.1.1/24 }, gateway: 10.0.1.254 }
  r1: { kind: router, addresses: { eth0: 10.0.1.254/24, eth1: 10.0.2.254/24 } }
  h2: { kind: host, addresses: { eth0: 10.0.2.1/24 }, gateway: 10.0.2.254 }
links:
  - { ends: ["h1:eth0", "r1:eth0"], rate: 100Mbps, delay: 1ms }
  - { ends: ["r1:eth1", "h2:eth0"], rate: 100Mbps, delay: 1ms }
`;

export type Outcome = { readonly output: string; readonly status: number | null };

/** Runs `host: command` lines together in one lab, and returns what each wrote, in order. */
export function runCommands(commands: readonly string[], seconds = 12): readonly Outcome[] {
  const lab = parseLab(LAB, "commands.yaml");
  if (!lab.ok) throw new Error(JSON.stringify(lab.error));
  const session = new Session(lab.value);
  commands.forEach((line, i) => {
    const at = line.indexOf(": ");
    const command = { kind: "exec", node: line.slice(0, at), command: line.slice(at + 2), console: i + 1 } as const;
    expect(session.inject(command)).toEqual({ ok: true, value: undefined });
  });
  session.advance((seconds * 1e9) as VirtualTime);
  return session.report().consoles.map(({ output, status }) => ({ output, status }));
}
