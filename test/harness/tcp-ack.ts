/** ACKs from the peer of `connection()`, handed to TCP's ACK processing as its input side would. */
import { put16, put32, put8 } from "../../core/base/bytes.ts";
import type { DropReason } from "../../core/contract/drop-reason.ts";
import { FLAG } from "../../core/kernel/tcp/loss/ack-flags.ts";
import { processAck } from "../../core/kernel/tcp/loss/ack.ts";
import { pushPendingFrames } from "../../core/kernel/tcp/send/output.ts";
import { checkSendInvariants } from "../../core/kernel/tcp/send/send-invariants.ts";
import { sendMessage } from "../../core/kernel/tcp/send/sendmsg.ts";
import { TCP, TCP_HEADER_BYTES, TH } from "../../core/wire/tcp.ts";
import { PEER_FIRST, sent, show, type TestConnection } from "./tcp-sock.ts";

export interface PeerAck {
  readonly ack: number;
  readonly sacks?: readonly (readonly [number, number])[];
  readonly window?: number;
  /** Echoed timestamp, ms. */
  readonly echo?: number;
  readonly flags?: number;
}

const WINDOW = 1_000_000;

/** What processAck says; new data that may go is sent after it, and the scoreboard is checked. */
export function receiveAck(at: TestConnection, peer: PeerAck): DropReason | null {
  const { tcp } = at;
  const { skbs } = tcp.core;
  const sacks = peer.sacks ?? [];
  const header = TCP_HEADER_BYTES + (sacks.length > 0 ? 4 + 8 * sacks.length : 0);
  const skb = skbs.alloc(header);
  const start = skb.put(header);
  const { bytes } = skb;
  bytes.fill(0, start, start + header);
  skb.transportHeader = start;
  skb.cb0 = PEER_FIRST;
  skb.cb1 = PEER_FIRST;
  skb.cb2 = TH.ACK | (peer.flags ?? 0);
  skb.cb3 = peer.ack | 0;
  put8(bytes, start + TCP.flags, skb.cb2);
  tcp.rxOpt.sndWscale = 8;
  put16(bytes, start + TCP.window, (peer.window ?? WINDOW) >>> 8);
  tcp.rxOpt.sackAt = start + TCP_HEADER_BYTES + 4;
  tcp.rxOpt.numSacks = sacks.length;
  for (const [index, [from, to]] of sacks.entries()) {
    put32(bytes, tcp.rxOpt.sackAt + 8 * index, from);
    put32(bytes, tcp.rxOpt.sackAt + 8 * index + 4, to);
  }
  tcp.rxOpt.sawTstamp = peer.echo !== undefined;
  tcp.rxOpt.rcvTsecr = peer.echo ?? 0;
  const reason = processAck(tcp, skb, FLAG.SLOWPATH);
  skbs.free(skb);
  pushPendingFrames(tcp);
  checkSendInvariants(tcp);
  return reason;
}

/** The program writes so many bytes. */
export const write = (at: TestConnection, bytes: number): number => sendMessage(at.tcp, new Uint8Array(bytes), 0);

/** What was sent since the last look, as `1001:2001 PA`. */
export const shown = (at: TestConnection): string[] => sent(at).map(show);

export const MS = 1_000_000;
