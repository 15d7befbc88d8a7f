/** Socket addresses as records, and endpoints as text. */
import { IPV4_ANY, type Ipv4Address } from "../../wire/address.ts";
import { AF, type SocketAddress } from "../../kernel/syscall/sys.ts";

export function inetAddress(address: Ipv4Address = IPV4_ANY, port = 0): SocketAddress {
  return { family: AF.INET, address, port, device: 0, protocol: 0, packetType: 0 };
}

/** sockaddr_ll for a device, 0 for all, and an ethertype (ETH_P_ALL is 3). */
export function packetAddress(device: number, protocol: number): SocketAddress {
  return { family: AF.PACKET, address: IPV4_ANY, port: 0, device, protocol, packetType: 0 };
}
