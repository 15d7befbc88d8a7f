/** arp (net-tools 2.10): show, -a in BSD style, -d and -s. Names of hosts unless -n. */
import { E, strerror } from "../../kernel/syscall/errno.ts";
import type { NeighbourInfo } from "../../kernel/syscall/netlink.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, formatMac, inNetwork, parseMac, type Ipv4Address } from "../../wire/address.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { readHosts, type Hosts } from "../lib/hosts.ts";
import { print } from "../lib/output.ts";
import { addresses, change, neighbours } from "./netlink.ts";

const ARP: CommandSpec = {
  name: "arp",
  usage: [
    "Usage:",
    "  arp [-vn]  [-i <if>] [-a] [<hostname>]             <-Display ARP cache",
    "  arp [-v]   [-i <if>] -d  <host>                    <-Delete ARP entry",
    "  arp [-v]   [-i <if>] -s  <host> <hwaddr>           <-Add entry",
  ].join("\n"),
  short: "vni:aedsD",
  usageOnError: true,
};

export const arp = command(ARP, function* (sys, args) {
  const hosts = yield* readHosts(sys);
  const name = args.operand(0);
  const address = name === undefined ? null : hosts.resolve(name);
  if (name !== undefined && address === null) return yield* fail(sys, `${name}: Unknown host`, 255);
  if (args.has("d") || args.has("s")) {
    if (address === null) return yield* usageError(sys, ARP, "need host name");
    return yield* modify(sys, address, args.has("s") ? (args.operand(1) ?? "") : null, args.value("i"));
  }
  const device = args.value("i");
  const shown = (yield* neighbours(sys)).filter(
    (each) =>
      (address === null || each.address === address) &&
      (device === undefined || each.device === device) &&
      each.state !== "NOARP" &&
      each.state !== "NONE",
  );
  if (name !== undefined && shown.length === 0) {
    yield* print(sys, `${name} (${address === null ? name : formatIpv4(address)}) -- no entry\n`);
    return 1;
  }
  if (args.has("a")) for (const each of shown) yield* print(sys, bsdLine(each, args.has("n") ? null : hosts));
  else if (shown.length > 0) {
    yield* print(sys, "Address                  HWtype  HWaddress           Flags Mask            Iface\n");
    for (const each of shown) yield* print(sys, tableLine(each, args.has("n") ? null : hosts));
  }
  return 0;
});

const isComplete = (each: NeighbourInfo): boolean =>
  each.mac !== null && each.state !== "INCOMPLETE" && each.state !== "FAILED";

function tableLine(each: NeighbourInfo, hosts: Hosts | null): string {
  const name = (hosts === null ? formatIpv4(each.address) : hosts.label(each.address)).slice(0, 23).padEnd(25);
  if (!isComplete(each) || each.mac === null) {
    return `${name}        (incomplete)                              ${each.device}\n`;
  }
  const flags = each.state === "PERMANENT" ? "CM" : "C";
  return `${name}ether   ${formatMac(each.mac)}   ${flags.padEnd(6)}${"".padEnd(16)}${each.device}\n`;
}

function bsdLine(each: NeighbourInfo, hosts: Hosts | null): string {
  const name = hosts?.nameOf(each.address) ?? "?";
  const hardware = !isComplete(each) || each.mac === null ? "<incomplete>" : `${formatMac(each.mac)} [ether]`;
  const permanent = each.state === "PERMANENT" ? " PERM" : "";
  return `${name} (${formatIpv4(each.address)}) at ${hardware}${permanent} on ${each.device}\n`;
}

/** @param macText null deletes. */
function* modify(sys: Sys, address: Ipv4Address, macText: string | null, device: string | undefined): Call<number> {
  const target = device ?? (yield* deviceFor(sys, address));
  const call = macText === null ? "SIOCDARP(dontpub)" : "SIOCSARP";
  if (target === null) return yield* fail(sys, `${call}: ${strerror(E.ENETUNREACH)}`, 255);
  if (macText === null) {
    const error = yield* change(sys, { kind: "neighbour-delete", device: target, address });
    if (error === -E.ENOENT) return yield* fail(sys, `No ARP entry for ${formatIpv4(address)}`, 255);
    return error < 0 ? yield* fail(sys, `${call}: ${strerror(error)}`, 255) : 0;
  }
  const mac = parseMac(macText);
  if (!mac.ok) return yield* fail(sys, "arp: invalid hardware address", 255);
  const error = yield* change(sys, {
    kind: "neighbour-replace",
    device: target,
    address,
    mac: mac.value,
    permanent: true,
  });
  return error < 0 ? yield* fail(sys, `${call}: ${strerror(error)}`, 255) : 0;
}

/** The device on whose network the address is. */
function* deviceFor(sys: Sys, address: Ipv4Address): Call<string | null> {
  const known = yield* addresses(sys);
  return known.find((each) => each.scope !== "host" && inNetwork(address, each))?.device ?? null;
}
