/**
 * netstat (net-tools 2.10): routes (-r), interfaces (-i), counters (-s). The socket table is in netstat-sockets.ts.
 * Counters come from /proc/net, as netstat reads them.
 */
import { utf8Decode } from "../../base/bytes.ts";
import { strerror } from "../../kernel/syscall/errno.ts";
import type { LinkInfo, RouteInfo } from "../../kernel/syscall/netlink.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, maskOf, type Ipv4Address } from "../../wire/address.ts";
import { command, fail, type CommandSpec } from "../lib/command.ts";
import { readHosts } from "../lib/hosts.ts";
import { readFile } from "../lib/input.ts";
import type { Arguments } from "../lib/options.ts";
import { print } from "../lib/output.ts";
import { links, routes } from "./netlink.ts";
import { socketTable } from "./netstat-sockets.ts";
import { NETSTAT_SECTIONS, parseSnmp, TCP_EXT_TEXTS, type Snmp } from "./snmp.ts";

const NETSTAT: CommandSpec = {
  name: "netstat",
  usage: "usage: netstat [-n] [-r | -i | -s] [-tuw] [-al] [-p] [-e]",
  short: "nrisutwalpecvo4",
  usageOnError: true,
};

export const netstat = command(NETSTAT, function* (sys, args) {
  if (args.has("r")) return yield* routeTable(sys, args);
  if (args.has("i")) return yield* interfaceTable(sys);
  if (args.has("s")) return yield* counters(sys, args);
  return yield* socketTable(sys, args);
});

function* routeTable(sys: Sys, args: Arguments): Call<number> {
  const hosts = yield* readHosts(sys);
  const name = (address: Ipv4Address): string => (args.has("n") ? formatIpv4(address) : hosts.label(address));
  yield* print(sys, "Kernel IP routing table\n");
  yield* print(sys, "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n");
  for (const route of yield* routes(sys)) {
    const target = route.prefixLength === 0 && !args.has("n") ? "default" : name(route.network);
    const gateway = route.via === null ? (args.has("n") ? "0.0.0.0" : "0.0.0.0") : name(route.via);
    const mask = formatIpv4(maskOf(route.prefixLength) as Ipv4Address);
    const line = `${target.padEnd(15)} ${gateway.padEnd(15)} ${mask.padEnd(15)} ${routeFlags(route).padEnd(7)}`;
    yield* print(sys, `${line} ${String(route.mtu ?? 0).padStart(3)} 0          0 ${route.device ?? "*"}\n`);
  }
  return 0;
}

function routeFlags(route: RouteInfo): string {
  if (route.type !== "unicast") return "!";
  const host = route.prefixLength === 32 ? "H" : "";
  return `U${route.via === null ? "" : "G"}${host}${route.protocol === "redirect" ? "D" : ""}`;
}

function* interfaceTable(sys: Sys): Call<number> {
  yield* print(sys, "Kernel Interface table\n");
  yield* print(sys, "Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n");
  const up = (yield* links(sys)).filter((link) => link.isUp);
  for (const link of [...up].sort((a, b) => (a.name < b.name ? -1 : 1))) yield* print(sys, interfaceLine(link));
  return 0;
}

function interfaceLine(link: LinkInfo): string {
  const count = (name: string, width: number): string => String(link.stats.get(name) ?? 0).padStart(width);
  const received = `${count("rx_packets", 8)} ${count("rx_errors", 6)} ${count("rx_dropped", 6)}`;
  const sent = `${count("tx_packets", 8)} ${count("tx_errors", 6)} ${count("tx_dropped", 6)}`;
  const overruns = String(link.stats.get("rx_fifo_errors") ?? 0).padEnd(6);
  const flags =
    (link.kind === "loopback" ? "L" : "BM") + (link.promiscuous ? "P" : "") + (link.carrier ? "R" : "") + "U";
  const head = `${link.name.padEnd(15)} ${String(link.mtu).padStart(5)}`;
  return `${head} ${received} ${overruns} ${sent} ${count("tx_fifo_errors", 6)} ${flags}\n`;
}

function* counters(sys: Sys, args: Arguments): Call<number> {
  const content = yield* readFile(sys, "/proc/net/snmp");
  if (typeof content === "number") return yield* fail(sys, `cannot open /proc/net/snmp: ${strerror(content)}`);
  const snmp = parseSnmp(utf8Decode(content));
  const chosen = new Set([
    ...(args.has("u") ? ["Udp"] : []),
    ...(args.has("t") ? ["Tcp"] : []),
    ...(args.has("w") ? ["Icmp"] : []),
  ]);
  for (const section of NETSTAT_SECTIONS) {
    if (section.name === "Tcp") yield* print(sys, plainSection("IcmpMsg", snmp, "        "));
    if (chosen.size > 0 && !chosen.has(section.name)) continue;
    const values = snmp.get(section.name);
    if (values === undefined) continue;
    yield* print(sys, `${section.name}:\n${sectionText(section.lines, values, snmp)}`);
  }
  const extended = yield* readFile(sys, "/proc/net/netstat");
  const groups = parseSnmp(typeof extended === "number" ? "" : utf8Decode(extended));
  if (chosen.size === 0 || chosen.has("Tcp")) yield* print(sys, plainSection("TcpExt", groups, "    "));
  yield* print(sys, plainSection("IpExt", groups, "    "));
  return 0;
}

/** A section of which only what is not zero is shown, by the counters' names where netstat has no words for them. */
function plainSection(name: string, snmp: Snmp, indent: string): string {
  const values = snmp.get(name);
  if (values === undefined) return "";
  let text = `${name}:\n`;
  for (const [counter, value] of values) {
    if (value === 0) continue;
    const words = (name === "TcpExt" ? TCP_EXT_TEXTS.get(counter) : undefined) ?? `${counter}: %`;
    text += `${indent}${words.replace("%", String(value))}\n`;
  }
  return text;
}

function sectionText(
  lines: (typeof NETSTAT_SECTIONS)[number]["lines"],
  values: ReadonlyMap<string, number>,
  snmp: Snmp,
): string {
  let text = "";
  for (const [name, label, kind] of lines) {
    if (kind === "heading") {
      text += `    ${label}\n`;
      continue;
    }
    const value = (name.startsWith("Icmp") ? (snmp.get("Icmp") ?? values) : values).get(name);
    // netstat leaves out what is zero, save the counters everybody looks for.
    if (value === undefined || (kind === "if-not-zero" && value === 0)) continue;
    text +=
      kind === "indented" || kind === "if-not-zero-indented"
        ? value === 0
          ? ""
          : `        ${label}: ${value}\n`
        : label.includes("%")
          ? `    ${label.replace("%", String(value))}\n`
          : `    ${value} ${label}\n`;
  }
  return text;
}
