/** The tests that filters are made of, each over one packet. */
import { u16, u8 } from "../../base/bytes.ts";
import { readIpv4, readMac, type Ipv4Address, type MacAddress } from "../../wire/address.ts";
import { ARP, ARP_BYTES } from "../../wire/arp.ts";
import {
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_VLAN,
} from "../../wire/ethernet.ts";
import { IPPROTO_ICMP, IPPROTO_IGMP, IPPROTO_TCP, IPPROTO_UDP, IPV4 } from "../../wire/ipv4.ts";
import type { PacketView } from "./packet-view.ts";

/** @param view the packet as seen behind that many VLAN tags. */
export type Test = (view: (depth: number) => PacketView) => boolean;

export type Direction = "src" | "dst" | "either" | "both";

export const ETHERTYPES: ReadonlyMap<string, number> = new Map([
  ["ip", ETHERTYPE_IPV4],
  ["arp", ETHERTYPE_ARP],
  ["rarp", 0x8035],
  ["ip6", ETHERTYPE_IPV6],
]);
export const IP_PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["icmp", IPPROTO_ICMP],
  ["igmp", IPPROTO_IGMP],
  ["tcp", IPPROTO_TCP],
  ["udp", IPPROTO_UDP],
]);

export const isProtocol = (word: string): boolean => ETHERTYPES.has(word) || IP_PROTOCOLS.has(word) || word === "ether";

export const directed = (direction: Direction, source: boolean, target: boolean): boolean =>
  direction === "src"
    ? source
    : direction === "dst"
      ? target
      : direction === "both"
        ? source && target
        : source || target;

/** A protocol name alone. */
export function protocolTest(name: string, depth: number): Test {
  const type = ETHERTYPES.get(name);
  if (type !== undefined) return (view) => view(depth).etherType === type;
  const protocol = IP_PROTOCOLS.get(name);
  return (view) => view(depth).protocol === protocol;
}

export type Network = { readonly address: Ipv4Address; readonly mask: number };

/** @param protocol ip, arp, udp... or null for any that carries addresses. */
export function networkTest(network: Network, direction: Direction, protocol: string | null, depth: number): Test {
  const inside = (address: Ipv4Address): boolean => ((address ^ network.address) & network.mask) === 0;
  const ipProtocol = IP_PROTOCOLS.get(protocol ?? "");
  return (view) => {
    const packet = view(depth);
    const { bytes, network: at } = packet;
    if (packet.protocol >= 0) {
      if (protocol !== null && protocol !== "ip" && packet.protocol !== ipProtocol) return false;
      return directed(direction, inside(readIpv4(bytes, at + IPV4.source)), inside(readIpv4(bytes, at + IPV4.target)));
    }
    const isArp = packet.etherType === ETHERTYPE_ARP && bytes.length >= at + ARP_BYTES;
    if (!isArp || (protocol !== null && protocol !== "arp")) return false;
    return directed(direction, inside(readIpv4(bytes, at + ARP.senderIp)), inside(readIpv4(bytes, at + ARP.targetIp)));
  };
}

export type PortRange = { readonly first: number; readonly last: number };

export function portTest(range: PortRange, direction: Direction, protocol: string | null, depth: number): Test {
  const wanted = protocol === null || protocol === "ip" ? null : IP_PROTOCOLS.get(protocol);
  const inside = (port: number): boolean => port >= range.first && port <= range.last;
  return (view) => {
    const packet = view(depth);
    const ported = packet.protocol === IPPROTO_TCP || packet.protocol === IPPROTO_UDP;
    if (!ported || (wanted !== null && packet.protocol !== wanted)) return false;
    const at = packet.transport;
    if (at < 0 || packet.bytes.length < at + 4) return false;
    return directed(direction, inside(u16(packet.bytes, at)), inside(u16(packet.bytes, at + 2)));
  };
}

export function macTest(mac: MacAddress, direction: Direction): Test {
  return (view) => {
    const packet = view(0);
    if (!packet.hasEthernet || packet.bytes.length < ETHERNET_HEADER_BYTES) return false;
    return directed(direction, readMac(packet.bytes, 6) === mac, readMac(packet.bytes, 0) === mac);
  };
}

/** Broadcast or group address of Ethernet. */
export function groupTest(kind: "broadcast" | "multicast", layer: "ether" | "ip", depth: number): Test {
  return (view) => {
    const packet = view(depth);
    if (layer === "ip") {
      if (packet.protocol < 0) return false;
      const first = u8(packet.bytes, packet.network + IPV4.target);
      const last = u8(packet.bytes, packet.network + IPV4.target + 3);
      // Without the interface's netmask, a broadcast is what ends in all ones or all zeros, as in libpcap's old test.
      return kind === "multicast" ? first >= 224 && first < 240 : last === 255 || last === 0;
    }
    if (!packet.hasEthernet || packet.bytes.length < ETHERNET_HEADER_BYTES) return false;
    return kind === "multicast" ? (u8(packet.bytes, 0) & 1) === 1 : readMac(packet.bytes, 0) === 0xffffffffffff;
  };
}

/** A tag at `depth`, with that identifier unless null. */
export function vlanTest(id: number | null, depth: number): Test {
  return (view) => {
    const packet = view(depth);
    if (packet.etherType !== ETHERTYPE_VLAN && packet.etherType !== 0x88a8) return false;
    if (packet.bytes.length < packet.network + 2) return false;
    return id === null || (u16(packet.bytes, packet.network) & 0xfff) === id;
  };
}
