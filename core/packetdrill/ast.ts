/** What a script says, as data: the events in order, each with its time and its place in the text. */
import type { Nanoseconds } from "../base/time.ts";
import type { ScriptOption } from "./tcp-option-spec.ts";
import type { Place } from "./problem.ts";

export interface Script {
  readonly options: readonly ScriptFlag[];
  /** Shell command to run first, and last. */
  readonly init: ShellCommand | null;
  readonly events: readonly ScriptEvent[];
  readonly cleanup: ShellCommand | null;
}

/** `--name=value` in front of the script. */
export interface ScriptFlag extends Place {
  readonly name: string;
  readonly value: string;
}

export interface ShellCommand extends Place {
  readonly kind: "command";
  readonly text: string;
}

/** When something happens or is expected: spans in ns, from the script's start or from the event before. */
export type EventTime =
  | { readonly kind: "absolute" | "relative"; readonly at: Nanoseconds }
  | { readonly kind: "absolute-range" | "relative-range"; readonly at: Nanoseconds; readonly end: Nanoseconds }
  | { readonly kind: "any" };

export interface ScriptEvent extends Place {
  readonly time: EventTime;
  readonly action: Action;
}

export type Action = PacketAction | CallAction | ShellCommand | CodeAction;

/** `%{ ... }%`. */
export interface CodeAction extends Place {
  readonly kind: "code";
  readonly text: string;
}

export interface PacketAction {
  readonly kind: "packet";
  /** "in" is injected into the stack under test, "out" is expected from it. */
  readonly direction: "in" | "out";
  readonly ip: IpSpec;
  readonly packet: TcpSpec | UdpSpec | IcmpSpec;
}

/** What is said of the IP header; what is not said is not checked. */
export interface IpSpec {
  readonly check: "none" | "ecn" | "ect01" | "tos";
  readonly tos: number;
  /** Null: 255 when injected, any when expected. */
  readonly ttl: number | null;
}

/** Ports written in the script; null takes the connection's. */
export interface PortsSpec {
  readonly source: number;
  readonly target: number;
}

export interface TcpSpec {
  readonly protocol: "tcp";
  readonly ports: PortsSpec | null;
  /** Bits of wire/tcp.ts TH. */
  readonly flags: number;
  /** AccECN's counter, when the flags were written as a digit. */
  readonly ace: number | null;
  readonly seq: number;
  readonly payload: number;
  /** 0 when none is written. */
  readonly ack: number;
  readonly window: number | null;
  readonly urgent: number;
  /** Null: `<...>`, not checked. */
  readonly options: readonly ScriptOption[] | null;
}

export interface UdpSpec {
  readonly protocol: "udp";
  readonly ports: PortsSpec | null;
  readonly payload: number;
}

export interface IcmpSpec {
  readonly protocol: "icmp";
  readonly type: number;
  readonly code: number;
  readonly mtu: number | null;
  readonly id: number;
  readonly quote: QuoteSpec;
}

/** The packet that an ICMP error quotes: IP header and 8 bytes more. */
export interface QuoteSpec {
  readonly protocol: "tcp" | "udp" | "raw";
  readonly seq: number;
  readonly payload: number;
}

export interface CallAction {
  readonly kind: "call";
  /** Where a call said to block returns: a span as the event's own time is; null for one that does not block. */
  readonly end: Nanoseconds | null;
  readonly name: string;
  readonly args: readonly Expression[];
  readonly result: Expression;
  /** Symbol, when one is written. */
  readonly errno: string | null;
}

export type Expression = Place &
  (
    | { readonly kind: "ellipsis" }
    | { readonly kind: "integer"; readonly value: number }
    | { readonly kind: "word"; readonly name: string }
    | { readonly kind: "string"; readonly text: string; readonly open: boolean }
    | { readonly kind: "or"; readonly left: Expression; readonly right: Expression }
    | { readonly kind: "assign"; readonly name: string; readonly value: Expression }
    /** `htons(8080)`, `inet_addr("10.0.0.1")`. */
    | { readonly kind: "apply"; readonly name: string; readonly argument: Expression }
    | { readonly kind: "list"; readonly items: readonly Expression[] }
    | { readonly kind: "struct"; readonly fields: readonly StructField[] }
  );

export interface StructField extends Place {
  /** Null for a value without name, as in `{..., 1000}`. */
  readonly name: string | null;
  /** `msg_iov(1)=`: what stands in brackets behind the name. */
  readonly argument: Expression | null;
  readonly value: Expression;
}
