/** What became of a path MTU probe (tcp_mtup_probe_success, tcp_mtup_probe_failed; RFC 4821, 7.6). */
import { currentSsthresh } from "./cwnd.ts";
import { mssToMtu, syncMss } from "./mss.ts";
import type { TcpSock } from "../tcp-sock.ts";

/** The path takes packets of that size: cwnd stays the same in bytes, so it is fewer segments. */
export function probeSucceeded(tcp: TcpSock): void {
  const { mtup } = tcp;
  tcp.priorSsthresh = currentSsthresh(tcp);
  tcp.sndCwnd = Math.max(1, Math.floor((tcp.sndCwnd * mssToMtu(tcp, tcp.mssCache)) / mtup.probeSize));
  tcp.sndCwndCnt = 0;
  tcp.sndCwndStampUs = tcp.nowUs;
  tcp.sndSsthresh = currentSsthresh(tcp);
  mtup.searchLow = mtup.probeSize;
  mtup.probeSize = 0;
  syncMss(tcp, tcp.pmtuCookie);
  tcp.core.snmp.tcpExt.TCPMTUPSuccess++;
}

export function probeFailed(tcp: TcpSock): void {
  const { mtup } = tcp;
  mtup.searchHigh = mtup.probeSize - 1;
  mtup.probeSize = 0;
  tcp.core.snmp.tcpExt.TCPMTUPFail++;
}
