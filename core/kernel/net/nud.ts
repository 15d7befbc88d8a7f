/** Neighbour states with Linux's names and numbers (include/uapi/linux/neighbour.h; RFC 4861, section 7.3.2). */
import type { NeighbourState } from "../syscall/netlink.ts";

export const NUD = {
  NONE: 0,
  INCOMPLETE: 0x01,
  REACHABLE: 0x02,
  STALE: 0x04,
  DELAY: 0x08,
  PROBE: 0x10,
  FAILED: 0x20,
  NOARP: 0x40,
  PERMANENT: 0x80,
} as const;
/** The link address may be used without a thought. */
export const NUD_CONNECTED = NUD.PERMANENT | NUD.NOARP | NUD.REACHABLE;
/** There is a link address. */
export const NUD_VALID = NUD_CONNECTED | NUD.PROBE | NUD.STALE | NUD.DELAY;
/** Something is due: the timer is armed. */
export const NUD_IN_TIMER = NUD.INCOMPLETE | NUD.REACHABLE | NUD.DELAY | NUD.PROBE;

const NAMES = new Map<number, NeighbourState>([
  [NUD.NONE, "NONE"],
  [NUD.INCOMPLETE, "INCOMPLETE"],
  [NUD.REACHABLE, "REACHABLE"],
  [NUD.STALE, "STALE"],
  [NUD.DELAY, "DELAY"],
  [NUD.PROBE, "PROBE"],
  [NUD.FAILED, "FAILED"],
  [NUD.NOARP, "NOARP"],
  [NUD.PERMANENT, "PERMANENT"],
]);

/** As `ip neigh` prints it. */
export const nudName = (state: number): NeighbourState => NAMES.get(state) ?? "NONE";
