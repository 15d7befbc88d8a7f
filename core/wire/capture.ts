/** What capture files hold, whatever their format: interfaces, packets, names, counters; and the link types we know. */
import type { Ipv4Address, MacAddress } from "./address.ts";

/** Link-layer header types (tcpdump.org/linktypes.html), as far as the dissector reads them. */
export const LINKTYPE = { NULL: 0, ETHERNET: 1, RAW: 101, LOOP: 108, LINUX_SLL: 113, USER0: 147, IPV4: 228 } as const;

/** An instant since 1970-01-01 UTC. One number of nanoseconds would not be exact in a double. */
export type CaptureTime = { readonly seconds: number; readonly nanoseconds: number };

export type Direction = "in" | "out";

export type CapturedInterface = {
  readonly linkType: number;
  /** Longest packet kept, in bytes; 0 is no limit. */
  readonly snapLength: number;
  readonly name?: string;
  readonly description?: string;
  readonly addresses: readonly { readonly address: Ipv4Address; readonly mask: number }[];
  readonly mac?: MacAddress;
  readonly speedBitsPerSecond?: number;
  /** Bytes of frame check sequence at the end of each packet. */
  readonly fcsBytes?: number;
  /** Units of the file's timestamps: `base` to the power of minus `exponent` seconds. */
  readonly resolution: { readonly base: 2 | 10; readonly exponent: number };
  /** Seconds to add to every timestamp. */
  readonly offsetSeconds: number;
};

export type CapturedPacket = {
  /** Index into the file's interfaces, counted over all sections. */
  readonly interfaceId: number;
  readonly linkType: number;
  /** Absent in a simple packet block. */
  readonly time?: CaptureTime;
  /** The bytes kept, as a copy. */
  readonly data: Uint8Array;
  readonly originalLength: number;
  readonly direction?: Direction;
  /** The link layer's flags word, as in the file. */
  readonly flags?: number;
  /** Equal for one packet seen at several places. Exact below 2^53. */
  readonly packetId?: number;
  /** Packets lost between this one and the one before on the same interface. */
  readonly dropCount?: number;
  readonly queue?: number;
  readonly comments: readonly string[];
  /** Position of the packet's record in the file, in bytes. */
  readonly at: number;
};

export type CapturedNames = { readonly address: Ipv4Address; readonly names: readonly string[] };

/** Counters of one interface, all in packets. */
export type CapturedStatistics = {
  readonly interfaceId: number;
  readonly time: CaptureTime;
  readonly received?: number;
  readonly dropped?: number;
  readonly osDropped?: number;
  readonly delivered?: number;
};

/** Why reading stopped before the end: what was complete until `at` has been returned. */
export type CaptureProblem = { readonly at: number; readonly message: string };

/** Where a writer's bytes go, in order. The chunk is the receiver's to keep. */
export type ByteSink = (chunk: Uint8Array) => void;

/** The link type of a pcap header or interface block, where the upper half may hold FCS length bits. */
export const linkTypeOf = (field: number): number => field & 0xffff;

/** FCS bytes a pcap header's link type field declares: bits 28 to 31, in 16-bit units, valid when bit 26 is set. */
export const fcsBytesOf = (field: number): number | undefined =>
  (field & 0x04000000) !== 0 ? (field >>> 28) * 2 : undefined;

/** The instant `span` ns of virtual time after the epoch, which is in whole seconds since 1970. */
export function captureTimeOf(epochSeconds: number, span: number): CaptureTime {
  const nanoseconds = span % 1_000_000_000;
  return { seconds: epochSeconds + (span - nanoseconds) / 1_000_000_000, nanoseconds };
}
