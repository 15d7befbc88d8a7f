/** /proc/net/{udp,icmp,raw,packet}: udp4_seq_show, raw_seq_show, packet_seq_show. TCP's are in net-tcp.ts. */
import type { SocketInfo } from "../../syscall/netlink.ts";
import { hex, left, memoryHex, right } from "./format.ts";

type Info = Omit<SocketInfo, "process">;

const COLUMNS =
  "local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";
/** TCP_ESTABLISHED and TCP_CLOSE, which datagram sockets borrow. */
const ESTABLISHED = 1;
const CLOSE = 7;
/** udp4_seq_show pads its lines to this. */
const UDP_WIDTH = 127;

/** @param width of the slot number: 5 for UDP and ping sockets, 4 for raw ones. */
function socketLine(info: Info, slot: number, width: number): string {
  const state = info.state === "ESTAB" ? ESTABLISHED : CLOSE;
  const local = `${memoryHex(info.local.address)}:${hex(info.local.port, 4)}`;
  const peer = `${memoryHex(info.peer.address)}:${hex(info.peer.port, 4)}`;
  const queues = `${hex(info.sendQueueBytes, 8)}:${hex(info.receiveQueueBytes, 8)}`;
  // No timers, user 0, no timeouts, two references, and an address nobody is to see.
  const rest = `00:00000000 00000000 ${right(0, 5)} ${right(0, 8)} ${info.inode} 2 0000000000000000 ${info.drops}`;
  return `${right(slot, width)}: ${local} ${peer} ${hex(state, 2)} ${queues} ${rest}`;
}

export function procNetUdp(sockets: readonly Info[], protocol: "udp" | "icmp"): string {
  const lines = sockets.filter((info) => info.protocol === protocol && (info.local.port !== 0 || protocol === "icmp"));
  const text = [`   sl  ${COLUMNS}`, ...lines.map((info, slot) => socketLine(info, slot, 5))];
  return text.map((line) => `${left(line, UDP_WIDTH)}\n`).join("");
}

export function procNetRaw(sockets: readonly Info[]): string {
  const lines = sockets.filter((info) => info.protocol === "raw");
  // The slot is the protocol, as Linux hashes raw sockets by it.
  const text = [`  sl  ${COLUMNS}`, ...lines.map((info) => socketLine(info, info.local.port, 4))];
  return text.map((line) => `${line}\n`).join("");
}

export function procNetPacket(sockets: readonly Info[]): string {
  const lines = sockets
    .filter((info) => info.protocol === "packet")
    .map((info) => {
      const type = left(3, 4);
      const device = left(info.deviceIndex, 5);
      const memory = left(info.receiveQueueBytes, 6);
      const protocol = hex(info.local.port, 4).toLowerCase();
      const owner = `${left(0, 6)} ${left(info.inode, 6)}`;
      return `0000000000000000 ${left(3, 6)} ${type} ${protocol}   ${device} 1 ${memory} ${owner}\n`;
    });
  return `sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n${lines.join("")}`;
}
