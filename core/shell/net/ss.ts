/**
 * ss (iproute2 6.1): UDP, raw, packet and TCP sockets with queues, buffers and owners. Columns are as wide as their
 * content, as ss makes them on a pipe. Left out: filters by state and address, timers (-o), and Unix sockets.
 */
import type { SocketInfo } from "../../kernel/syscall/netlink.ts";
import { formatIpv4 } from "../../wire/address.ts";
import { command, type CommandSpec } from "../lib/command.ts";
import type { Arguments } from "../lib/options.ts";
import { print } from "../lib/output.ts";
import { links, sockets } from "./netlink.ts";

const SS: CommandSpec = {
  name: "ss",
  usage: [
    "Usage: ss [ OPTIONS ]",
    "   -n  don't resolve service names     -a  display all sockets",
    "   -l  display listening sockets       -e  show detailed socket information",
    "   -m  show socket memory usage        -p  show process using socket",
    "   -s  show socket usage summary       -H  suppress header line",
    "   -t, -u, -w, -0  display only TCP, UDP, raw, packet sockets",
  ].join("\n"),
  short: "nralempsHtuw0iOo4x",
  usageStatus: 255,
  usageOnError: true,
};

const NETIDS: Readonly<Record<SocketInfo["protocol"], string>> = {
  udp: "udp",
  icmp: "icmp",
  raw: "raw",
  packet: "p_raw",
  tcp: "tcp",
};

export const ss = command(SS, function* (sys, args) {
  const all = yield* sockets(sys);
  if (args.has("s")) {
    yield* print(sys, summary(all));
    return 0;
  }
  const devices = new Map((yield* links(sys)).map((link) => [link.index, link.name]));
  const chosen = families(args);
  const shown = all.filter((each) => chosen.has(each.protocol) && isShown(each, args));
  const withState = !(args.has("l") && !args.has("a") && chosen.size === 0);
  const single = chosen.size === 1 || (chosen.size === 2 && chosen.has("icmp"));
  const header = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process"];
  const rows = shown.map((each) => row(each, args, devices));
  // ss drops what is the same for all lines: the family when one was asked for, the state when only one is shown.
  const onlyEstablished = !args.has("a") && !args.has("l");
  const hidden = new Set([...(single ? [0] : []), ...(onlyEstablished ? [1] : []), ...(withState ? [] : [1])]);
  const visible = [...(args.has("H") ? [] : [header]), ...rows].map((cells) => cells.filter((_, i) => !hidden.has(i)));
  const lines = layout(visible, 7 - hidden.size);
  for (const [index, line] of lines.entries()) {
    const socket = shown[index - (args.has("H") ? 0 : 1)];
    const memory = args.has("m") && socket !== undefined ? `\n\t ${memoryText(socket)}` : "";
    yield* print(sys, `${line}${memory}\n`);
  }
  return 0;
});

function families(args: Arguments): Set<SocketInfo["protocol"]> {
  const chosen = new Set<SocketInfo["protocol"]>();
  if (args.has("t")) chosen.add("tcp");
  if (args.has("u")) chosen.add("udp");
  if (args.has("w")) for (const each of ["raw", "icmp"] as const) chosen.add(each);
  if (args.has("0")) chosen.add("packet");
  return chosen.size > 0 ? chosen : new Set(["tcp", "udp", "icmp", "raw", "packet"]);
}

function isShown(each: SocketInfo, args: Arguments): boolean {
  if (args.has("a")) return true;
  const passive = each.state === "LISTEN" || each.state === "UNCONN";
  return args.has("l") ? passive : !passive;
}

function endpoint(end: SocketInfo["local"], device: string | undefined, packet: boolean): string {
  if (packet) return `*:${device ?? "*"}`;
  const address = end.address === 0 ? "0.0.0.0" : formatIpv4(end.address);
  const scope = device === undefined ? "" : `%${device}`;
  return `${address}${scope}:${end.port === 0 ? "*" : String(end.port)}`;
}

function row(each: SocketInfo, args: Arguments, devices: ReadonlyMap<number, string>): string[] {
  const packet = each.protocol === "packet";
  const details: string[] = [];
  if (args.has("p") && each.process !== null) {
    details.push(`users:(("${each.process.command}",pid=${each.process.pid},fd=${each.process.fd}))`);
  }
  if (args.has("e")) details.push(`ino:${each.inode} sk:${each.inode.toString(16)} <->`);
  const device = devices.get(each.deviceIndex);
  return [
    NETIDS[each.protocol],
    each.state,
    String(each.receiveQueueBytes),
    String(each.sendQueueBytes),
    endpoint(each.local, device, packet),
    packet ? "*" : endpoint(each.peer, undefined, false),
    details.join(" "),
  ];
}

/** Addresses are aligned at the colon before the port, as ss does it. */
function layout(rows: readonly (readonly string[])[], count: number): string[] {
  const ends = [count - 3, count - 2];
  const split = rows.map((cells) =>
    cells.flatMap((cell, i) => {
      if (!ends.includes(i)) return [cell];
      const at = cell.lastIndexOf(":");
      return at < 0 ? [cell, " "] : [cell.slice(0, at), cell.slice(at)];
    }),
  );
  const lefts = [count - 3, count - 1];
  const widths: number[] = [];
  for (const cells of split) cells.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return split.map((cells) =>
    cells
      .map((cell, i) => {
        const padded = lefts.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
        const joined = lefts.includes(i) || i === cells.length - 1 || i === cells.length - 2;
        return joined ? padded : `${padded} `;
      })
      .join(""),
  );
}

function memoryText(each: SocketInfo): string {
  const receive = `r${each.receiveQueueBytes},rb${each.receiveBufferBytes}`;
  return `skmem:(${receive},t${each.sendQueueBytes},tb${each.sendBufferBytes},f0,w0,o0,bl0,d${each.drops})`;
}

function summary(all: readonly SocketInfo[]): string {
  const count = (...protocols: SocketInfo["protocol"][]): number =>
    all.filter((each) => protocols.includes(each.protocol)).length;
  const established = all.filter((each) => each.protocol === "tcp" && each.state === "ESTAB").length;
  const table = [
    ["RAW", count("raw", "icmp")],
    ["UDP", count("udp")],
    ["TCP", count("tcp")],
    ["INET", count("raw", "icmp", "udp", "tcp")],
    ["FRAG", 0],
  ] as const;
  const lines = table.map(([name, total]) => {
    const cell = String(total).padEnd(9);
    return `${name}\t  ${cell} ${cell} ${"0".padEnd(9)}\n`;
  });
  const tcp = `${count("tcp")} (estab ${established}, closed 0, orphaned 0, timewait 0)`;
  const head = `Total: ${all.length}\nTCP:   ${tcp}\n\n`;
  return `${head}Transport Total     IP        IPv6\n${lines.join("")}\n`;
}
