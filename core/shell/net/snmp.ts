/** /proc/net/snmp and netstat as tables, and the words netstat -s has for their counters (net-tools 2.10). */

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

const IN_HISTOGRAM: Section["lines"] = [
  ["", "ICMP input histogram:", "heading"],
  ["InDestUnreachs", "destination unreachable", "indented"],
  ["InTimeExcds", "timeout in transit", "indented"],
  ["InParmProbs", "wrong parameters", "indented"],
  ["InSrcQuenchs", "source quenches", "indented"],
  ["InRedirects", "redirects", "indented"],
  ["InEchos", "echo requests", "indented"],
  ["InEchoReps", "echo replies", "indented"],
  ["InTimestamps", "timestamp request", "indented"],
  ["InTimestampReps", "timestamp reply", "indented"],
  ["InAddrMasks", "address mask request", "indented"],
  ["InAddrMaskReps", "address mask replies", "indented"],
];
const OUT_HISTOGRAM: Section["lines"] = [
  ["", "ICMP output histogram:", "heading"],
  ["OutDestUnreachs", "destination unreachable", "indented"],
  ["OutTimeExcds", "time exceeded", "indented"],
  ["OutParmProbs", "wrong parameters", "indented"],
  ["OutSrcQuenchs", "source quench", "indented"],
  ["OutRedirects", "redirect", "indented"],
  ["OutEchos", "echo requests", "indented"],
  ["OutEchoReps", "echo replies", "indented"],
  ["OutTimestamps", "timestamp requests", "indented"],
  ["OutTimestampReps", "timestamp replies", "indented"],
  ["OutAddrMasks", "address mask requests", "indented"],
  ["OutAddrMaskReps", "address mask replies", "indented"],
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
      ["FragOKs", "outgoing packets fragmented ok", "if-not-zero"],
      ["FragFails", "outgoing packets failed fragmentation", "if-not-zero"],
      ["FragCreates", "fragments created", "if-not-zero"],
      ["OutTransmits", "OutTransmits: %", "if-not-zero"],
    ],
  },
  {
    name: "Icmp",
    lines: [
      ["InMsgs", "ICMP messages received", "always"],
      ["InErrors", "input ICMP message failed", "always"],
      ["InCsumErrors", "InCsumErrors: %", "if-not-zero"],
      ...IN_HISTOGRAM,
      ["OutMsgs", "ICMP messages sent", "always"],
      ["OutErrors", "ICMP messages failed", "always"],
      ["OutRateLimitGlobal", "OutRateLimitGlobal: %", "if-not-zero"],
      ["OutRateLimitHost", "OutRateLimitHost: %", "if-not-zero"],
      ...OUT_HISTOGRAM,
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
      ["InCsumErrors", "InCsumErrors: %", "if-not-zero"],
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
      ["IgnoredMulti", "IgnoredMulti: %", "if-not-zero"],
      ["MemErrors", "MemErrors: %", "if-not-zero"],
    ],
  },
];

/** Counters of TcpExt that netstat has words for; a `%` is where the number goes. All others go by their names. */
export const TCP_EXT_TEXTS: ReadonlyMap<string, string> = new Map([
  ["SyncookiesSent", "% SYN cookies sent"],
  ["SyncookiesRecv", "% SYN cookies received"],
  ["SyncookiesFailed", "% invalid SYN cookies received"],
  ["EmbryonicRsts", "% resets received for embryonic SYN_RECV sockets"],
  ["PruneCalled", "% packets pruned from receive queue because of socket buffer overrun"],
  ["RcvPruned", "% packets pruned from receive queue"],
  ["OfoPruned", "% packets dropped from out-of-order queue because of socket buffer overrun"],
  ["OutOfWindowIcmps", "% ICMP packets dropped because they were out-of-window"],
  ["LockDroppedIcmps", "% ICMP packets dropped because socket was locked"],
  ["TW", "% TCP sockets finished time wait in fast timer"],
  ["TWRecycled", "% time wait sockets recycled by time stamp"],
  ["PAWSActive", "% active connections rejected because of time stamp"],
  ["PAWSEstab", "% packets rejected in established connections because of timestamp"],
  ["DelayedACKs", "% delayed acks sent"],
  ["DelayedACKLocked", "% delayed acks further delayed because of locked socket"],
  ["DelayedACKLost", "Quick ack mode was activated % times"],
  ["ListenOverflows", "% times the listen queue of a socket overflowed"],
  ["ListenDrops", "% SYNs to LISTEN sockets dropped"],
  ["TCPHPHits", "% packet headers predicted"],
  ["TCPPureAcks", "% acknowledgments not containing data payload received"],
  ["TCPHPAcks", "% predicted acknowledgments"],
  ["TCPRenoRecovery", "% times recovered from packet loss due to fast retransmit"],
  ["TCPSACKReorder", "Detected reordering % times using SACK"],
  ["TCPRenoReorder", "Detected reordering % times using reno fast retransmit"],
  ["TCPTSReorder", "Detected reordering % times using time stamp"],
  ["TCPFullUndo", "% congestion windows fully recovered without slow start"],
  ["TCPPartialUndo", "% congestion windows partially recovered using Hoe heuristic"],
  ["TCPLossUndo", "% congestion windows recovered without slow start after partial ack"],
  ["TCPRenoFailures", "% timeouts after reno fast retransmit"],
  ["TCPLossFailures", "% timeouts in loss state"],
  ["TCPFastRetrans", "% fast retransmits"],
  ["TCPSlowStartRetrans", "% retransmits in slow start"],
  ["TCPRcvCollapsed", "% packets collapsed in receive queue due to low socket buffer"],
  ["TCPAbortOnData", "% connections reset due to unexpected data"],
  ["TCPAbortOnClose", "% connections reset due to early user close"],
  ["TCPAbortOnMemory", "% connections aborted due to memory pressure"],
  ["TCPAbortOnTimeout", "% connections aborted due to timeout"],
  ["TCPAbortOnLinger", "% connections aborted after user close in linger timeout"],
  ["TCPAbortFailed", "% times unable to send RST due to no memory"],
  ["TCPMemoryPressures", "TCP ran low on memory % times"],
]);
