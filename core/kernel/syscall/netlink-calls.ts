/** Requests of `netlink`, passed to whom they concern: devices, the network layer, sockets, sysctls. */
import type { KernelCore } from "../core.ts";
import type { ProcessTable } from "../process/process-table.ts";
import type { Socket } from "../socket/socket.ts";
import type { SocketTable } from "../socket/socket-table.ts";
import { E } from "./errno.ts";
import type { NetlinkReply, NetlinkRequest, SocketInfo } from "./netlink.ts";

/** Answers requests of its own kinds, and null to all others. */
export type NetlinkHandler = (request: NetlinkRequest) => NetlinkReply | number | null;

export class NetlinkDispatcher {
  readonly #handlers: readonly NetlinkHandler[];

  constructor(handlers: readonly NetlinkHandler[]) {
    this.#handlers = handlers;
  }

  handle(request: NetlinkRequest): NetlinkReply | number {
    for (const handler of this.#handlers) {
      const reply = handler(request);
      if (reply !== null) return reply;
    }
    return -E.EOPNOTSUPP;
  }
}

/** socket-list: sock_diag(7). */
export function socketListHandler(sockets: SocketTable, processes: ProcessTable): NetlinkHandler {
  return (request) => {
    if (request.kind !== "socket-list") return null;
    const owners = findOwners(processes);
    const list = sockets
      .infos()
      .map(({ socket, info }) => ({ ...info, process: (socket && owners.get(socket)) ?? null }));
    return { kind: "sockets", sockets: list };
  };
}

function findOwners(processes: ProcessTable): Map<unknown, NonNullable<SocketInfo["process"]>> {
  const owners = new Map<unknown, NonNullable<SocketInfo["process"]>>();
  for (const process of processes.list()) {
    for (const [fd, file] of process.files.entries()) {
      if (file.kind !== "socket" || owners.has(file)) continue;
      owners.set(file as Socket, { pid: process.pid, command: process.name, fd });
    }
  }
  return owners;
}

/** sysctl-list, sysctl-get and sysctl-set. */
export function sysctlHandler(core: KernelCore): NetlinkHandler {
  return (request) => {
    if (request.kind === "sysctl-list") {
      return { kind: "sysctls", sysctls: core.sysctls.names().map((name) => ({ name, value: get(core, name) })) };
    }
    if (request.kind === "sysctl-get") {
      const value = core.sysctls.get(request.name);
      return value === undefined ? -E.ENOENT : { kind: "sysctls", sysctls: [{ name: request.name, value }] };
    }
    if (request.kind !== "sysctl-set") return null;
    const problem = core.sysctls.set(request.name, request.value);
    return problem === null ? { kind: "done" } : -E[problem];
  };
}

const get = (core: KernelCore, name: string): string => core.sysctls.get(name) ?? "";
