/** Asking the kernel by typed netlink records: the lists commands print, or the errno. */
import type {
  AddressInfo,
  LinkInfo,
  NeighbourInfo,
  NetlinkReply,
  NetlinkRequest,
  QdiscInfo,
  RouteInfo,
  SocketInfo,
} from "../../kernel/syscall/netlink.ts";
import { E } from "../../kernel/syscall/errno.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";

type Kind = NetlinkReply["kind"];
type ReplyOf<K extends Kind> = Extract<NetlinkReply, { kind: K }>;

/** @returns the reply of that kind, or -errno; another kind of reply counts as -EIO. */
export function* ask<K extends Kind>(sys: Sys, request: NetlinkRequest, kind: K): Call<ReplyOf<K> | number> {
  const reply = yield* sys.netlink(request);
  if (typeof reply === "number") return reply;
  return reply.kind === kind ? (reply as ReplyOf<K>) : -E.EIO;
}

/** A request that changes something. @returns 0 or -errno. */
export function* change(sys: Sys, request: NetlinkRequest): Call<number> {
  const reply = yield* sys.netlink(request);
  return typeof reply === "number" ? reply : 0;
}

export function* links(sys: Sys): Call<readonly LinkInfo[]> {
  const reply = yield* ask(sys, { kind: "link-list" }, "links");
  return typeof reply === "number" ? [] : reply.links;
}

export function* addresses(sys: Sys): Call<readonly AddressInfo[]> {
  const reply = yield* ask(sys, { kind: "address-list" }, "addresses");
  return typeof reply === "number" ? [] : reply.addresses;
}

export function* routes(sys: Sys, table: "main" | "local" | "all" = "main"): Call<readonly RouteInfo[]> {
  const reply = yield* ask(sys, { kind: "route-list", table }, "routes");
  return typeof reply === "number" ? [] : reply.routes;
}

export function* neighbours(sys: Sys): Call<readonly NeighbourInfo[]> {
  const reply = yield* ask(sys, { kind: "neighbour-list" }, "neighbours");
  return typeof reply === "number" ? [] : reply.neighbours;
}

export function* qdiscs(sys: Sys): Call<readonly QdiscInfo[]> {
  const reply = yield* ask(sys, { kind: "qdisc-list" }, "qdiscs");
  return typeof reply === "number" ? [] : reply.qdiscs;
}

export function* sockets(sys: Sys): Call<readonly SocketInfo[]> {
  const reply = yield* ask(sys, { kind: "socket-list" }, "sockets");
  return typeof reply === "number" ? [] : reply.sockets;
}
