/** A fast open connection's SYN-ACK has not been answered (tcp_fastopen_synack_timer in net/ipv4/tcp_timer.c). */
import { enterLoss } from "../loss/recovery.ts";
import { resendSynAck } from "./syn-ack.ts";
import { WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer } from "../timer-arm.ts";
import { writeError } from "../close/write-error.ts";

export function fastopenSynAckTimer(tcp: TcpSock): void {
  const request = tcp.fastopenRequest;
  if (request === null) return;
  tcp.core.snmp.tcpExt.TCPTimeouts++;
  // Once more than for others: the program may have the connection already.
  const retries = tcp.options.synRetries || tcp.tcp.sysctls.synackRetries + 1;
  if (request.numTimeout >= retries) {
    writeError(tcp);
    return;
  }
  // As after a repeated SYN, the path is taken to be congested.
  if (tcp.retransmits === 1) enterLoss(tcp);
  resendSynAck(request, tcp);
  request.numTimeout++;
  tcp.retransmits++;
  if (tcp.retransStampUs === 0) tcp.retransStampUs = tcp.nowUs;
  armWriteTimer(tcp, WRITE_TIMER.RETRANS, request.timeoutUs * 2 ** request.numTimeout);
}
