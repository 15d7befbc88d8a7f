/** /proc/net/snmp and netstat as tables, and the words netstat -s uses for their counters (net-tools, statistics.c). */

/** Counters by group (Ip, Icmp, Udp...) and name. */
export type Snmp = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Pairs of lines: names, then values, both starting with the group. Anything else is skipped. */
export function parseSnmp(text: string): Snmp {
  const groups = new Map<string, ReadonlyMap<string, number>>();
  const lines = text.split("\n");
  for (let i = 0; i + 1 < lines.length; i++) {
    const [group = "", ...names] = (lines[i] ?? "").split(/\s+/);
    const [again, ...values] = (lines[i + 1] ?? "").split(/\s+/);
    if (group !== again || !group.endsWith(":")) continue;
    groups.set(group.slice(0, -1), new Map(names.map((name, at) => [name, Number(values[at] ?? "0") || 0])));
    i++;
  }
  return groups;
}

type LineKind = "always" | "if-not-zero" | "indented" | "if-not-zero-indented" | "heading";
export type Section = {
  readonly name: string;
  /** A `%` in the label is where the number goes; otherwise it comes first. */
  readonly lines: readonly (readonly [counter: string, label: string, kind: LineKind])[];
};

const histogram = (direction: "In" | "Out"): Section["lines"] => [
  ["", `ICMP ${direction === "In" ? "input" : "output"} histogram:`, "heading"],
  [`${direction}DestUnreachs`, "destination unreachable", "indented"],
  [`${direction}TimeExcds`, "timeout in transit", "indented"],
  [`${direction}ParmProbs`, "wrong parameters", "indented"],
  [`${direction}SrcQuenchs`, "source quenches", "indented"],
  [`${direction}Redirects`, "redirects", "indented"],
  [`${direction}Echos`, direction === "In" ? "echo requests" : "echo requests", "indented"],
  [`${direction}EchoReps`, "echo replies", "indented"],
];

export const NETSTAT_SECTIONS: readonly Section[] = [
  {
    name: "Ip",
    lines: [
      ["Forwarding", "Forwarding: %", "always"],
      ["InReceives", "total packets received", "always"],
      ["InHdrErrors", "with invalid headers", "if-not-zero"],
      ["InAddrErrors", "with invalid addresses", "if-not-zero"],
      ["ForwDatagrams", "forwarded", "always"],
      ["InUnknownProtos", "with unknown protocol", "if-not-zero"],
      ["InDiscards", "incoming packets discarded", "always"],
      ["InDelivers", "incoming packets delivered", "always"],
      ["OutRequests", "requests sent out", "always"],
      ["OutDiscards", "outgoing packets dropped", "if-not-zero"],
      ["OutNoRoutes", "dropped because of missing route", "if-not-zero"],
      ["ReasmTimeout", "fragments dropped after timeout", "if-not-zero"],
      ["ReasmReqds", "reassemblies required", "if-not-zero"],
      ["ReasmOKs", "packets reassembled ok", "if-not-zero"],
      ["ReasmFails", "packet reassemblies failed", "if-not-zero"],
      ["FragOKs", "fragments received ok", "if-not-zero"],
      ["FragFails", "fragments failed", "if-not-zero"],
      ["FragCreates", "fragments created", "if-not-zero"],
    ],
  },
  {
    name: "Icmp",
    lines: [
      ["InMsgs", "ICMP messages received", "always"],
      ["InErrors", "input ICMP message failed", "always"],
      ...histogram("In"),
      ["OutMsgs", "ICMP messages sent", "always"],
      ["OutErrors", "ICMP messages failed", "always"],
      ...histogram("Out"),
    ],
  },
  {
    name: "Tcp",
    lines: [
      ["ActiveOpens", "active connection openings", "always"],
      ["PassiveOpens", "passive connection openings", "always"],
      ["AttemptFails", "failed connection attempts", "always"],
      ["EstabResets", "connection resets received", "always"],
      ["CurrEstab", "connections established", "always"],
      ["InSegs", "segments received", "always"],
      ["OutSegs", "segments sent out", "always"],
      ["RetransSegs", "segments retransmitted", "always"],
      ["InErrs", "bad segments received", "always"],
      ["OutRsts", "resets sent", "always"],
    ],
  },
  {
    name: "Udp",
    lines: [
      ["InDatagrams", "packets received", "always"],
      ["NoPorts", "packets to unknown port received", "always"],
      ["InErrors", "packet receive errors", "always"],
      ["OutDatagrams", "packets sent", "always"],
      ["RcvbufErrors", "receive buffer errors", "always"],
      ["SndbufErrors", "send buffer errors", "always"],
      ["InCsumErrors", "InCsumErrors: %", "if-not-zero"],
    ],
  },
];
