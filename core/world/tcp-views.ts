/** TCP connections of all machines, for whoever wants to look at one (contract/tcp-view.ts). */
import type { TcpSocketRow } from "../contract/api/close-view.ts";
import type { TcpView } from "../contract/tcp-view.ts";
import { TcpSock } from "../kernel/tcp/tcp-sock.ts";
import { tcpView } from "../kernel/tcp/show/view.ts";
import { formatIpv4 } from "../wire/address.ts";
import type { Machine } from "./machine.ts";

const NO_PROCESS = "";

/** Connections and listeners that a program holds, machine by machine. */
export function tcpSockets(machines: Iterable<Machine>): TcpSocketRow[] {
  const rows: TcpSocketRow[] = [];
  for (const machine of machines) {
    if (machine.power === "off") continue;
    const reply = machine.kernel.userland.netlink({ kind: "socket-list" });
    if (typeof reply === "number" || reply.kind !== "sockets") continue;
    for (const { protocol, inode, state, local, peer, process } of reply.sockets) {
      if (protocol !== "tcp" || inode === 0) continue;
      rows.push({
        node: machine.name,
        socket: inode,
        state,
        local: `${formatIpv4(local.address)}:${local.port}`,
        peer: `${formatIpv4(peer.address)}:${peer.port}`,
        command: process?.command ?? NO_PROCESS,
      });
    }
  }
  return rows;
}

/** Null when there is no such connection (any more). */
export function viewOfSocket(machine: Machine | undefined, inode: number): TcpView | null {
  if (machine === undefined || machine.power === "off") return null;
  const socket = machine.kernel.userland.sockets.list().find((one) => one.inode === inode);
  return socket instanceof TcpSock ? tcpView(socket) : null;
}
