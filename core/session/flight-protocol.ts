/** What kind of packet a frame is, as it is drawn: from its first headers alone, since it is asked for every frame. */
import { u16, u8 } from "../base/bytes.ts";
import { FLIGHT_PROTOCOLS, type FlightProtocol } from "../contract/api/run-view.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../wire/ethernet.ts";
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPV4, ipv4HeaderBytes, ipv4TotalLength } from "../wire/ipv4.ts";
import { tcpFlags, tcpHeaderBytes, TH } from "../wire/tcp.ts";

/** Shortest IPv4 and TCP headers; ARP is longer. */
const HEADER_BYTES_MIN = 20;

const NUMBER = Object.fromEntries(FLIGHT_PROTOCOLS.map((name, index) => [name, index])) as Readonly<
  Record<FlightProtocol, number>
>;

/** Index into FLIGHT_PROTOCOLS of the frame `[start, start + length)`. */
export function flightProtocol(bytes: Uint8Array, start: number, length: number): number {
  if (length < ETHERNET_HEADER_BYTES + HEADER_BYTES_MIN) return NUMBER.other;
  const type = u16(bytes, start + ETHERNET.type);
  if (type === ETHERTYPE_ARP) return NUMBER.arp;
  if (type !== ETHERTYPE_IPV4) return NUMBER.other;
  const ip = start + ETHERNET_HEADER_BYTES;
  const protocol = u8(bytes, ip + IPV4.protocol);
  if (protocol === IPPROTO_ICMP) return NUMBER.icmp;
  if (protocol === IPPROTO_UDP) return NUMBER.udp;
  const tcp = ip + ipv4HeaderBytes(bytes, ip);
  // A later fragment has no TCP header either, but nobody looks closely enough to be misled.
  if (protocol !== IPPROTO_TCP || tcp + HEADER_BYTES_MIN > start + length) return NUMBER.other;
  const flags = tcpFlags(bytes, tcp);
  if ((flags & TH.RST) !== 0) return NUMBER["tcp-rst"];
  if ((flags & TH.SYN) !== 0) return NUMBER["tcp-syn"];
  if ((flags & TH.FIN) !== 0) return NUMBER["tcp-fin"];
  const hasData = ipv4TotalLength(bytes, ip) > tcp - ip + tcpHeaderBytes(bytes, tcp);
  return hasData ? NUMBER["tcp-data"] : NUMBER.tcp;
}
