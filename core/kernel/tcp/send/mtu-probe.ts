/**
 * Packetization layer path MTU discovery (RFC 4821; tcp_mtu_probe and around it): now and then a segment larger than
 * the current MSS is tried, and the answer narrows the search (mtup.ts). For paths whose routers drop silently.
 */
import { IPV4_HEADER_BYTES } from "../../../wire/ipv4.ts";
import { TCP_HEADER_BYTES } from "../../../wire/tcp.ts";
import { currentMss, mssToMtu, mtuToMss, syncMss } from "./mss.ts";
import { eventNewDataSent } from "./new-data.ts";
import type { TcpSegment } from "./segment.ts";
import { seqAdd, seqAfter, seqDistance } from "../sequence.ts";
import { absorb, fragment, moveFront, setTsoSegments } from "./split.ts";
import { CA, type TcpSock } from "../tcp-sock.ts";
import { transmitSegment } from "./transmit.ts";

/** Least window for a probe, in segments: its loss must not cost a time-out. */
const PROBE_CWND_MIN = 11;
const SECOND_US = 1_000_000;

/** What became of the wish to probe. */
export const PROBE = { NONE: -1, WAIT: 0, SENT: 1 } as const;

/** Bounds of the search as the connection begins (tcp_mtup_init). Probing by itself is on with tcp_mtu_probing 2. */
export function initMtuProbing(tcp: TcpSock): void {
  const { mtuProbing, baseMss } = tcp.tcp.sysctls;
  const mtup = tcp.mtup;
  mtup.enabled = mtuProbing > 1;
  mtup.searchHigh = tcp.rxOpt.mssClamp + TCP_HEADER_BYTES + IPV4_HEADER_BYTES;
  mtup.searchLow = mssToMtu(tcp, baseMss);
  mtup.probeSize = 0;
  if (mtup.enabled) mtup.probeTimestampUs = tcp.nowUs;
}

/** Packets vanish: the path may be a black hole for large ones (tcp_mtu_probing). */
export function detectBlackHole(tcp: TcpSock): void {
  const { mtuProbing, baseMss, mtuProbeFloor, minSndMss } = tcp.tcp.sysctls;
  if (mtuProbing === 0) return;
  const mtup = tcp.mtup;
  if (!mtup.enabled) {
    mtup.enabled = true;
    mtup.probeTimestampUs = tcp.nowUs;
  } else {
    const half = Math.floor(mtuToMss(tcp, mtup.searchLow) / 2);
    const mss = Math.max(Math.min(baseMss, half), mtuProbeFloor, minSndMss);
    mtup.searchLow = mssToMtu(tcp, mss);
  }
  syncMss(tcp, tcp.pmtuCookie);
}

/**
 * Sends a probe if it is time and all that it takes is there. @returns PROBE.*; WAIT asks not to send anything else.
 */
export function mtuProbe(tcp: TcpSock): number {
  const mtup = tcp.mtup;
  if (!mtup.enabled || mtup.probeSize !== 0 || tcp.caState !== CA.OPEN) return PROBE.NONE;
  // SACK blocks make the header's length vary.
  if (tcp.sndCwnd < PROBE_CWND_MIN || tcp.selectiveAcks.length > 0 || tcp.dsack) return PROBE.NONE;
  const mss = currentMss(tcp);
  const size = mtuToMss(tcp, (mtup.searchHigh + mtup.searchLow) >> 1);
  const interval = mtup.searchHigh - mtup.searchLow;
  if (size > mtuToMss(tcp, mtup.searchHigh) || interval < tcp.tcp.sysctls.probeThreshold) {
    checkReprobe(tcp);
    return PROBE.NONE;
  }
  // Enough behind the probe for duplicate ACKs to tell of its loss.
  const needed = size + (tcp.reordering + 1) * tcp.mssCache;
  if (seqDistance(tcp.sndNxt, tcp.writeSeq) < needed || tcp.sndWnd < needed) return PROBE.NONE;
  if (seqAfter(seqAdd(tcp.sndNxt, needed), tcp.windowEnd)) return PROBE.WAIT;
  if (tcp.inFlight + 2 > tcp.sndCwnd) return tcp.inFlight === 0 ? PROBE.NONE : PROBE.WAIT;
  const probe = gather(tcp, size, mss);
  if (probe === null || transmitSegment(tcp, probe) !== 0) return PROBE.NONE;
  // It stands for two packets.
  tcp.sndCwnd--;
  eventNewDataSent(tcp, probe);
  mtup.probeSize = mssToMtu(tcp, probe.length);
  mtup.probeStart = probe.seq;
  mtup.probeEnd = probe.endSeq;
  return PROBE.SENT;
}

/** Makes the first unsent segment exactly `size` bytes long, as one packet; null when a MSG_EOR stands in the way. */
function gather(tcp: TcpSock, size: number, mss: number): TcpSegment | null {
  const probe = tcp.writeQueue.first;
  if (probe === null || !canGather(probe, size)) return null;
  if (probe.length > size) fragment(tcp, probe, size, mss);
  for (let next = probe.next; next !== null && probe.length < size; next = probe.next) {
    moveFront(probe, next, Math.min(next.length, size - probe.length));
    if (next.length === 0) absorb(tcp, probe, next);
    else setTsoSegments(next, mss);
  }
  setTsoSegments(probe, probe.length);
  return probe;
}

function canGather(first: TcpSegment, size: number): boolean {
  let length = 0;
  for (let at: TcpSegment | null = first; at !== null && length < size; at = at.next) {
    length += at.length;
    if (length < size && at.eor) return false;
  }
  return length >= size;
}

/** After a while the path may have changed: the search starts again (tcp_mtu_check_reprobe). */
function checkReprobe(tcp: TcpSock): void {
  const mtup = tcp.mtup;
  if (tcp.nowUs - mtup.probeTimestampUs < tcp.tcp.sysctls.probeInterval * SECOND_US) return;
  mtup.probeSize = 0;
  mtup.searchHigh = tcp.rxOpt.mssClamp + TCP_HEADER_BYTES + IPV4_HEADER_BYTES;
  mtup.searchLow = mssToMtu(tcp, currentMss(tcp));
  mtup.probeTimestampUs = tcp.nowUs;
}
