/**
 * Explicit congestion notification at the receiver (RFC 3168, 6.1.3; tcp_data_ecn_check and its neighbours in Linux's
 * tcp_ecn.h): a CE mark is echoed in every ACK until the sender says by CWR that it has slowed down.
 * Left out: accurate ECN.
 */
import { u8 } from "../../../base/bytes.ts";
import { ECN as MARK, ECN_MASK, IPV4 } from "../../../wire/ipv4.ts";
import { tcpFlags, TH } from "../../../wire/tcp.ts";
import type { SkBuff } from "../../skb/skbuff.ts";
import { enterQuickack } from "./ack-mode.ts";
import { ECN, type TcpSock } from "../tcp-sock.ts";
import { ACK_NOW } from "../timer-arm.ts";

/** ACKs that do not wait after a mark. */
const QUICKACKS = 2;

/** Data has come: looks at its mark (tcp_data_ecn_check). */
export function checkCongestionMark(tcp: TcpSock, skb: SkBuff): void {
  if ((tcp.ecnFlags & ECN.OK) === 0) return;
  const mark = u8(skb.bytes, skb.networkHeader + IPV4.tos) & ECN_MASK;
  if (mark === MARK.NOT_ECT) {
    // Retransmissions are sent without ECT (RFC 3168, 6.1.5): this is probably one, and the sender is in trouble.
    if ((tcp.ecnFlags & ECN.SEEN) !== 0) enterQuickack(tcp, QUICKACKS);
    return;
  }
  if (mark === MARK.CE) {
    tcp.cc.onEvent?.(tcp, "ecn-is-ce");
    if ((tcp.ecnFlags & ECN.DEMAND_CWR) === 0) {
      enterQuickack(tcp, QUICKACKS);
      tcp.ecnFlags |= ECN.DEMAND_CWR;
    }
  } else tcp.cc.onEvent?.(tcp, "ecn-no-ce");
  tcp.ecnFlags |= ECN.SEEN;
}

/** CWR has come, also on a pure ACK, as widely used senders do it (tcp_ecn_accept_cwr). */
export function acceptCwr(tcp: TcpSock, skb: SkBuff): void {
  if ((tcpFlags(skb.bytes, skb.transportHeader) & TH.CWR) === 0) return;
  tcp.ecnFlags &= ~ECN.DEMAND_CWR;
  // The sender's window may be a single segment now: its data is acknowledged at once.
  if (skb.cb0 !== skb.cb1) tcp.ackPending |= ACK_NOW;
}
