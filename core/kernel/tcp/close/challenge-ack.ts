/**
 * Challenge ACKs, RFC 5961, and the limits of ACKs that answer what is out of window (tcp_send_challenge_ack,
 * tcp_oow_rate_limited in net/ipv4/tcp_input.c): a forged segment, or two confused peers, must not start a storm.
 */
import { TH } from "../../../wire/tcp.ts";
import type { SnmpCounters } from "../../counters.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import type { TcpSock } from "../tcp-sock.ts";
import type { Tcp } from "../tcp.ts";
import { sendAck } from "../send/transmit.ts";

/** Whoever answers segments out of window, and when it last did, virtual us; 0 never. */
export interface OowHolder {
  lastOowAckTimeUs: number;
}

type SkipCounter = keyof SnmpCounters["tcpExt"];

/** net.ipv4.tcp_challenge_ack_limit as large as this is no limit. */
const UNLIMITED = 2 ** 31 - 1;

/** How many challenge ACKs this machine may still send in this second. */
export class ChallengeBudget {
  #second = -1;
  #left = 0;

  /** @returns whether one more may be sent. The number is random, so that nobody can count others' connections. */
  take(stack: Tcp): boolean {
    const limit = stack.sysctls.challengeAckLimit;
    if (limit >= UNLIMITED) return true;
    const second = Math.floor(stack.core.engine.now / 1_000_000_000);
    if (second !== this.#second) {
      const half = (limit + 1) >> 1;
      this.#second = second;
      this.#left = half + stack.random.below(Math.max(1, limit));
    }
    if (this.#left <= 0) return false;
    this.#left--;
    return true;
  }
}

/**
 * Whether another ACK has to wait (tcp_oow_rate_limited): one in net.ipv4.tcp_invalid_ratelimit ms, which `counter`
 * counts. A segment with data is no part of a loop of ACKs and is always answered.
 */
export function oowRateLimited(stack: Tcp, skb: SkBuff, counter: SkipCounter, holder: OowHolder): boolean {
  if (skb.cb0 !== skb.cb1 && (skb.cb2 & TH.SYN) === 0) return false;
  return isLimited(stack, counter, holder);
}

function isLimited(stack: Tcp, counter: SkipCounter, holder: OowHolder): boolean {
  const nowUs = Math.floor(stack.core.engine.now / 1000);
  if (holder.lastOowAckTimeUs !== 0) {
    const elapsedMs = Math.floor(nowUs / 1000) - Math.floor(holder.lastOowAckTimeUs / 1000);
    if (elapsedMs >= 0 && elapsedMs < stack.sysctls.invalidRatelimit) {
      stack.core.snmp.tcpExt[counter]++;
      return true;
    }
  }
  // 0 is never, and a run starts at 0.
  holder.lastOowAckTimeUs = Math.max(1, nowUs);
  return false;
}

/**
 * An ACK that lets an honest peer show itself: it will repeat what it meant in a way that fits (RFC 5961, section 7).
 */
export function sendChallengeAck(tcp: TcpSock): void {
  if (isLimited(tcp.tcp, "TCPACKSkippedChallenge", tcp)) return;
  if (!tcp.tcp.challengeBudget.take(tcp.tcp)) return;
  tcp.core.snmp.tcpExt.TCPChallengeACK++;
  sendAck(tcp);
}
