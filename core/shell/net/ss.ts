/**
 * ss (iproute2 6.1): TCP, UDP, raw and packet sockets with queues, buffers, timers, owners and TCP's inner state.
 * Columns are as wide as their content, as ss makes them on a pipe. Left out: Unix and netlink sockets, -K, -E, -D.
 */
import { utf8Decode } from "../../base/bytes.ts";
import type { SocketInfo } from "../../kernel/syscall/netlink.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4 } from "../../wire/address.ts";
import { command, fail, type CommandSpec } from "../lib/command.ts";
import { readHosts, type Hosts } from "../lib/hosts.ts";
import { readFile } from "../lib/input.ts";
import type { Arguments } from "../lib/options.ts";
import { print } from "../lib/output.ts";
import { portName, protocolName } from "../lib/services.ts";
import { links, sockets } from "./netlink.ts";
import { parseSnmp } from "./snmp.ts";
import { ALL_STATES, parseSsFilter, TCP_DEFAULT_STATES } from "./ss-filter.ts";
import { memoryText, tcpText, timerText } from "./ss-info.ts";

const SS: CommandSpec = {
  name: "ss",
  usage: [
    "Usage: ss [ OPTIONS ]",
    "       ss [ OPTIONS ] [ FILTER ]",
    "   -n, --numeric       don't resolve service names",
    "   -r, --resolve       resolve host names",
    "   -a, --all           display all sockets",
    "   -l, --listening     display listening sockets",
    "   -o, --options       show timer information",
    "   -e, --extended      show detailed socket information",
    "   -m, --memory        show socket memory usage",
    "   -p, --processes     show process using socket",
    "   -i, --info          show internal TCP information",
    "   -s, --summary       show socket usage summary",
    "   -t, --tcp           display only TCP sockets",
    "   -u, --udp           display only UDP sockets",
    "   -w, --raw           display only RAW sockets",
    "   -0, --packet        display PACKET sockets",
    "   -H, --no-header     Suppress header line",
    "   -O, --oneline       socket's data printed on a single line",
    "       FILTER := [ state STATE-FILTER ] [ EXPRESSION ]",
  ].join("\n"),
  short: "nralempsHtuw0iOo4x",
  long: new Map([
    ["numeric", "n"],
    ["resolve", "r"],
    ["all", "a"],
    ["listening", "l"],
    ["options", "o"],
    ["extended", "e"],
    ["memory", "m"],
    ["processes", "p"],
    ["info", "i"],
    ["summary", "s"],
    ["ipv4", "4"],
    ["packet", "0"],
    ["tcp", "t"],
    ["udp", "u"],
    ["raw", "w"],
    ["no-header", "H"],
    ["oneline", "O"],
  ]),
  usageStatus: 255,
  usageOnError: true,
};

type Protocol = SocketInfo["protocol"];

const NETIDS: Readonly<Record<Protocol, string>> = {
  udp: "udp",
  icmp: "icmp",
  raw: "raw",
  packet: "p_raw",
  tcp: "tcp",
};
/** In ss's order. */
const PROTOCOLS: readonly Protocol[] = ["packet", "raw", "icmp", "udp", "tcp"];

export const ss = command(SS, function* (sys, args) {
  if (args.has("s")) {
    yield* print(sys, yield* summary(sys));
    return 0;
  }
  const hosts = yield* readHosts(sys);
  const filter = parseSsFilter(args.operands, hosts);
  if (!filter.ok) return yield* fail(sys, filter.error, 255);
  const all = yield* sockets(sys);
  const devices = new Map((yield* links(sys)).map((link) => [link.index, link.name]));
  const chosen = families(args);
  const asked = filter.value.states;
  const states = (protocol: Protocol): readonly string[] => (asked === null ? shownStates(protocol, args) : [...asked]);
  const shown = PROTOCOLS.filter((protocol) => chosen.has(protocol)).flatMap((protocol) => {
    const wanted = new Set(states(protocol));
    return all.filter((each) => each.protocol === protocol && wanted.has(each.state) && filter.value.test(each));
  });
  // ss drops what is the same for all lines: the family when one was asked for, the state when only one can be there.
  const possible = new Set([...chosen].flatMap((protocol) => states(protocol)));
  const single = [...chosen].every((protocol) => protocol === "raw" || protocol === "icmp") || chosen.size === 1;
  const hidden = new Set([...(single && !chosen.has("packet") ? [0] : []), ...(possible.size === 1 ? [1] : [])]);
  const header = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process"];
  const rows = shown.map((each) => row(each, { args, devices, hosts }));
  const visible = [...(args.has("H") ? [] : [header]), ...rows].map((cells) => cells.filter((_, i) => !hidden.has(i)));
  for (const line of layout(visible, 7 - hidden.size)) yield* print(sys, `${line}\n`);
  return 0;
});

function families(args: Arguments): Set<Protocol> {
  const chosen = new Set<Protocol>();
  if (args.has("t")) chosen.add("tcp");
  if (args.has("u")) chosen.add("udp");
  if (args.has("w")) for (const each of ["raw", "icmp"] as const) chosen.add(each);
  if (args.has("0")) chosen.add("packet");
  return chosen.size > 0 ? chosen : new Set(PROTOCOLS);
}

function shownStates(protocol: Protocol, args: Arguments): readonly string[] {
  if (args.has("a")) return ALL_STATES;
  if (args.has("l")) return ["LISTEN", "UNCONN"];
  if (protocol === "packet") return ["UNCONN"];
  return protocol === "tcp" ? TCP_DEFAULT_STATES : ["ESTAB"];
}

type View = {
  readonly args: Arguments;
  readonly devices: ReadonlyMap<number, string>;
  readonly hosts: Hosts;
};

function row(each: SocketInfo, view: View): string[] {
  const packet = each.protocol === "packet";
  const device = view.devices.get(each.deviceIndex);
  const end = (at: SocketInfo["local"], scope: string): string => endpoint(each, at, { ...view, scope });
  return [
    NETIDS[each.protocol],
    each.state,
    String(each.receiveQueueBytes),
    String(each.sendQueueBytes),
    packet ? `*:${device ?? "*"}` : end(each.local, device === undefined ? "" : `%${device}`),
    packet ? "*" : end(each.peer, ""),
    details(each, view.args),
  ];
}

function endpoint(
  each: SocketInfo,
  { address, port }: SocketInfo["local"],
  { args, hosts, scope }: View & { readonly scope: string },
): string {
  const host = args.has("r") && address !== 0 ? hosts.label(address) : formatIpv4(address);
  const name = each.protocol === "raw" ? protocolName : portName;
  return `${host}${scope}:${port === 0 ? "*" : args.has("n") ? String(port) : name(port)}`;
}

/** The last column, which may go over to a second line. */
function details(each: SocketInfo, args: Arguments): string {
  const { tcp } = each;
  let text = "";
  if (args.has("p") && each.process !== null) {
    text += ` users:(("${each.process.command}",pid=${each.process.pid},fd=${each.process.fd}))`;
  }
  const options = args.has("o") || args.has("e");
  if (options && tcp !== undefined) text += timerText(tcp);
  if (args.has("e")) text += ` ino:${each.inode} sk:${(tcp?.cookie ?? each.inode).toString(16)}${shutdownText(each)}`;
  if (!args.has("m") && !(args.has("i") && each.protocol !== "udp")) return text;
  if (!args.has("O")) text += "\n\t";
  if (args.has("m") && tcp?.info !== null) text += memoryText(each);
  if (args.has("i") && tcp !== undefined) text += tcpText(each, tcp, { numeric: args.has("n"), options });
  return text;
}

/** Which ways are still open: ` <->`. Requests and TIME-WAIT records have none to speak of. */
function shutdownText({ tcp }: SocketInfo): string {
  if (tcp?.info === null) return "";
  return ` ${tcp?.shutdown.receive === true ? "-" : "<"}-${tcp?.shutdown.send === true ? "-" : ">"}`;
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

/** -s: what the kernel counts, from /proc/net as ss reads it. */
function* summary(sys: Sys): Call<string> {
  const sockstat = yield* readFile(sys, "/proc/net/sockstat");
  const numbers = new Map<string, number>();
  for (const line of typeof sockstat === "number" ? [] : utf8Decode(sockstat).split("\n")) {
    const [group = "", ...words] = line.split(/[: ]+/);
    for (let i = 0; i + 1 < words.length; i += 2) numbers.set(`${group}.${words[i] ?? ""}`, Number(words[i + 1]));
  }
  const snmp = yield* readFile(sys, "/proc/net/snmp");
  const tcp = typeof snmp === "number" ? undefined : parseSnmp(utf8Decode(snmp)).get("Tcp");
  const of = (name: string): number => numbers.get(name) ?? 0;
  const waits = of("TCP.tw");
  const closed = of("TCP.alloc") - (of("TCP.inuse") - waits);
  const established = tcp?.get("CurrEstab") ?? 0;
  const states = `estab ${established}, closed ${closed}, orphaned ${of("TCP.orphan")}, timewait ${waits}`;
  const table = [
    ["RAW", of("RAW.inuse")],
    ["UDP", of("UDP.inuse")],
    ["TCP", of("TCP.inuse")],
    ["INET", of("RAW.inuse") + of("UDP.inuse") + of("TCP.inuse")],
    ["FRAG", of("FRAG.inuse")],
  ] as const;
  const lines = table.map(([name, total]) => {
    const cell = String(total).padEnd(9);
    return `${name}\t  ${cell} ${cell} ${"0".padEnd(9)}\n`;
  });
  const head = `Total: ${of("sockets.used")}\nTCP:   ${of("TCP.alloc") + waits} (${states})\n\n`;
  return `${head}Transport Total     IP        IPv6\n${lines.join("")}\n`;
}
