/**
 * The lab as the world builder wants it: plain data, defaults applied, every name resolved to an index, every quantity
 * a number in its base unit. Made by `parseLab` only, so whoever holds a `Lab` may trust it: indices are in range,
 * addresses and names are unique, times lie in a run.
 * Left out: IPv6, and routes that a routing protocol would find (`routing: auto` is computed by the world).
 */
import type { DropReason } from "../contract/drop-reason.ts";
import type { Jitter, Loss } from "../contract/impairment.ts";
import type { Problem, SourcePlace } from "./problem.ts";

/** IPv4 address as an unsigned 32-bit integer: 10.0.0.1 is 0x0a000001. */
export type Ipv4Number = number;
/** Ethernet address as a 48-bit integer: 02:00:00:00:00:01 is 0x020000000001. */
export type MacNumber = number;
/** A fraction, 0 (never) to 1 (always), ready for `Random.chance`. */
export type Probability = number;
/** Index into `Lab.nodes`. */
export type NodeIndex = number;
/** Index into `Lab.links`. */
export type LinkIndex = number;

export type CostProfile = "ideal" | "modern" | "1996";

export type Lab = {
  /** Name of the file it was read from, for messages. */
  readonly file: string;
  readonly name: string;
  /** Markdown for the reader; may be empty. */
  readonly text: string;
  readonly seed: number;
  readonly routing: "auto" | "static";
  /** How long a run lasts unless told otherwise, in ns. */
  readonly durationNs: number;
  readonly nodes: readonly LabNode[];
  readonly links: readonly LabLink[];
  /** Broadcast domains: what one ARP request reaches. Every NIC with a cable is in exactly one. */
  readonly segments: readonly LabSegment[];
  /** In order: the first rule with a verdict decides. */
  readonly faults: readonly LabFaultRule[];
  readonly schedule: LabSchedule | null;
  /** Sorted by time; equal times keep the order of the file. */
  readonly timeline: readonly LabTimelineEntry[];
  readonly checks: readonly LabCheck[];
  readonly measurements: readonly LabMeasurement[];
  readonly warnings: readonly Problem[];
};

// Nodes

export type LabNode = LabHost | LabSwitch | LabHub;

type LabNodeBase = {
  readonly index: NodeIndex;
  /** Also the hostname. Unique; starts with a letter. */
  readonly name: string;
  /** Place on the canvas in pixels; null leaves it to the layout. */
  readonly at: { readonly x: number; readonly y: number } | null;
  /** Sockets for cables, in the order of their names (eth0, eth1...). A switch's and hub's ports are here as well. */
  readonly nics: readonly LabNic[];
  readonly source: SourcePlace;
};

/** A machine with Linux's kernel; a router is a host that forwards. */
export type LabHost = LabNodeBase & {
  readonly kind: "host" | "router";
  readonly profile: CostProfile;
  readonly cpus: number;
  /** Addresses on `lo`, besides 127.0.0.1/8. */
  readonly loopback: readonly LabAddress[];
  /** Default gateway, as written or, under `routing: static`, the segment's first router; null for none. */
  readonly gateway: Ipv4Number | null;
  /** Static routes as written, without the default gateway. */
  readonly routes: readonly LabRoute[];
  /** In order, defaults first; `net.ipv4.ip_forward` of a router is written out here as 1. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Absolute path to content. */
  readonly files: ReadonlyMap<string, string>;
  /** Shell commands at boot, in order. */
  readonly run: readonly string[];
  readonly programs: readonly LabProgram[];
  /** How long the disk takes to force what was written to it, in ns; null for its own default. */
  readonly diskSyncNs: number | null;
};

/** A guest program of a machine. */
export type LabProgram = {
  /** Also the command that starts it. Unique on its machine. */
  readonly name: string;
  /** Path relative to the lab file; of an inline program, the name it has in messages. */
  readonly file: string;
  /** Its TypeScript, or null when it stands in `file`. */
  readonly text: string | null;
  readonly args: readonly string[];
  /** Started this long after each boot of its machine, unless it is a command only. */
  readonly atNs: number;
  readonly atBoot: boolean;
  readonly source: SourcePlace;
};

export type LabSwitch = LabNodeBase & {
  readonly kind: "switch";
  /** How long a learned address lives, in ns. */
  readonly ageingNs: number;
  /** Learned addresses at most. */
  readonly tableMax: number;
};

/** A shared half-duplex medium (CSMA/CD): all its cables are one collision domain at one rate. */
export type LabHub = LabNodeBase & { readonly kind: "hub"; readonly rateBps: number };

export type LabAddress = { readonly address: Ipv4Number; readonly prefixLength: number };

export type LabRoute = {
  readonly network: Ipv4Number;
  readonly prefixLength: number;
  /** Next hop; null for a route on the link of `nic`. */
  readonly via: Ipv4Number | null;
  /** Index into the host's `nics`; null lets the next hop decide. */
  readonly nic: number | null;
  readonly metric: number;
};

export type LabNic = {
  readonly index: number;
  readonly name: string;
  readonly mac: MacNumber;
  /** Largest IP packet, in bytes. As written, or else what the cable takes. */
  readonly mtuBytes: number;
  /** First is the primary one. Empty on switches and hubs. */
  readonly addresses: readonly LabAddress[];
  /** 802.1Q identifier that the host puts on its frames and expects on arrivals; null for untagged. */
  readonly vlan: number | null;
  /** The cable in this socket, and which end of it this is; null for none. */
  readonly link: { readonly index: LinkIndex; readonly end: 0 | 1 } | null;
  /** Index into `Lab.segments`; null without a cable, and on switches and hubs. */
  readonly segment: number | null;
  readonly driver: "napi" | "irq" | "poll";
  /** Descriptors. */
  readonly rxRing: number;
  readonly txRing: number;
  /** The IRQ waits for this many frames or this long after the first, whichever is sooner; 0 ns is at once. */
  readonly coalesce: { readonly rxNs: number; readonly rxFrames: number };
  readonly offload: { readonly txChecksum: boolean; readonly rxChecksum: boolean; readonly gro: boolean };
  /** As after `tc qdisc add dev X root`: `pfifo_fast limit 1000`. The first word is a known discipline. */
  readonly qdisc: string;
};

/** A broadcast domain: NICs of hosts and routers joined by cables, switches and hubs, on one VLAN. */
export type LabSegment = {
  readonly index: number;
  /** Null when its hosts were given no common subnet and none was needed. */
  readonly subnet: { readonly network: Ipv4Number; readonly prefixLength: number } | null;
  readonly vlan: number | null;
  /** In the order of the nodes. */
  readonly members: readonly { readonly node: NodeIndex; readonly nic: number }[];
};

// Links

export type LabLink = {
  readonly index: LinkIndex;
  /** As written, or else `h1-s1` of its ends (`h1-s1.2` for a second one). Unique, also among node names. */
  readonly name: string;
  /** `nic` is an index into that node's `nics`. The two ends are two sockets; they may be on one node. */
  readonly ends: readonly [LabEnd, LabEnd];
  /** From `ends[0]` to `ends[1]`. */
  readonly forward: LabDirection;
  readonly backward: LabDirection;
  /** What a shortest path adds for it, at least 1. */
  readonly cost: number;
  /** Carrier at the start. */
  readonly up: boolean;
  readonly source: SourcePlace;
};

export type LabEnd = { readonly node: NodeIndex; readonly nic: number };

/** One direction of a cable. */
export type LabDirection = {
  /** bit/s, at least 1. */
  readonly rateBps: number;
  readonly delayNs: number;
  readonly jitter: Jitter | null;
  readonly loss: Loss | null;
  readonly duplicate: Probability;
  readonly reorder: LabReorder | null;
  /** Share of frames that get one bit inverted. */
  readonly corrupt: Probability;
  /** Share of bits that are inverted, each on its own. */
  readonly bitErrorRate: Probability;
  /** Largest IP packet (Ethernet payload) that gets through, in bytes. */
  readonly mtuBytes: number;
  /** Frames that wait for the wire at most; the one being sent does not count. */
  readonly queueFrames: number;
};

/** Every `gap`-th frame (1: any) overtakes with this probability: it is sent without the delay (tc-netem(8)). */
export type LabReorder = { readonly probability: Probability; readonly gap: number };

// Faults

export type LabFaultTarget =
  | { readonly kind: "all" }
  | { readonly kind: "node"; readonly node: NodeIndex }
  | { readonly kind: "link"; readonly link: LinkIndex; readonly direction: LabDirectionName };

export type LabDirectionName = "both" | "forward" | "backward";

export type LabFaultRule = {
  readonly on: LabFaultTarget;
  readonly match: LabMatch;
  /** Of matching frames. */
  readonly probability: Probability;
  readonly verdict: LabVerdict;
  readonly fromNs: number;
  /** Exclusive; null for the end of the run. */
  readonly untilNs: number | null;
  readonly source: SourcePlace;
};

export type LabVerdict =
  /** Takes the frame out of the reach of later rules. */
  | { readonly kind: "pass" }
  | { readonly kind: "drop" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "corrupt" }
  | { readonly kind: "delay"; readonly delayNs: number };

/** All that is not null must hold. */
export type LabMatch = {
  readonly protocol: "arp" | "ipv4" | "icmp" | "udp" | "tcp" | null;
  readonly source: LabAddress | null;
  readonly destination: LabAddress | null;
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  /** Length of the frame without FCS, in bytes. */
  readonly bytesMin: number | null;
  readonly bytesMax: number | null;
  /**
   * Of the frames for which all the above holds: leave the first `skip` alone, then every `every`-th, `count` in all.
   */
  readonly skip: number;
  readonly every: number;
  readonly count: number | null;
};

export type LabFaultKind =
  "link-down" | "loss" | "delay" | "duplicate" | "reorder" | "corrupt" | "partition" | "crash" | "reboot" | "pause";

/** Faults at random times, drawn from a stream of their own. */
export type LabSchedule = {
  readonly seed: number;
  readonly fromNs: number;
  readonly untilNs: number;
  /** Means of exponential distributions: from one fault's start to the next, and of a fault's length. */
  readonly meanGapNs: number;
  readonly meanLengthNs: number;
  /** At least one, without repetition. */
  readonly kinds: readonly LabFaultKind[];
  /** What may be hit; empty for everything. */
  readonly on: readonly (
    { readonly kind: "node"; readonly node: NodeIndex } | { readonly kind: "link"; readonly link: LinkIndex }
  )[];
  /** Undo every fault at `untilNs`. */
  readonly heal: boolean;
  readonly source: SourcePlace;
};

// Timeline

export type LabTimelineEntry = { readonly atNs: number; readonly source: SourcePlace } & LabAction;

export type LabAction =
  | { readonly kind: "run"; readonly node: NodeIndex; readonly command: string }
  | { readonly kind: "link"; readonly link: LinkIndex; readonly action: "down" | "up" }
  /** Changes what is named and leaves the rest of either direction as it is then. */
  | {
      readonly kind: "link-set";
      readonly link: LinkIndex;
      readonly forward: Partial<LabDirection>;
      readonly backward: Partial<LabDirection>;
    }
  | { readonly kind: "node"; readonly node: NodeIndex; readonly action: "crash" | "reboot" | "pause" | "resume" };

// Checks

export type LabCheck = { readonly name: string; readonly atNs: number; readonly source: SourcePlace } & (
  LabRunCheck | LabCounterCheck | LabReachCheck
);

/** A command on a host, started at `atNs`. */
export type LabRunCheck = {
  readonly kind: "run";
  readonly node: NodeIndex;
  readonly command: string;
  /** All must match what it prints; see `matchesOutput` in output-pattern.ts. */
  readonly output: readonly string[];
  readonly status: number | null;
  /** It must end within this time; null: before the run does. */
  readonly withinNs: number | null;
};

/** A counter, read at `atNs`. Null bounds are not looked at. */
export type LabCounterCheck = {
  readonly kind: "counter";
  readonly counter: LabCounter;
  readonly equals: number | null;
  readonly atLeast: number | null;
  readonly atMost: number | null;
};

export type LabCounter =
  /** SNMP name with its group: `Udp.InDatagrams`. */
  | { readonly kind: "snmp"; readonly node: NodeIndex; readonly name: string }
  /** Interface counter by its name in /sys/class/net/X/statistics or `ethtool -S`, or `qdisc_packets`. */
  | { readonly kind: "nic"; readonly node: NodeIndex; readonly nic: number; readonly name: string }
  /**
   * Field of `struct tcp_info` without its `tcpi_` (`snd_cwnd`; `rtt` in us) of the newest connection that has that
   * port at either end, listeners aside.
   */
  | { readonly kind: "tcp"; readonly node: NodeIndex; readonly port: number; readonly field: string }
  /** Packets that died of a reason, on one node or (null) everywhere. */
  | { readonly kind: "drop"; readonly node: NodeIndex | null; readonly reason: DropReason }
  /** Counter of a switch or hub: `collisions`, `frames`, `tx_packets`. */
  | { readonly kind: "fabric"; readonly node: NodeIndex; readonly name: string };

/** Each of the hosts pings each other one at `atNs`; all must answer (or, with `expect: false`, none). */
export type LabReachCheck = { readonly kind: "reach"; readonly nodes: readonly NodeIndex[]; readonly expect: boolean };

// Measurements

/** A table with a row every `everyNs`, the first one `everyNs` after `fromNs`. */
export type LabMeasurement = {
  readonly name: string;
  readonly fromNs: number;
  readonly everyNs: number;
  readonly untilNs: number;
  readonly columns: readonly LabColumn[];
};

/** The counter itself, its growth since the row before, or that growth per second. */
export type LabColumn = {
  readonly name: string;
  readonly show: "value" | "delta" | "rate";
  readonly counter: LabCounter;
};
