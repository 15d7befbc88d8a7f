/** ip neighbour: show, add, replace, del, flush (iproute2 6.1, ipneigh.c). */
import type { NeighbourInfo } from "../../kernel/syscall/netlink.ts";
import { E } from "../../kernel/syscall/errno.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, formatMac, parseIpv4, parseMac, type Ipv4Address, type MacAddress } from "../../wire/address.ts";
import { SECOND } from "../../base/time.ts";
import { print } from "../lib/output.ts";
import { change, neighbours } from "../net/netlink.ts";
import { complete, noDevice, printJson, refused, wrongUse, type IpOptions, type Json, type Words } from "./context.ts";

const VERBS = ["add", "change", "chg", "replace", "delete", "show", "list", "lst", "flush", "help"] as const;

export function* neighbourCommand(sys: Sys, options: IpOptions, words: Words): Call<number> {
  const word = words.peek();
  const verb = word === undefined ? "show" : complete(word, VERBS);
  if (verb === null) return yield* wrongUse(sys, `Command "${word ?? ""}" is unknown, try "ip neigh help".`);
  if (word !== undefined) words.skip();
  switch (verb) {
    case "help":
      yield* print(sys, "Usage: ip neigh { add | del | replace } ADDRESS [ lladdr LLADDR ] dev DEVICE\n");
      yield* print(sys, "       ip neigh { show | flush } [ dev DEVICE ]\n");
      return 0;
    case "add":
      return yield* modify(sys, words, "neighbour-add");
    case "change":
    case "chg":
    case "replace":
      return yield* modify(sys, words, "neighbour-replace");
    case "delete":
      return yield* modify(sys, words, "neighbour-delete");
    case "flush":
      return yield* flush(sys, words);
    case "show":
    case "list":
    case "lst":
      return yield* show(sys, options, words);
  }
}

function* modify(
  sys: Sys,
  words: Words,
  kind: "neighbour-add" | "neighbour-replace" | "neighbour-delete",
): Call<number> {
  let address: Ipv4Address | undefined;
  let mac: MacAddress | undefined;
  let device: string | undefined;
  let permanent = true;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === "dev") device = words.next();
    else if (word === "lladdr") {
      const text = words.next() ?? "";
      const parsed = parseMac(text);
      if (!parsed.ok) return yield* wrongUse(sys, `"${text}" is invalid lladdr.`);
      mac = parsed.value;
    } else if (word === "nud") permanent = words.next() === "permanent";
    else if (word !== "to") {
      const parsed = parseIpv4(word);
      if (!parsed.ok) return yield* wrongUse(sys, `Error: inet address is expected rather than "${word}".`);
      address = parsed.value;
    }
  }
  if (device === undefined || address === undefined) {
    return yield* wrongUse(sys, "Device and destination are required arguments.");
  }
  const error = yield* change(sys, { kind, device, address, permanent, ...(mac === undefined ? {} : { mac }) });
  if (error === -E.ENODEV) return yield* noDevice(sys, device);
  return error < 0 ? yield* refused(sys, error) : 0;
}

function* flush(sys: Sys, words: Words): Call<number> {
  const word = words.next();
  if (word === undefined) return yield* wrongUse(sys, "Flush requires arguments.");
  const device = word === "dev" ? words.next() : undefined;
  const error = yield* change(sys, { kind: "neighbour-flush", ...(device === undefined ? {} : { device }) });
  if (error === -E.ENODEV) return yield* noDevice(sys, device ?? "");
  return error < 0 ? yield* refused(sys, error) : 0;
}

function* show(sys: Sys, options: IpOptions, words: Words): Call<number> {
  let device: string | undefined;
  let address: string | undefined;
  let state: string | undefined;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === "dev") device = words.next();
    else if (word === "nud") state = words.next()?.toUpperCase();
    else if (word !== "to") address = word;
  }
  const shown = (yield* neighbours(sys)).filter(
    (each) =>
      (device === undefined || each.device === device) &&
      (address === undefined || formatIpv4(each.address) === address) &&
      (state === undefined ? each.state !== "NOARP" && each.state !== "NONE" : state === "ALL" || each.state === state),
  );
  if (options.json) yield* printJson(sys, shown.map(neighbourJson));
  else for (const each of shown) yield* print(sys, `${line(each, device === undefined, options.statistics > 0)}\n`);
  return 0;
}

function line(each: NeighbourInfo, withDevice: boolean, statistics: boolean): string {
  const device = withDevice ? ` dev ${each.device}` : "";
  const mac = each.mac === null ? "" : ` lladdr ${formatMac(each.mac)}`;
  const ages = [each.used, each.confirmed, each.updated].map((age) => Math.floor(age / SECOND)).join("/");
  const used = statistics ? `  used ${ages}probes ${each.probes}` : "";
  return `${formatIpv4(each.address)}${device}${mac}${used} ${each.state} `;
}

function neighbourJson(each: NeighbourInfo): Json {
  return {
    dst: formatIpv4(each.address),
    dev: each.device,
    ...(each.mac === null ? {} : { lladdr: formatMac(each.mac) }),
    state: [each.state],
  };
}
