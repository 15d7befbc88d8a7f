/**
 * The route of a connection, looked up once and kept while it holds (__sk_dst_check, inet_csk_route_req,
 * sk_setup_caps).
 */
import { FlowKey } from "../net/protocol.ts";
import type { Route } from "../net/route.ts";
import { PMTUDISC } from "../syscall/sys.ts";
import { IPPROTO_TCP } from "../../wire/ipv4.ts";
import type { TcpSock } from "./tcp-sock.ts";

// One record for all: it is read before the next question is asked.
const flow = new FlowKey();

/** The route to the peer, or -ENETUNREACH and the like. */
export function routeOf(tcp: TcpSock): Route | number {
  const route = tcp.route;
  const ip = tcp.tcp.ip;
  if (route !== null && ip.isCurrent(route)) return route;
  flow.target = tcp.remoteAddress;
  flow.source = tcp.sourceAddress;
  flow.device = tcp.device;
  flow.tos = tcp.ipOptions.tos;
  flow.protocol = IPPROTO_TCP;
  flow.mark = tcp.mark;
  const found = ip.routeOutput(flow);
  tcp.route = typeof found === "number" ? null : found;
  return found;
}

/** Asks for the route anew the next time: the one in use does not seem to lead to the peer (__sk_dst_reset). */
export function forgetRoute(tcp: TcpSock): void {
  tcp.route = null;
}

/** Whether packets may not be fragmented on their way (ip_dont_fragment). */
export function dontFragment(tcp: TcpSock, route: Route): boolean {
  const mode = tcp.ipOptions.pmtuDiscovery;
  return mode === PMTUDISC.DO || (mode === PMTUDISC.WANT && !route.mtuLocked);
}
