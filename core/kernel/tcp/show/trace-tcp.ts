/**
 * The tcp:* trace events of a connection's variables, for plots: each is written when one of its two numbers has
 * changed since it was written last. Costs nothing while no tracing is on.
 */
import { KIND } from "../../../contract/trace-event.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** Events in the order of `values`, two numbers each. */
const EVENTS = [
  KIND["tcp:tcp_probe"],
  KIND["tcp:sender"],
  KIND["tcp:sender_buffer"],
  KIND["tcp:receiver"],
  KIND["tcp:receiver_buffer"],
  KIND["tcp:rtt"],
  KIND["tcp:in_flight"],
  KIND["tcp:scoreboard"],
] as const;

/** Filled for each call; nothing keeps it. */
const values = new Float64Array(EVENTS.length * 2);

function fill(tcp: TcpSock): void {
  let at = 0;
  const put = (one: number, other: number): void => {
    values[at++] = one;
    values[at++] = other;
  };
  put(tcp.sndCwnd, tcp.sndSsthresh);
  put(tcp.sndUna >>> 0, tcp.sndNxt >>> 0);
  put(tcp.writeSeq >>> 0, tcp.sndWnd);
  put(tcp.rcvNxt >>> 0, tcp.receiveWindow);
  put(tcp.copiedSeq >>> 0, tcp.outOfOrder.bytes);
  put(Math.floor(tcp.srttUs / 8), tcp.rtoUs);
  put(tcp.packetsOut, tcp.retransOut);
  put(tcp.sackedOut, tcp.lostOut);
}

/** @param skb the segment that changed it, null for a timer or a call. */
export function traceTcp(tcp: TcpSock, skb: SkBuff | null): void {
  const { trace, engine } = tcp.core;
  if (!trace.active) return;
  fill(tcp);
  const isFirst = tcp.traced === null;
  const before = (tcp.traced ??= new Float64Array(values.length));
  if (isFirst) {
    // Ports as Linux's sk_portpair has them: the local one in the upper half.
    const ports = tcp.localPort * 65_536 + tcp.remotePort;
    trace.record(KIND["tcp:connection"], 0, engine.cause, tcp.inode, ports, tcp.remoteAddress >>> 0);
  }
  for (let i = 0; i < EVENTS.length; i++) {
    const one = values[2 * i] as number;
    const other = values[2 * i + 1] as number;
    if (!isFirst && before[2 * i] === one && before[2 * i + 1] === other) continue;
    before[2 * i] = one;
    before[2 * i + 1] = other;
    const cause = skb === null ? engine.cause : skb.cause || engine.cause;
    trace.record(EVENTS[i] as number, skb === null ? 0 : skb.packetId, cause, tcp.inode, one, other);
  }
}
