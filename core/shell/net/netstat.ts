/** netstat (net-tools 2.10): -r, -i, -s, and the socket table. Counters come from /proc/net, as netstat reads them. */
import { utf8Decode } from "../../base/bytes.ts";
import { strerror } from "../../kernel/syscall/errno.ts";
import type { LinkInfo, RouteInfo, SocketInfo } from "../../kernel/syscall/netlink.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, maskOf, type Ipv4Address } from "../../wire/address.ts";
import { command, fail, type CommandSpec } from "../lib/command.ts";
import { readHosts } from "../lib/hosts.ts";
import { readFile } from "../lib/input.ts";
import type { Arguments } from "../lib/options.ts";
import { print } from "../lib/output.ts";
import { links, routes, sockets } from "./netlink.ts";
import { NETSTAT_SECTIONS, parseSnmp, type Snmp } from "./snmp.ts";

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
    if (chosen.size > 0 && !chosen.has(section.name)) continue;
    const values = snmp.get(section.name);
    if (values === undefined) continue;
    yield* print(sys, `${section.name}:\n${sectionText(section.lines, values, snmp)}`);
  }
  return 0;
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

function* socketTable(sys: Sys, args: Arguments): Call<number> {
  const any = args.has("u") || args.has("t") || args.has("w");
  const wanted = (each: SocketInfo): boolean =>
    (each.protocol === "udp" && (!any || args.has("u"))) ||
    (each.protocol === "tcp" && (!any || args.has("t"))) ||
    ((each.protocol === "raw" || each.protocol === "icmp") && (!any || args.has("w")));
  const passive = (each: SocketInfo): boolean => each.state === "UNCONN" || each.state === "LISTEN";
  const scope = args.has("a") ? "servers and established" : args.has("l") ? "only servers" : "w/o servers";
  yield* print(sys, `Active Internet connections (${scope})\n`);
  const process = args.has("p") ? "       PID/Program name    " : "      ";
  yield* print(sys, `Proto Recv-Q Send-Q Local Address           Foreign Address         State${process}\n`);
  for (const each of yield* sockets(sys)) {
    if (!wanted(each) || (args.has("a") ? false : args.has("l") ? !passive(each) : passive(each))) continue;
    yield* print(sys, socketLine(each, args.has("p")));
  }
  return 0;
}

const STATES = new Map([
  ["ESTAB", "ESTABLISHED"],
  ["UNCONN", ""],
]);

function socketLine(each: SocketInfo, withProcess: boolean): string {
  const end = (at: SocketInfo["local"]): string =>
    `${formatIpv4(at.address)}:${at.port === 0 ? "*" : at.port}`.padEnd(23);
  const queues = `${String(each.receiveQueueBytes).padStart(6)} ${String(each.sendQueueBytes).padStart(6)}`;
  const state = (STATES.get(each.state) ?? each.state).padEnd(11);
  const owner = each.process === null ? "-" : `${each.process.pid}/${each.process.command}`;
  const process = withProcess ? ` ${owner.padEnd(20)}` : " ";
  return `${each.protocol.padEnd(5)} ${queues} ${end(each.local)} ${end(each.peer)} ${state}${process}\n`;
}
