/** ip link and ip address: show, set, add, del, flush (iproute2 6.1, ipaddress.c and iplink.c). */
import type { AddressInfo, LinkInfo, NetlinkRequest } from "../../kernel/syscall/netlink.ts";
import { E } from "../../kernel/syscall/errno.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, formatMac, MAC_BROADCAST, MAC_ZERO, parseMac } from "../../wire/address.ts";
import { parseInteger } from "../lib/numbers.ts";
import { print } from "../lib/output.ts";
import { addresses, change, links } from "../net/netlink.ts";
import {
  complete,
  noDevice,
  parsePrefix,
  printJson,
  refused,
  wrongUse,
  type IpOptions,
  type Json,
  type Words,
} from "./context.ts";

const FOREVER = 4_294_967_295;

export function* linkCommand(sys: Sys, options: IpOptions, words: Words): Call<number> {
  const word = words.peek();
  const verb = word === undefined ? "show" : complete(word, ["show", "list", "lst", "set", "help"] as const);
  if (verb === null) return yield* wrongUse(sys, `Command "${word ?? ""}" is unknown, try "ip link help".`);
  if (word !== undefined) words.skip();
  if (verb === "help") {
    yield* print(sys, "Usage: ip link { show [ DEVICE ] | set DEVICE [ up | down ] [ mtu MTU ] [ txqueuelen LEN ]\n");
    yield* print(sys, "       [ promisc { on | off } ] [ address LLADDR ] }\n");
    return 0;
  }
  if (verb === "set") return yield* setLink(sys, words);
  return yield* showLinks(sys, options, words, false);
}

export function* addressCommand(sys: Sys, options: IpOptions, words: Words): Call<number> {
  const word = words.peek();
  const known = ["add", "change", "replace", "delete", "show", "list", "lst", "flush", "help"] as const;
  const verb = word === undefined ? "show" : complete(word, known);
  if (verb === null) return yield* wrongUse(sys, `Command "${word ?? ""}" is unknown, try "ip address help".`);
  if (word !== undefined) words.skip();
  switch (verb) {
    case "help":
      yield* print(sys, "Usage: ip address { add | del } ADDRESS/LEN dev DEVICE\n");
      yield* print(sys, "       ip address { show | flush } [ dev ] DEVICE [ up ]\n");
      return 0;
    case "add":
    case "change":
    case "replace":
    case "delete":
      return yield* modifyAddress(sys, words, verb === "delete" ? "address-delete" : "address-add");
    case "flush":
      return yield* flushAddresses(sys, words);
    case "show":
    case "list":
    case "lst":
      return yield* showLinks(sys, options, words, true);
  }
}

function* modifyAddress(sys: Sys, words: Words, kind: "address-add" | "address-delete"): Call<number> {
  let device: string | undefined;
  let text: string | undefined;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === "dev") device = words.next();
    else if (["brd", "broadcast", "scope", "label", "valid_lft", "preferred_lft"].includes(word)) words.skip();
    else if (word === "local") text = words.next();
    else text = word;
  }
  const prefix = text === undefined ? null : parsePrefix(text);
  if (prefix?.ok === false) {
    return yield* wrongUse(sys, prefix.error.replace("any valid prefix", "inet prefix").replace('"."', '"'));
  }
  if (device === undefined) return yield* wrongUse(sys, 'Not enough information: "dev" argument is required.');
  if (prefix === null) return yield* refused(sys, E.EOPNOTSUPP);
  const error = yield* change(sys, { kind, device, ...prefix.value });
  if (error === -E.ENODEV) return yield* noDevice(sys, device);
  if (error === -E.EEXIST) return yield* refused(sys, error, "Error: ipv4: Address already assigned.");
  if (error === -E.EADDRNOTAVAIL) return yield* refused(sys, error, "Error: ipv4: Address not found.");
  return error < 0 ? yield* refused(sys, error) : 0;
}

function* flushAddresses(sys: Sys, words: Words): Call<number> {
  const word = words.next();
  const device = word === "dev" ? words.next() : word;
  if (device === undefined) return yield* wrongUse(sys, "Flush requires arguments.");
  const error = yield* change(sys, { kind: "address-flush", device });
  if (error === -E.ENODEV) return yield* wrongUse(sys, `Device "${device}" does not exist.`);
  return error < 0 ? yield* refused(sys, error) : 0;
}

type LinkChange = {
  -readonly [K in keyof Extract<NetlinkRequest, { kind: "link-set" }>]: Extract<
    NetlinkRequest,
    { kind: "link-set" }
  >[K];
};

function* setLink(sys: Sys, words: Words): Call<number> {
  let first = words.next();
  if (first === "dev") first = words.next();
  if (first === undefined) return yield* wrongUse(sys, 'Not enough information: "dev" argument is required.');
  const request: LinkChange = { kind: "link-set", device: first };
  for (let word = words.next(); word !== undefined; word = words.next()) {
    const problem = applySetting(request, word, words);
    if (problem !== null) return yield* wrongUse(sys, problem);
  }
  const error = yield* change(sys, request);
  if (error === -E.ENODEV) return yield* noDevice(sys, first);
  return error < 0 ? yield* refused(sys, error) : 0;
}

function applySetting(request: LinkChange, word: string, words: Words): string | null {
  if (word === "up" || word === "down") {
    request.up = word === "up";
    return null;
  }
  const value = words.next();
  if (value === undefined) return 'Command line is not complete. Try option "help"';
  if (word === "mtu" || word === "txqueuelen" || word === "txqlen" || word === "qlen") {
    const number = parseInteger(value, 0, 2 ** 31);
    const name = word === "mtu" ? "mtu" : "txqueuelen";
    if (number === null) return `Error: argument "${value}" is wrong: Invalid "${name}" value\n`;
    request[name] = number;
    return null;
  }
  if (word === "promisc") {
    if (value !== "on" && value !== "off") {
      return `Error: argument of "promisc" must be one of "on", "off", not "${value}"`;
    }
    request.promisc = value === "on";
    return null;
  }
  if (word === "address") {
    const mac = parseMac(value);
    if (!mac.ok) return `"${value}" is invalid lladdr.`;
    request.mac = mac.value;
    return null;
  }
  return `Error: either "dev" is duplicate, or "${word}" is a garbage.`;
}

function* showLinks(sys: Sys, options: IpOptions, words: Words, withAddresses: boolean): Call<number> {
  let device: string | undefined;
  let onlyUp = false;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === "up") onlyUp = true;
    else device = word === "dev" ? words.next() : word;
  }
  const all = yield* links(sys);
  if (device !== undefined && !all.some((each) => each.name === device)) {
    return yield* wrongUse(sys, `Device "${device}" does not exist.`);
  }
  const shown = all.filter((each) => (device === undefined || each.name === device) && (!onlyUp || each.isUp));
  const known = withAddresses ? yield* addresses(sys) : [];
  const of = (link: LinkInfo): AddressInfo[] => known.filter((each) => each.device === link.name);
  if (options.json) {
    yield* printJson(
      sys,
      shown.map((link) => linkJson(link, withAddresses ? of(link) : null, options)),
    );
    return 0;
  }
  for (const link of shown) {
    if (options.brief) yield* print(sys, briefLine(link, withAddresses ? of(link) : null));
    else if (options.oneLine && withAddresses) yield* print(sys, of(link).map(addressOneLine).join(""));
    else {
      const text = linkText(link, !withAddresses) + (withAddresses ? of(link).map(addressText).join("") : "");
      const lines = text + (options.statistics > 0 ? statisticsText(link, options.statistics > 1) : "");
      yield* print(sys, options.oneLine ? `${lines.trimEnd().replaceAll("\n", "\\")}\n` : lines);
    }
  }
  return 0;
}

const isLoopback = (link: LinkInfo): boolean => link.kind === "loopback";

function flagsOf(link: LinkInfo): string[] {
  const flags = isLoopback(link) ? ["LOOPBACK"] : ["BROADCAST", "MULTICAST"];
  if (!link.carrier && link.isUp) flags.unshift("NO-CARRIER");
  if (link.promiscuous) flags.push("PROMISC");
  if (link.isUp) flags.push("UP");
  if (link.isUp && link.carrier) flags.push("LOWER_UP");
  return flags;
}

const operationalState = (link: LinkInfo): string =>
  isLoopback(link) && link.isUp ? "UNKNOWN" : link.isUp && link.carrier ? "UP" : "DOWN";

const broadcastMac = (link: LinkInfo): string => formatMac(isLoopback(link) ? MAC_ZERO : MAC_BROADCAST);

function linkText(link: LinkInfo, mode: boolean): string {
  const head = `${link.index}: ${link.name}: <${flagsOf(link).join(",")}> mtu ${link.mtu} qdisc ${link.qdisc}`;
  const tail = `state ${operationalState(link)} ${mode ? "mode DEFAULT " : ""}group default qlen ${link.txqueuelen}`;
  return `${head} ${tail}\n    link/${link.kind} ${formatMac(link.mac)} brd ${broadcastMac(link)}\n`;
}

function addressLine(address: AddressInfo): string {
  const broadcast = address.broadcast === null ? "" : ` brd ${formatIpv4(address.broadcast)}`;
  const secondary = address.secondary ? " secondary" : "";
  const cidr = `${formatIpv4(address.address)}/${address.prefixLength}`;
  return `inet ${cidr}${broadcast} scope ${address.scope}${secondary} ${address.device}`;
}

const addressText = (address: AddressInfo): string =>
  `    ${addressLine(address)}\n       valid_lft forever preferred_lft forever\n`;

const addressOneLine = (address: AddressInfo): string =>
  `${address.deviceIndex}: ${address.device}    ${addressLine(address)}\\ ` +
  "      valid_lft forever preferred_lft forever\n";

function briefLine(link: LinkInfo, known: readonly AddressInfo[] | null): string {
  const head = `${link.name.padEnd(16)} ${operationalState(link).padEnd(14)} `;
  if (known === null) return `${head}${formatMac(link.mac)} <${flagsOf(link).join(",")}> \n`;
  return `${head}${known.map((each) => `${formatIpv4(each.address)}/${each.prefixLength} `).join("")}\n`;
}

/** Names of the columns and the counters of struct rtnl_link_stats64 they show. */
const RECEIVED = [
  ["bytes", "rx_bytes"],
  ["packets", "rx_packets"],
  ["errors", "rx_errors"],
  ["dropped", "rx_dropped"],
  ["missed", "rx_missed_errors"],
  ["mcast", "multicast"],
] as const;
const SENT = [
  ["bytes", "tx_bytes"],
  ["packets", "tx_packets"],
  ["errors", "tx_errors"],
  ["dropped", "tx_dropped"],
  ["carrier", "tx_carrier_errors"],
  ["collsns", "collisions"],
] as const;
const RECEIVE_ERRORS = [
  ["length", "rx_length_errors"],
  ["crc", "rx_crc_errors"],
  ["frame", "rx_frame_errors"],
  ["fifo", "rx_fifo_errors"],
  ["overrun", "rx_over_errors"],
] as const;
const SEND_ERRORS = [
  ["aborted", "tx_aborted_errors"],
  ["fifo", "tx_fifo_errors"],
  ["window", "tx_window_errors"],
  ["heartbt", "tx_heartbeat_errors"],
  ["transns", "tx_carrier_changes"],
] as const;

type Column = readonly [title: string, counter: string];
/** Widths of the columns as iproute2 has them, the first with its indentation; a longer number widens its column. */
const COUNTER_WIDTHS = [14, 7, 6, 7, 7, 7] as const;
const ERROR_WIDTHS = [22, 6, 7, 7, 7] as const;

function counterLines(link: LinkInfo, title: string, table: readonly Column[], widths: readonly number[]): string {
  const values = table.map(([, counter]) => String(link.stats.get(counter) ?? 0));
  const width = (i: number): number => Math.max(widths[i] ?? 7, (values[i] ?? "").length);
  const heads = table.map(([name], i) => name.padStart(i === 0 ? width(0) - title.length : width(i)));
  const cells = values.map((value, i) => value.padStart(width(i)));
  // Room for a seventh column, "compressed", which the counters' heading always leaves.
  const tail = widths === COUNTER_WIDTHS ? " ".repeat(11) : "";
  return `${title}${heads.join(" ")}${tail}\n${cells.join(" ")} \n`;
}

function statisticsText(link: LinkInfo, errors: boolean): string {
  const received = counterLines(link, "    RX:", RECEIVED, COUNTER_WIDTHS);
  const receiveErrors = errors ? counterLines(link, "    RX errors:", RECEIVE_ERRORS, ERROR_WIDTHS) : "";
  const sent = counterLines(link, "    TX:", SENT, COUNTER_WIDTHS);
  const sendErrors = errors ? counterLines(link, "    TX errors:", SEND_ERRORS, ERROR_WIDTHS) : "";
  return received + receiveErrors + sent + sendErrors;
}

function linkJson(link: LinkInfo, known: readonly AddressInfo[] | null, options: IpOptions): Json {
  return {
    ifindex: link.index,
    ifname: link.name,
    flags: flagsOf(link),
    mtu: link.mtu,
    qdisc: link.qdisc,
    operstate: operationalState(link),
    ...(known === null ? { linkmode: "DEFAULT" } : {}),
    group: "default",
    txqlen: link.txqueuelen,
    link_type: link.kind,
    address: formatMac(link.mac),
    broadcast: broadcastMac(link),
    ...(known === null ? {} : { addr_info: known.map(addressJson) }),
    ...(options.statistics > 0 ? { stats64: { rx: side(link, RECEIVED), tx: side(link, SENT) } } : {}),
  };
}

function addressJson(address: AddressInfo): Json {
  return {
    family: "inet",
    local: formatIpv4(address.address),
    prefixlen: address.prefixLength,
    ...(address.broadcast === null ? {} : { broadcast: formatIpv4(address.broadcast) }),
    scope: address.scope,
    ...(address.secondary ? { secondary: true } : {}),
    label: address.device,
    valid_life_time: FOREVER,
    preferred_life_time: FOREVER,
  };
}

const JSON_NAMES = new Map([
  ["missed", "over_errors"],
  ["mcast", "multicast"],
  ["carrier", "carrier_errors"],
  ["collsns", "collisions"],
]);

const side = (link: LinkInfo, table: readonly Column[]): Json =>
  Object.fromEntries(table.map(([title, counter]) => [JSON_NAMES.get(title) ?? title, link.stats.get(counter) ?? 0]));
