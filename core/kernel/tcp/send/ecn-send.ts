/** Explicit congestion notification (RFC 3168) on the sending side: what goes into our SYN (tcp_ecn_send_syn). */
import { TH } from "../../../wire/tcp.ts";
import type { TcpSegment } from "./segment.ts";
import { ECN, type TcpSock } from "../tcp-sock.ts";

/** Codepoints of the IP header. */
export const ECT0 = 2;
export const ECN_MASK = 3;

/** Asks for ECN in our SYN when net.ipv4.tcp_ecn is 1 (tcp_ecn_send_syn). */
export function ecnSendSyn(tcp: TcpSock, syn: TcpSegment): void {
  tcp.ecnFlags = 0;
  if (tcp.tcp.sysctls.ecn !== 1) return;
  syn.flags |= TH.ECE | TH.CWR;
  tcp.ecnFlags = ECN.OK;
}

/** A SYN that asked for ECN got no answer: the repeated one does not, in case a middlebox minds (tcp_ecn_clear_syn). */
export function ecnClearSyn(tcp: TcpSock, syn: TcpSegment): void {
  if (tcp.tcp.sysctls.ecnFallback !== 0) syn.flags &= ~(TH.ECE | TH.CWR);
}
