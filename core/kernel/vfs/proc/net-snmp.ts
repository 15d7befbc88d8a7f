/**
 * /proc/net/snmp and /proc/net/netstat (net/ipv4/proc.c): a line of names and a line of numbers per protocol.
 * Left out: UDP-Lite and MPTCP.
 */
import type { SnmpCounters } from "../../counters.ts";
import type { SysctlTable } from "../../sysctl.ts";

/** Columns that are not counters, in front of Ip's. ForwDatagrams and OutTransmits are where Linux has them. */
export function procNetSnmp(snmp: SnmpCounters, sysctls: SysctlTable): string {
  const forwards = sysctls.get("net.ipv4.ip_forward") === "1";
  const ip = new Map<string, number>([
    // RFC 4293: 1 forwarding, 2 not.
    ["Forwarding", forwards ? 1 : 2],
    ["DefaultTTL", Number(sysctls.get("net.ipv4.ip_default_ttl") ?? 64)],
    ...Object.entries(snmp.ip),
  ]);
  return (
    block("Ip", ip) +
    block("Icmp", snmp.icmp) +
    icmpMessages(snmp) +
    block("Tcp", tcpValues(snmp)) +
    block("Udp", snmp.udp)
  );
}

/** In front of TCP's counters: Van Jacobson's algorithm (4 in RFC 4022; Linux says 1, "other"), and ms. */
const tcpValues = (snmp: SnmpCounters): ReadonlyMap<string, number> =>
  new Map<string, number>([
    ["RtoAlgorithm", 1],
    ["RtoMin", 200],
    ["RtoMax", 120_000],
    ["MaxConn", -1],
    ...Object.entries(snmp.tcp),
  ]);

/** Columns of 6.18 for TCP-AO, which is not here. */
const TCP_AO = ["TCPAORequired", "TCPAOBad", "TCPAOKeyNotFound", "TCPAOGood", "TCPAODroppedIcmps"];

export function procNetNetstat(snmp: SnmpCounters): string {
  const tcp = new Map<string, number>([...Object.entries(snmp.tcpExt), ...TCP_AO.map((name) => [name, 0] as const)]);
  return block("TcpExt", tcp) + block("IpExt", snmp.ipExt);
}

/** Types with a counter of their own, ascending. */
const ICMP_TYPES: readonly (readonly [number, string])[] = [
  [0, "EchoReps"],
  [3, "DestUnreachs"],
  [4, "SrcQuenchs"],
  [5, "Redirects"],
  [8, "Echos"],
  [11, "TimeExcds"],
  [12, "ParmProbs"],
  [13, "Timestamps"],
  [14, "TimestampReps"],
  [17, "AddrMasks"],
  [18, "AddrMaskReps"],
];

/** Messages by type number, those that occurred; no lines at all when none did. */
function icmpMessages(snmp: SnmpCounters): string {
  const counters = new Map<string, number>(Object.entries(snmp.icmp));
  const seen = new Map<string, number>();
  for (const way of ["In", "Out"]) {
    for (const [type, name] of ICMP_TYPES) {
      const count = counters.get(`${way}${name}`) ?? 0;
      if (count > 0) seen.set(`${way}Type${type}`, count);
    }
  }
  return seen.size === 0 ? "" : block("IcmpMsg", seen);
}

function block(name: string, counters: ReadonlyMap<string, number> | Readonly<Record<string, number>>): string {
  const entries = counters instanceof Map ? [...counters.entries()] : Object.entries(counters);
  const names = entries.map(([key]) => key).join(" ");
  const values = entries.map(([, value]) => String(value)).join(" ");
  return `${name}: ${names}\n${name}: ${values}\n`;
}
