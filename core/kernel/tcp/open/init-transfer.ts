/**
 * A connection is ready to carry data (tcp_init_transfer, tcp_init_metrics): first window, congestion control, buffers.
 * Left out: what Linux remembers of a destination's earlier connections.
 */
import { initCongestionControl } from "../congestion/registry.ts";
import { initCwnd } from "../send/cwnd.ts";
import { initMtuProbing } from "../send/mtu-probe.ts";
import { initBufferSpace } from "../receive/receive-window.ts";
import { expandSendBuffer } from "../send/stream-memory.ts";
import { INFINITE_SSTHRESH, type TcpSock } from "../tcp-sock.ts";

/** RFC 6298, 5.7: the time-out when the handshake gave no measurement, us. */
const RTO_FALLBACK_US = 3_000_000;

export function initTransfer(tcp: TcpSock): void {
  initMtuProbing(tcp);
  tcp.sndSsthresh = INFINITE_SSTHRESH;
  if (tcp.srttUs === 0) {
    tcp.rttvarUs = RTO_FALLBACK_US;
    tcp.mdevUs = RTO_FALLBACK_US;
    tcp.mdevMaxUs = RTO_FALLBACK_US;
    tcp.rtoUs = RTO_FALLBACK_US;
  }
  // RFC 5681, 3.1: a lost SYN says that the path is congested; one that was merely late does not.
  tcp.sndCwnd = tcp.totalRetrans > 1 && tcp.undoMarked ? 1 : initCwnd(tcp);
  tcp.sndCwndStampUs = tcp.nowUs;
  if (tcp.ca === null) initCongestionControl(tcp);
  if (!tcp.sendBufferLocked) expandSendBuffer(tcp);
  initBufferSpace(tcp);
}
