/**
 * The routes that follow from addresses: our own address, the directed broadcast, and the subnet on its link
 * (fib_add_ifaddr and fib_del_ifaddr of Linux's net/ipv4/fib_frontend.c). Since Linux 5.14 the lowest address of a
 * subnet is an ordinary one, and no broadcast route is made for it.
 */
import { inNetwork, networkOf, type Ipv4Address } from "../../wire/address.ts";
import type { NetDevice } from "../device/net-device.ts";
import type { AddressTable, InterfaceAddress } from "./addresses.ts";
import type { Fib } from "./fib.ts";
import type { FibEntry } from "./fib-table.ts";

const NO_ADDRESS = 0 as Ipv4Address;

/** Call after the address was added. On a device that is down only the address itself becomes known. */
export function addConnectedRoutes(fib: Fib, entry: InterfaceAddress): void {
  fib.local.insert(localRoute(entry), "append");
  if (!entry.device.isUp) return;
  const broadcast = broadcastRoute(entry);
  if (broadcast !== null) fib.local.insert(broadcast, "append");
  if (entry.prefixLength === 32 || entry.secondary) return;
  if (entry.device.isLoopback) fib.local.insert({ ...subnetRoute(entry), type: "local", scope: "host" }, "append");
  else fib.main.insert(subnetRoute(entry), "append");
}

/** Call after the address was removed: routes that another address still needs are made again. */
export function removeConnectedRoutes(fib: Fib, addresses: AddressTable, gone: InterfaceAddress): void {
  const subnet = subnetRoute(gone);
  for (const table of [fib.local, fib.main]) {
    const candidates = [...table.exactly(subnet.network, subnet.prefixLength)].filter(
      (entry) => entry.protocol === "kernel" && entry.device === gone.device && entry.source === gone.address,
    );
    candidates.push(...table.exactly(gone.address, 32).filter((entry) => entry.device === gone.device));
    for (const entry of candidates) table.remove(entry);
  }
  const broadcast = broadcastRoute(gone);
  if (broadcast !== null) {
    const found = fib.local.exactly(broadcast.network, 32).find((entry) => entry.device === gone.device);
    if (found !== undefined) fib.local.remove(found);
  }
  if (!addresses.isLocal(gone.address)) fib.flushSource(gone.address);
  for (const entry of addresses.on(gone.device)) {
    if (inNetwork(gone.address, entry)) addConnectedRoutes(fib, entry);
  }
}

/** The device came up. */
export function restoreConnectedRoutes(fib: Fib, addresses: AddressTable, device: NetDevice): void {
  for (const entry of addresses.on(device)) addConnectedRoutes(fib, entry);
}

function localRoute(entry: InterfaceAddress): FibEntry {
  return kernelRoute(entry, { type: "local", network: entry.address, prefixLength: 32, scope: "host" });
}

function subnetRoute(entry: InterfaceAddress): FibEntry {
  const network = networkOf(entry.address, entry.prefixLength);
  return kernelRoute(entry, { type: "unicast", network, prefixLength: entry.prefixLength, scope: "link" });
}

function broadcastRoute(entry: InterfaceAddress): FibEntry | null {
  if (entry.prefixLength >= 31) return null;
  const network = (networkOf(entry.address, entry.prefixLength) + 2 ** (32 - entry.prefixLength) - 1) as Ipv4Address;
  return kernelRoute(entry, { type: "broadcast", network, prefixLength: 32, scope: "link" });
}

function kernelRoute(
  entry: InterfaceAddress,
  what: Pick<FibEntry, "type" | "network" | "prefixLength" | "scope">,
): FibEntry {
  // Field by field: a spread costs a microsecond, and a large lab makes thousands of these.
  return {
    type: what.type,
    network: what.network,
    prefixLength: what.prefixLength,
    scope: what.scope,
    gateway: NO_ADDRESS,
    device: entry.device,
    metric: 0,
    source: entry.address,
    mtu: 0,
    protocol: "kernel",
  };
}
