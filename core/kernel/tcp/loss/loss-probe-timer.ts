/**
 * Arming the tail loss probe (tcp_schedule_loss_probe; RFC 8985, section 7.2): apart from what the probe does (tlp.ts),
 * so that sending, which arms it, and the probe, which sends, do not import each other.
 */
import { TIMEOUT_MIN_US } from "./rack.ts";
import { RTO_INIT_US, rtoDeltaUs, toJiffiesUs } from "./rtt.ts";
import { isReno } from "./scoreboard.ts";
import { CA, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import { armWriteTimer } from "../timer-arm.ts";

/** Values of net.ipv4.tcp_early_retrans with which probes are sent. */
const isProbing = (setting: number): boolean => setting === 3 || setting === 4;

/**
 * Arms the probe's timer in place of the retransmission timer. @param advancingRto the RTO counts from now on (new data
 * was sent or acknowledged), not from when the first segment was sent. @returns whether it was armed.
 */
export function scheduleLossProbe(tcp: TcpSock, advancingRto: boolean): boolean {
  if (tcp.fastopenRequest !== null || tcp.cc.timeoutOnly === true) return false;
  if (!isProbing(tcp.tcp.sysctls.earlyRetrans) || tcp.packetsOut === 0 || isReno(tcp)) return false;
  if (tcp.caState !== CA.OPEN && tcp.caState !== CA.CWR) return false;
  let timeoutUs = RTO_INIT_US;
  if (tcp.srttUs > 0) {
    // A lone segment's ACK may be delayed.
    const extraUs = tcp.packetsOut === 1 ? tcp.rtoMinUs : TIMEOUT_MIN_US;
    timeoutUs = toJiffiesUs(Math.floor(tcp.srttUs / 4) + extraUs);
  }
  const untilRtoUs = advancingRto ? tcp.rtoUs : rtoDeltaUs(tcp);
  if (untilRtoUs > 0) timeoutUs = Math.min(timeoutUs, toJiffiesUs(untilRtoUs));
  armWriteTimer(tcp, WRITE_TIMER.LOSS_PROBE, timeoutUs);
  return true;
}
