/** The Linux cooked header (LINKTYPE_LINUX_SLL2) that tcpdump -i any puts in the place of Ethernet's. */
import { put16, put32, put8, u16, u32, u8 } from "../../base/bytes.ts";
import type { SocketAddress } from "../../kernel/syscall/sys.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES } from "../../wire/ethernet.ts";
import { COOKED2, COOKED2_HEADER_BYTES, LINKTYPE_LINUX_SLL2 } from "../../wire/tcpdump.ts";

/** Hardware types of linux/if_arp.h. */
const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;

/** The frame with the header that -i any has instead of Ethernet's. */
export function cooked(frame: Uint8Array, length: number, from: SocketAddress, loopback: number): Uint8Array {
  const payload = Math.min(length, ETHERNET_HEADER_BYTES);
  const bytes = new Uint8Array(COOKED2_HEADER_BYTES + length - payload);
  put16(bytes, COOKED2.protocol, length < ETHERNET_HEADER_BYTES ? 0 : u16(frame, ETHERNET.type));
  put32(bytes, COOKED2.device, from.device);
  put16(bytes, COOKED2.hardware, from.device === loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER);
  put8(bytes, COOKED2.kind, from.packetType);
  put8(bytes, COOKED2.addressBytes, 6);
  bytes.set(frame.subarray(ETHERNET.source, ETHERNET.source + 6), COOKED2.address);
  bytes.set(frame.subarray(payload, length), COOKED2_HEADER_BYTES);
  return bytes;
}

/** `eth0  In  `, from a cooked header; nothing for other link types. */
export function labelOf(data: Uint8Array, linkType: number, names: ReadonlyMap<number, string>): string {
  if (linkType !== LINKTYPE_LINUX_SLL2 || data.length < COOKED2_HEADER_BYTES) return "";
  const device = names.get(u32(data, COOKED2.device)) ?? `ifindex ${u32(data, COOKED2.device)}`;
  return `${device.padEnd(5)} ${directionText(u8(data, COOKED2.kind))} `;
}

/** Who the frame was for, as the cooked header of -i any tells it. */
function directionText(packetType: number): string {
  return ["In ", "B  ", "M  ", "P  ", "Out"][packetType] ?? "?  ";
}
