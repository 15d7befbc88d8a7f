/**
 * IPv4 options on the way through a host (RFC 791, section 3.1; Linux net/ipv4/ip_options.c): checked on receipt,
 * record route and timestamps filled in where a packet leaves or arrives, and thinned out for fragments. Source routes
 * are recognised, so that they can be refused. Left out: following source routes, CIPSO.
 */
import { put32, put8, u32, u8 } from "../../base/bytes.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { IPV4_HEADER_BYTES } from "../../wire/ipv4.ts";
import { IPOPT, IPOPT_COPY } from "../../wire/ipv4-options.ts";
import { optionLength } from "../../wire/options.ts";

const TIMESTAMP_ONLY = 0;
const TIMESTAMP_WITH_ADDRESS = 1;
const TIMESTAMP_PRESPECIFIED = 3;

export interface OptionCheck {
  /** Offset in the header of the byte that is wrong, for ICMP parameter problem; -1 when all is well. */
  readonly problemAt: number;
  readonly hasSourceRoute: boolean;
  readonly hasRouterAlert: boolean;
}

/** Checks the options of a received header (ip_options_compile). @param at the header's first byte. */
export function checkOptions(bytes: Uint8Array, at: number, headerBytes: number): OptionCheck {
  const end = at + headerBytes;
  let hasSourceRoute = false;
  let hasRouterAlert = false;
  let seen = 0;
  let next = at + IPV4_HEADER_BYTES;
  const problem = (offset: number): OptionCheck => ({ problemAt: offset - at, hasSourceRoute, hasRouterAlert });
  while (next < end && u8(bytes, next) !== IPOPT.END) {
    const kind = u8(bytes, next);
    const length = optionLength(bytes, next, end);
    if (length === 0) return problem(next);
    const bit = onceBit(kind);
    // Each of these may come once only.
    if ((seen & bit) !== 0) return problem(next);
    seen |= bit;
    if (kind === IPOPT.LSRR || kind === IPOPT.SSRR) hasSourceRoute = true;
    if (kind === IPOPT.RA) hasRouterAlert = length >= 4 && u8(bytes, next + 2) === 0 && u8(bytes, next + 3) === 0;
    const wrong = problemInOption(bytes, next, length);
    if (wrong >= 0) return problem(wrong);
    next += length;
  }
  return { problemAt: -1, hasSourceRoute, hasRouterAlert };
}

function onceBit(kind: number): number {
  if (kind === IPOPT.LSRR || kind === IPOPT.SSRR) return 1;
  if (kind === IPOPT.RR) return 2;
  return kind === IPOPT.TIMESTAMP ? 4 : 0;
}

/** Offset of what is wrong with a slot-bearing option, -1 for nothing. */
function problemInOption(bytes: Uint8Array, at: number, length: number): number {
  const kind = u8(bytes, at);
  if (kind === IPOPT.RA) return length < 4 ? at + 1 : -1;
  const isRoute = kind === IPOPT.RR || kind === IPOPT.LSRR || kind === IPOPT.SSRR;
  if (!isRoute && kind !== IPOPT.TIMESTAMP) return -1;
  const fixed = isRoute ? 3 : 4;
  if (length < fixed) return at + 1;
  const pointer = u8(bytes, at + 2);
  if (pointer < fixed + 1) return at + 2;
  if (isRoute) return pointer <= length && pointer + 3 > length ? at + 2 : -1;
  const flag = u8(bytes, at + 3) & 15;
  if (flag !== TIMESTAMP_ONLY && flag !== TIMESTAMP_WITH_ADDRESS && flag !== TIMESTAMP_PRESPECIFIED) return at + 3;
  if (pointer <= length) return pointer + (flag === TIMESTAMP_ONLY ? 3 : 7) > length ? at + 2 : -1;
  // Full, and the count of hosts that found it full cannot grow either.
  return flag !== TIMESTAMP_PRESPECIFIED && u8(bytes, at + 3) >>> 4 === 15 ? at + 3 : -1;
}

/** This machine, as it enters itself into options. */
export interface Hop {
  readonly address: Ipv4Address;
  /** ms since midnight UTC. */
  readonly clock: number;
  isOurs(address: Ipv4Address): boolean;
}

/**
 * Enters the hop into record route and timestamp options. @returns whether the header changed and needs its checksum.
 */
export function recordHop(bytes: Uint8Array, at: number, headerBytes: number, hop: Hop): boolean {
  const end = at + headerBytes;
  let changed = false;
  let next = at + IPV4_HEADER_BYTES;
  while (next < end && u8(bytes, next) !== IPOPT.END) {
    const length = optionLength(bytes, next, end);
    if (length === 0 || problemInOption(bytes, next, length) >= 0) return changed;
    const kind = u8(bytes, next);
    if (kind === IPOPT.RR && u8(bytes, next + 2) <= length) {
      put32(bytes, next + u8(bytes, next + 2) - 1, hop.address);
      put8(bytes, next + 2, u8(bytes, next + 2) + 4);
      changed = true;
    } else if (kind === IPOPT.TIMESTAMP) {
      changed = recordTimestamp(bytes, next, hop) || changed;
    }
    next += length;
  }
  return changed;
}

function recordTimestamp(bytes: Uint8Array, at: number, hop: Hop): boolean {
  const flag = u8(bytes, at + 3) & 15;
  const pointer = u8(bytes, at + 2);
  const slot = at + pointer - 1;
  if (pointer > u8(bytes, at + 1)) {
    if (flag === TIMESTAMP_PRESPECIFIED) return false;
    put8(bytes, at + 3, u8(bytes, at + 3) + 0x10);
    return true;
  }
  if (flag === TIMESTAMP_ONLY) {
    put32(bytes, slot, hop.clock);
    put8(bytes, at + 2, pointer + 4);
    return true;
  }
  if (flag === TIMESTAMP_PRESPECIFIED && !hop.isOurs(u32(bytes, slot) as Ipv4Address)) return false;
  if (flag === TIMESTAMP_WITH_ADDRESS) put32(bytes, slot, hop.address);
  put32(bytes, slot + 4, hop.clock);
  put8(bytes, at + 2, pointer + 8);
  return true;
}

/** Turns options that belong into the first fragment only into padding (ip_options_fragment); the length stays. */
export function thinOptions(bytes: Uint8Array, at: number, headerBytes: number): void {
  const end = at + headerBytes;
  let next = at + IPV4_HEADER_BYTES;
  while (next < end && u8(bytes, next) !== IPOPT.END) {
    const length = optionLength(bytes, next, end);
    if (length === 0) return;
    if ((u8(bytes, next) & IPOPT_COPY) === 0) bytes.fill(IPOPT.NOOP, next, next + length);
    next += length;
  }
}

/** The options an echo reply gives back: all but source routes and their like, which would need reversing. */
export function echoedOptions(bytes: Uint8Array, at: number, headerBytes: number): Uint8Array | null {
  if (headerBytes <= IPV4_HEADER_BYTES) return null;
  const options = bytes.slice(at + IPV4_HEADER_BYTES, at + headerBytes);
  for (let next = 0; next < options.length && u8(options, next) !== IPOPT.END;) {
    const length = optionLength(options, next, options.length);
    if (length === 0) return null;
    const kind = u8(options, next);
    if (kind !== IPOPT.RR && kind !== IPOPT.TIMESTAMP) options.fill(IPOPT.NOOP, next, next + length);
    next += length;
  }
  return options;
}
