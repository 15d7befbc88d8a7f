/** The MTU on the way to an address, as the kernel knows it: learned for the path, or the device's. */
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { ETHERNET_MTU } from "../../wire/ethernet.ts";
import type { Ipv4Address } from "../../wire/address.ts";

export function* pathMtu(sys: Sys, address: Ipv4Address): Call<number> {
  const reply = yield* sys.netlink({ kind: "route-get", address });
  const route = typeof reply !== "number" && reply.kind === "routes" ? reply.routes[0] : undefined;
  if (route === undefined) return ETHERNET_MTU;
  if (route.mtu !== null && route.mtu > 0) return route.mtu;
  const links = yield* sys.netlink({ kind: "link-list" });
  const link = typeof links !== "number" && links.kind === "links" ? links.links : [];
  return link.find((each) => each.name === route.device)?.mtu ?? ETHERNET_MTU;
}
