/**
 * The state table at work: over all sample labs about TCP, every change of state is an edge of RFC 9293's figure 5 as
 * `TCP_EDGES` has it, and together the labs walk over most of them.
 */
import { expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import { TCP_EDGES, TCP_STATE_NAMES, type TcpState } from "../../core/kernel/tcp/states.ts";
import { Session } from "../../core/session/session.ts";
import { sampleLab, TCP_LABS } from "./sample.ts";

/**
 * Edges that no sample lab shows: resets and time-outs in the middle of closing. The unit tests beside the kernel's TCP
 * and the packetdrill scripts walk them.
 */
const NOT_IN_LABS = new Set<string>();

const edge = (from: TcpState, to: TcpState): string => `${TCP_STATE_NAMES[from]} > ${TCP_STATE_NAMES[to]}`;
const EDGES = new Set(
  Object.entries(TCP_EDGES).flatMap(([from, next]) => next.map((to) => edge(Number(from) as TcpState, to))),
);

test("the labs walk over the edges of the state diagram, and no others", { timeout: 120_000 }, () => {
  const seen = new Map<string, number>();
  for (const name of TCP_LABS) {
    const session = new Session(sampleLab(name));
    session.trace.want(["sock:inet_sock_set_state"]);
    session.trace.listen(({ fields }) => {
      const walked = edge(fields["oldstate"] as TcpState, fields["newstate"] as TcpState);
      seen.set(walked, (seen.get(walked) ?? 0) + 1);
    });
    session.advance(session.lab.durationNs as VirtualTime);
  }
  console.log([...seen].map(([walked, count]) => `${String(count).padStart(6)}  ${walked}`).join("\n"));
  expect([...seen.keys()].filter((walked) => !EDGES.has(walked))).toEqual([]);
  expect([...EDGES].filter((known) => !seen.has(known) && !NOT_IN_LABS.has(known))).toEqual([]);
});
