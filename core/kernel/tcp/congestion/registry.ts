/**
 * The congestion control algorithms by name, and choosing one for a connection (Linux tcp_cong.c). Which of them a new
 * socket gets is net.ipv4.tcp_congestion_control. Left out: loading modules, restricting names to the administrator.
 */
import type { TcpSock } from "../tcp-sock.ts";
import { TCP_STATE } from "../states.ts";
import type { CongestionControl } from "./congestion.ts";
import { CUBIC } from "./cubic.ts";
import { LECTURE } from "./lecture.ts";
import { RENO } from "./reno.ts";

const ALGORITHMS: ReadonlyMap<string, CongestionControl> = new Map(
  [RENO, CUBIC, LECTURE].map((algorithm) => [algorithm.name, algorithm]),
);

/** Null when there is none of that name. */
export const congestionControl = (name: string): CongestionControl | null => ALGORITHMS.get(name) ?? null;

/** The connection is established, or has got another algorithm: makes its private state. */
export function initCongestionControl(tcp: TcpSock): void {
  tcp.priorSsthresh = 0;
  tcp.cc.init(tcp);
}

/** TCP_CONGESTION: takes another algorithm, which starts at once on a connection (tcp_set_congestion_control). */
export function setCongestionControl(tcp: TcpSock, algorithm: CongestionControl): void {
  if (tcp.cc === algorithm) return;
  cleanupCongestionControl(tcp);
  tcp.cc = algorithm;
  if (tcp.state !== TCP_STATE.CLOSE && tcp.state !== TCP_STATE.LISTEN) initCongestionControl(tcp);
}

/** Forgets the private state. */
export function cleanupCongestionControl(tcp: TcpSock): void {
  tcp.ca = null;
}
