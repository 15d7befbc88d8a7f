/**
 * ABORT, RFC 9293, section 3.10.5: tcp_disconnect in net/ipv4/tcp.c, which also brings a socket back to where it can
 * connect again; and the end of a listener with all that it has under way (inet_csk_listen_stop).
 */
import { IPV4_ANY } from "../../../wire/address.ts";
import { E } from "../../syscall/errno.ts";
import { cleanupCongestionControl } from "../congestion/registry.ts";
import { setCaState } from "../loss/cwr.ts";
import { destroy, orphan, purgeReceived, removeFastopen, setClosed } from "./life.ts";
import { MSS_DEFAULT } from "../send/mss.ts";
import { dropRequest } from "../open/request-drop.ts";
import { RTO_INIT_US } from "../loss/rtt.ts";
import { seqAdd, seqOf } from "../sequence.ts";
import { stateBit, TCP_STATE } from "../states.ts";
import { CA, INFINITE_SSTHRESH, INIT_CWND, type TcpSock } from "../tcp-sock.ts";
import { clearTimers } from "../timer-arm.ts";
import { sendActiveReset } from "../send/transmit.ts";
import { purgeQueues } from "../send/write-queue.ts";
import { setFastopenState } from "../socket-records.ts";

const { ESTABLISHED, CLOSE_WAIT, FIN_WAIT1, FIN_WAIT2, SYN_RECV, SYN_SENT, CLOSING, LAST_ACK, LISTEN, CLOSE } =
  TCP_STATE;
/** States in which the peer believes in a connection (tcp_need_reset). */
const NEED_RESET =
  stateBit(ESTABLISHED) | stateBit(CLOSE_WAIT) | stateBit(FIN_WAIT1) | stateBit(FIN_WAIT2) | stateBit(SYN_RECV);
/** TCP_MIN_MSS. */
const RCV_MSS_MIN = 88;

/** Ends whatever goes on, by RST where the peer must know. The socket may be used anew. Always 0. */
export function tcpDisconnect(tcp: TcpSock): number {
  const { state, fastopenRequest } = tcp;
  // The reset needs the addresses, and the state says what it acknowledges: it is built before all is forgotten.
  if (state !== CLOSE) setClosed(tcp, "3.10.5 ABORT");
  if (state === LISTEN) listenStop(tcp);
  else if ((stateBit(state) & NEED_RESET) !== 0) {
    sendActiveReset(tcp);
    tcp.error = E.ECONNRESET;
  } else if (tcp.sndNxt !== tcp.writeSeq && (state === CLOSING || state === LAST_ACK)) {
    // The state says that the FIN was sent, which in truth is still in the queue.
    sendActiveReset(tcp);
    tcp.error = E.ECONNRESET;
  } else if (state === SYN_SENT) tcp.error = E.ECONNRESET;
  clearTimers(tcp);
  if (fastopenRequest !== null) removeFastopen(tcp, fastopenRequest, false);
  purgeReceived(tcp);
  purgeQueues(tcp);
  tcp.tcp.fastopen.checkAtEnd(tcp);
  forgetPeer(tcp);
  forgetSequence(tcp);
  forgetControl(tcp);
  tcp.waiters.wake();
  return 0;
}

function forgetPeer(tcp: TcpSock): void {
  tcp.remotePort = 0;
  tcp.remoteAddress = IPV4_ANY;
  tcp.connectState = 0;
  if (!tcp.addressIsBound) {
    tcp.boundAddress = IPV4_ANY;
    tcp.sourceAddress = IPV4_ANY;
  }
  if (!tcp.portIsBound) tcp.localPort = 0;
  tcp.isReceiveShut = false;
  tcp.isSendShut = false;
  tcp.finReceived = false;
  tcp.route = null;
  tcp.fastopenReq = null;
  setFastopenState(tcp, {
    deferConnect: false,
    fastopenClientFail: 0,
    synData: false,
    synDataAcked: false,
    synFastopen: false,
    synFastopenExp: false,
  });
}

function forgetSequence(tcp: TcpSock): void {
  // Beyond everything that the old connection may still have under way; never 0, which means that none is chosen.
  tcp.writeSeq = seqOf(seqAdd(tcp.writeSeq, tcp.maxWindow + 2) || 1);
  tcp.copiedSeq = tcp.rcvNxt;
  tcp.urgData = 0;
  tcp.windowClamp = 0;
  tcp.selectiveAcks.length = 0;
  tcp.recvSackCache.length = 0;
  tcp.dsack = false;
  const rx = tcp.rxOpt;
  rx.tsRecent = 0;
  rx.tsRecentStampS = 0;
  rx.sawTstamp = false;
  rx.tstampOk = false;
  rx.sackOk = false;
  rx.wscaleOk = false;
  rx.sndWscale = 0;
  rx.rcvWscale = 0;
  rx.userMss = 0;
  rx.mssClamp = MSS_DEFAULT;
}

function forgetControl(tcp: TcpSock): void {
  tcp.srttUs = 0;
  tcp.mdevUs = RTO_INIT_US;
  tcp.rcvRttLastTsecr = 0;
  tcp.backoff = 0;
  tcp.probesOut = 0;
  tcp.probesTstampUs = 0;
  tcp.rtoUs = RTO_INIT_US;
  tcp.sndSsthresh = INFINITE_SSTHRESH;
  tcp.sndCwnd = INIT_CWND;
  tcp.sndCwndCnt = 0;
  tcp.isCwndLimited = false;
  tcp.delivered = 0;
  tcp.deliveredCe = 0;
  cleanupCongestionControl(tcp);
  setCaState(tcp, CA.OPEN);
  tcp.isSackReneg = false;
  clearRetrans(tcp);
  tcp.totalRetrans = 0;
  tcp.ackPending = 0;
  tcp.ackQuick = 0;
  tcp.ackRcvMss = RCV_MSS_MIN;
  tcp.bytesAcked = 0;
  tcp.bytesReceived = 0;
  tcp.bytesSent = 0;
  tcp.bytesRetrans = 0;
  tcp.segsIn = 0;
  tcp.segsOut = 0;
  tcp.dataSegsIn = 0;
  tcp.dataSegsOut = 0;
  tcp.dsackDups = 0;
  tcp.reordSeen = 0;
  tcp.retransmits = 0;
}

/** tcp_clear_retrans. */
export function clearRetrans(tcp: TcpSock): void {
  tcp.retransOut = 0;
  tcp.lostOut = 0;
  tcp.undoMarked = false;
  tcp.undoRetrans = -1;
  tcp.sackedOut = 0;
  tcp.rcvOoopack = 0;
  tcp.retransStampUs = 0;
}

/** A listener is no more: whoever it had made a connection for is reset, and requests are forgotten. */
export function listenStop(tcp: TcpSock): void {
  const queue = tcp.accepting;
  if (queue === null) return;
  for (const request of [...queue.requests]) dropRequest(request);
  for (let child = queue.shift(); child !== null; child = queue.shift()) {
    // The request is not to touch the queue of a listener that is gone.
    if (child.fastopenRequest !== null) child.fastopenRequest.child = null;
    child.fastopenRequest = null;
    tcpDisconnect(child);
    orphan(child);
    destroy(child);
  }
  queue.fastopenHeld.length = 0;
  queue.fastopenLength = 0;
  tcp.accepting = null;
}
