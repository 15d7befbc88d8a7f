/** The run of a lab as the workbench follows it. Times are virtual ns. */
import type { JournalEntry } from "../command.ts";
import type { CheckResult } from "../run-report.ts";

/** Virtual seconds a second, or as fast as it goes. */
export type Speed = number | "max";

export interface RunState {
  readonly time: number;
  readonly events: number;
  readonly digest: string;
  readonly playing: boolean;
  readonly speed: Speed;
  /** The lab needs more time than the speed gives it: virtual time falls behind. */
  readonly behind: boolean;
  /** Entries so far. */
  readonly journalLength: number;
  /** Nothing is under way and nothing is planned. */
  readonly quiet: boolean;
}

export interface NodeState {
  readonly node: number;
  readonly power: "on" | "off" | "paused";
  /** What its program calls its state (`state("READY")`); "" for none. */
  readonly label: string;
}

export interface LinkState {
  readonly link: number;
  readonly forwardUp: boolean;
  readonly backwardUp: boolean;
}

/** Protocols that are drawn apart, by number. */
export const FLIGHT_PROTOCOLS = [
  "other",
  "arp",
  "icmp",
  "udp",
  "tcp",
  "tcp-syn",
  "tcp-fin",
  "tcp-rst",
  "tcp-data",
] as const;
export type FlightProtocol = (typeof FLIGHT_PROTOCOLS)[number];

/** Frames that set out on links since the last push, oldest first; parallel arrays. */
export interface Flights {
  readonly packet: readonly number[];
  readonly link: readonly number[];
  /** 0 from the first end to the second. */
  readonly direction: readonly number[];
  /** When its first bit leaves, and its last arrives; a frame that waits for its turn leaves later than now. */
  readonly start: readonly number[];
  readonly end: readonly number[];
  /** Index into FLIGHT_PROTOCOLS. */
  readonly protocol: readonly number[];
  /** Frames that set out besides and are not listed, by link: dense traffic is drawn as a band. */
  readonly more: readonly { readonly link: number; readonly direction: number; readonly frames: number }[];
}

export interface DropView {
  readonly time: number;
  readonly packet: number;
  /** A node's name, or a link's. */
  readonly place: string;
  readonly reason: string;
  readonly text: string;
}

/** One push: what changed since the last one. Sent only when the client has asked for the next. */
export interface FramePush {
  readonly run: RunState;
  readonly flights: Flights;
  readonly drops: readonly DropView[];
  /** Only those that changed; all of them after the lab was opened or time went back. */
  readonly nodes: readonly NodeState[];
  readonly links: readonly LinkState[];
  readonly consoles: readonly { readonly console: number; readonly text: string }[];
  readonly ended: readonly { readonly console: number; readonly status: number }[];
  /** Entries of the journal from number `journalFrom` on: what the client had there is void. */
  readonly journal: readonly JournalEntry[];
  readonly journalFrom: number;
  /** Time went back: what was drawn before is void. */
  readonly rewound: boolean;
  readonly packets: number;
  readonly checks: readonly CheckResult[];
}
