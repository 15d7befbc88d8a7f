/**
 * A connection with nothing to say costs nothing: no timer is armed at either end once all is acknowledged, and the
 * neighbour entries have come to rest. Keepalive and TIME-WAIT are the two that wait on purpose.
 */
import { describe, expect, test } from "vitest";
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import { Session } from "../../core/session/session.ts";
import { readLab } from "../real/probe.ts";

const session = (client: string): Session =>
  new Session(
    readLab(`
lastack: 1
name: quiet
seed: 1
duration: 1000s
nodes:
  h1: { kind: host, addresses: { eth0: 10.0.0.1/24 } }
  h2: { kind: host, addresses: { eth0: 10.0.0.2/24 }, run: ["nc -lk 7 > /dev/null"] }
links:
  - { ends: [h1, h2], rate: 100Mbps, delay: 5ms, loss: 5% }
timeline:
  - { at: 1ms, host: h1, run: "${client}" }
`),
  );

function armedAt(run: Session, seconds: number): number[] {
  run.advance((seconds * SECOND) as VirtualTime);
  return [...run.world.machines.values()].map(({ kernel }) => kernel.core.timers.armed);
}

describe("timers of a quiet machine", () => {
  test("none while a connection is open and idle", () => {
    // The process sleeps on a timer of its own.
    const run = session("(head -c 100000 /dev/zero; sleep 500) | nc -N h2 7");
    expect(armedAt(run, 400)).toEqual([1, 0]);
    expect(run.world.counter({ kind: "tcp", node: 0, port: 7, field: "bytes_acked" })).toBeGreaterThan(100_000);
  });

  test("TIME-WAIT for a minute, then none", () => {
    const run = session("head -c 100000 /dev/zero | nc -N h2 7");
    const [early = 0] = armedAt(run, 40);
    expect(early).toBeGreaterThan(0);
    expect(armedAt(run, 400)).toEqual([0, 0]);
  });
});
