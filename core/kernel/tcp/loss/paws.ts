/** Protection against wrapped sequence numbers, RFC 7323, section 5 (tcp_paws_check, tcp_paws_reject). */
import type { OptionsReceived } from "../tcp-sock.ts";

/** A timestamp this much older may come of reordering on a fast path (TCP_PAWS_WINDOW). */
export const PAWS_WINDOW = 1;
/** s: a stamp this old says nothing any more, since the peer's clock may have gone once around (TCP_PAWS_24DAYS). */
const PAWS_AGE_MAX_S = 60 * 60 * 24 * 24;
/** s: a peer that was switched off and on again may reset old connections after this (TCP_PAWS_MSL). */
const PAWS_MSL_S = 60;

type Timestamps = Pick<OptionsReceived, "tsRecent" | "tsRecentStampS" | "rcvTsval">;

/**
 * Whether the segment's timestamp is not older than the last one by more than `window`. @param nowS of TcpSock.nowS.
 */
export function pawsPasses(options: Timestamps, window: number, nowS: number): boolean {
  if (((options.tsRecent - options.rcvTsval) | 0) <= window) return true;
  if (nowS >= options.tsRecentStampS + PAWS_AGE_MAX_S) return true;
  // Some peers send 0 in a SYN and real timestamps later.
  return options.tsRecent === 0;
}

/** Whether a segment of a half-made or half-forgotten connection is an old duplicate. */
export function pawsRejects(options: Timestamps, isReset: boolean, nowS: number): boolean {
  if (pawsPasses(options, 0, nowS)) return false;
  return !(isReset && nowS >= options.tsRecentStampS + PAWS_MSL_S);
}
