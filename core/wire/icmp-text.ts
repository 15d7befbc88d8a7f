/** ICMP types and codes in words, for dissector and people. */
import { u16, u32, u8 } from "../base/bytes.ts";
import { formatIpv4, type Ipv4Address } from "./address.ts";
import { ICMP, ICMP_EXC, ICMP_TYPE, ICMP_UNREACH } from "./icmp.ts";

const TYPES = new Map<number, string>([
  [ICMP_TYPE.ECHOREPLY, "echo reply"],
  [ICMP_TYPE.DEST_UNREACH, "destination unreachable"],
  [ICMP_TYPE.SOURCE_QUENCH, "source quench"],
  [ICMP_TYPE.REDIRECT, "redirect"],
  [ICMP_TYPE.ECHO, "echo request"],
  [ICMP_TYPE.ROUTER_ADVERT, "router advertisement"],
  [ICMP_TYPE.ROUTER_SOLICIT, "router solicitation"],
  [ICMP_TYPE.TIME_EXCEEDED, "time exceeded"],
  [ICMP_TYPE.PARAMETERPROB, "parameter problem"],
  [ICMP_TYPE.TIMESTAMP, "timestamp request"],
  [ICMP_TYPE.TIMESTAMPREPLY, "timestamp reply"],
  [ICMP_TYPE.INFO_REQUEST, "information request"],
  [ICMP_TYPE.INFO_REPLY, "information reply"],
  [ICMP_TYPE.ADDRESS, "address mask request"],
  [ICMP_TYPE.ADDRESSREPLY, "address mask reply"],
]);

const UNREACHABLE = new Map<number, string>([
  [ICMP_UNREACH.NET_UNREACH, "network"],
  [ICMP_UNREACH.HOST_UNREACH, "host"],
  [ICMP_UNREACH.PROT_UNREACH, "protocol"],
  [ICMP_UNREACH.PORT_UNREACH, "port"],
  [ICMP_UNREACH.FRAG_NEEDED, "fragmentation needed"],
  [ICMP_UNREACH.SR_FAILED, "source route failed"],
  [ICMP_UNREACH.NET_UNKNOWN, "network unknown"],
  [ICMP_UNREACH.HOST_UNKNOWN, "host unknown"],
  [ICMP_UNREACH.HOST_ISOLATED, "source host isolated"],
  [ICMP_UNREACH.NET_ANO, "network prohibited"],
  [ICMP_UNREACH.HOST_ANO, "host prohibited"],
  [ICMP_UNREACH.NET_UNR_TOS, "network, for this type of service"],
  [ICMP_UNREACH.HOST_UNR_TOS, "host, for this type of service"],
  [ICMP_UNREACH.PKT_FILTERED, "filtered"],
  [ICMP_UNREACH.PREC_VIOLATION, "precedence violation"],
  [ICMP_UNREACH.PREC_CUTOFF, "precedence cutoff"],
]);

/** The message whose 8 header bytes are at `at`. */
export function describeIcmp(bytes: Uint8Array, at: number): string {
  const type = u8(bytes, at + ICMP.type);
  const code = u8(bytes, at + ICMP.code);
  const name = TYPES.get(type) ?? `type ${type}`;
  switch (type) {
    case ICMP_TYPE.ECHO:
    case ICMP_TYPE.ECHOREPLY:
      return `ICMP ${name}, id ${u16(bytes, at + ICMP.id)}, seq ${u16(bytes, at + ICMP.sequence)}`;
    case ICMP_TYPE.DEST_UNREACH: {
      const mtu = code === ICMP_UNREACH.FRAG_NEEDED ? `, mtu ${u16(bytes, at + ICMP.mtu)}` : "";
      return `ICMP ${name}: ${UNREACHABLE.get(code) ?? `code ${code}`}${mtu}`;
    }
    case ICMP_TYPE.TIME_EXCEEDED: {
      const which =
        code === ICMP_EXC.TTL ? "in transit" : code === ICMP_EXC.FRAGTIME ? "in reassembly" : `code ${code}`;
      return `ICMP ${name} ${which}`;
    }
    case ICMP_TYPE.REDIRECT:
      return `ICMP ${name} to ${formatIpv4(u32(bytes, at + ICMP.gateway) as Ipv4Address)}`;
    default:
      return code === 0 ? `ICMP ${name}` : `ICMP ${name}, code ${code}`;
  }
}
