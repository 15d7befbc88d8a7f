/** ip route: show, get, add, del, replace, flush (iproute2 6.1, iproute.c). */
import type { RouteInfo, RouteSpec } from "../../kernel/syscall/netlink.ts";
import { E } from "../../kernel/syscall/errno.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, networkOf, parseIpv4, type Ipv4Address } from "../../wire/address.ts";
import { SECOND } from "../../base/time.ts";
import { bad, good, type Result } from "../../base/result.ts";
import { parseInteger } from "../lib/numbers.ts";
import { print } from "../lib/output.ts";
import { ask, change, routes } from "../net/netlink.ts";
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

const VERBS = [
  "add",
  "append",
  "change",
  "chg",
  "delete",
  "del",
  "get",
  "list",
  "show",
  "lst",
  "replace",
  "flush",
  "help",
] as const;
const NUMBERS = ["metric", "mtu", "advmss", "initcwnd"] as const;
const ATTRIBUTES: readonly string[] = [...NUMBERS, "via", "dev", "src", "proto", "protocol", "scope", "table"];
const TYPES = ["unicast", "blackhole", "unreachable", "prohibit"] as const;

export function* routeCommand(sys: Sys, options: IpOptions, words: Words): Call<number> {
  const word = words.peek();
  const verb = word === undefined ? "show" : complete(word, VERBS);
  if (verb === null) return yield* wrongUse(sys, `Command "${word ?? ""}" is unknown, try "ip route help".`);
  if (word !== undefined) words.skip();
  switch (verb) {
    case "help":
      yield* print(sys, "Usage: ip route { show | flush } [ table TABLE_ID ] [ dev NAME ] [ PREFIX ]\n");
      yield* print(sys, "       ip route get ADDRESS [ from ADDRESS ]\n");
      yield* print(sys, "       ip route { add | del | replace } [ TYPE ] PREFIX [ via ADDRESS ] [ dev NAME ]\n");
      yield* print(sys, "                [ metric NUMBER ] [ src ADDRESS ]\n");
      yield* print(sys, "                [ mtu [ lock ] NUMBER ] [ advmss NUMBER ] [ initcwnd NUMBER ]\n");
      return 0;
    case "get":
      return yield* getRoute(sys, options, words);
    case "add":
    case "append":
      return yield* modify(sys, words, "route-add");
    case "change":
    case "chg":
    case "replace":
      return yield* modify(sys, words, "route-replace");
    case "delete":
    case "del":
      return yield* modify(sys, words, "route-delete");
    case "list":
    case "show":
    case "lst":
      return yield* show(sys, options, words);
    case "flush":
      return yield* flush(sys, words);
  }
}

type Draft = { -readonly [K in keyof RouteSpec]: RouteSpec[K] };

function readSpec(words: Words): Result<RouteSpec, string> {
  const draft: Draft = { network: 0 as Ipv4Address, prefixLength: 0, via: null, device: null };
  let hasTarget = false;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    const type = TYPES.find((each) => each === word);
    if (type !== undefined) {
      draft.type = type;
      continue;
    }
    if (word === "to") continue;
    if (ATTRIBUTES.includes(word)) {
      if (word === "mtu" && words.peek() === "lock") {
        words.skip();
        draft.mtuLocked = true;
      }
      const problem = readAttribute(draft, word, words.next());
      if (problem !== null) return bad(problem);
      continue;
    }
    if (word === "onlink") continue;
    if (hasTarget) return bad(`Error: either "to" is duplicate, or "${word}" is a garbage.`);
    const prefix = parsePrefix(word);
    if (!prefix.ok) return prefix;
    draft.network = prefix.value.address;
    draft.prefixLength = prefix.value.prefixLength;
    hasTarget = true;
  }
  return hasTarget ? good(draft) : bad("Error: need a prefix, such as 10.0.0.0/24 or default");
}

function readAttribute(draft: Draft, word: string, value: string | undefined): string | null {
  if (value === undefined) return 'Command line is not complete. Try option "help"';
  if (word === "dev") draft.device = value;
  else if (word === "via" || word === "src") {
    const address = parseIpv4(value === "inet" ? "" : value);
    if (!address.ok) return `Error: inet address is expected rather than "${value}".`;
    if (word === "via") draft.via = address.value;
    else draft.source = address.value;
    return null;
  }
  const counted = NUMBERS.find((each) => each === word);
  if (counted === undefined) return null;
  const number = parseInteger(value, 0, 2 ** 32 - 1);
  if (number === null) return `Error: argument "${value}" is wrong: "${word}" value is invalid\n`;
  draft[counted] = number;
  return null;
}

function* modify(sys: Sys, words: Words, kind: "route-add" | "route-replace" | "route-delete"): Call<number> {
  const spec = readSpec(words);
  if (!spec.ok) return yield* wrongUse(sys, spec.error);
  const error = yield* change(sys, { kind, route: spec.value });
  if (error === -E.ENODEV && spec.value.device !== null) return yield* noDevice(sys, spec.value.device);
  if (error === -E.ENETUNREACH && kind !== "route-delete") {
    return yield* refused(sys, error, "Error: Nexthop has invalid gateway.");
  }
  return error < 0 ? yield* refused(sys, error) : 0;
}

type Filter = { device?: string; network?: Ipv4Address; prefixLength?: number; table: "main" | "local" | "all" };

function readFilter(words: Words): Result<Filter, string> {
  const filter: Filter = { table: "main" };
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === "dev") filter.device = words.next() ?? "";
    else if (word === "table") {
      const table = words.next() ?? "";
      if (table !== "main" && table !== "local" && table !== "all") {
        return bad(`Error: argument "${table}" is wrong: table id value is invalid\n`);
      }
      filter.table = table;
    } else if (["proto", "scope", "type"].includes(word)) words.skip();
    else if (!["to", "root", "match", "exact"].includes(word)) {
      const prefix = parsePrefix(word);
      if (!prefix.ok) return prefix;
      filter.network = networkOf(prefix.value.address, prefix.value.prefixLength);
      filter.prefixLength = prefix.value.prefixLength;
    }
  }
  return good(filter);
}

const matches = (route: RouteInfo, filter: Filter): boolean =>
  (filter.device === undefined || route.device === filter.device) &&
  (filter.network === undefined || (route.network === filter.network && route.prefixLength === filter.prefixLength));

function* show(sys: Sys, options: IpOptions, words: Words): Call<number> {
  const filter = readFilter(words);
  if (!filter.ok) return yield* wrongUse(sys, filter.error);
  const shown = (yield* routes(sys, filter.value.table)).filter((each) => matches(each, filter.value));
  if (options.json) yield* printJson(sys, shown.map(routeJson));
  else for (const route of shown) yield* print(sys, `${routeLine(route, filter.value)}\n`);
  return 0;
}

function* flush(sys: Sys, words: Words): Call<number> {
  const filter = readFilter(words);
  if (!filter.ok) return yield* wrongUse(sys, filter.error);
  for (const route of yield* routes(sys, filter.value.table)) {
    if (!matches(route, filter.value)) continue;
    const { network, prefixLength, via, device, metric } = route;
    const error = yield* change(sys, { kind: "route-delete", route: { network, prefixLength, via, device, metric } });
    if (error < 0) return yield* refused(sys, error);
  }
  return 0;
}

export function routeTarget(route: RouteInfo): string {
  if (route.prefixLength === 0) return "default";
  const address = formatIpv4(route.network);
  return route.prefixLength === 32 ? address : `${address}/${route.prefixLength}`;
}

function routeLine(route: RouteInfo, filter: Filter): string {
  const parts = [route.type === "unicast" ? routeTarget(route) : `${route.type} ${routeTarget(route)}`];
  if (route.via !== null) parts.push(`via ${formatIpv4(route.via)}`);
  if (route.device !== null) parts.push(`dev ${route.device}`);
  if (filter.table === "all" && route.table === "local") parts.push("table local");
  if (route.protocol !== "boot") parts.push(`proto ${route.protocol}`);
  if (route.scope !== "global") parts.push(`scope ${route.scope}`);
  if (route.source !== null) parts.push(`src ${formatIpv4(route.source)}`);
  if (route.metric > 0) parts.push(`metric ${route.metric}`);
  if (route.mtu !== null) parts.push(`mtu ${route.mtuLocked ? "lock " : ""}${route.mtu}`);
  if (route.advmss > 0) parts.push(`advmss ${route.advmss}`);
  if (route.initcwnd > 0) parts.push(`initcwnd ${route.initcwnd}`);
  if (!route.isUp) parts.push("linkdown");
  return `${parts.join(" ")} `;
}

function* getRoute(sys: Sys, options: IpOptions, words: Words): Call<number> {
  let target: string | undefined;
  let from: Ipv4Address | undefined;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === "from") {
      const address = parseIpv4(words.next() ?? "");
      if (!address.ok) return yield* wrongUse(sys, "Error: inet prefix is expected.");
      from = address.value;
    } else if (word === "to") continue;
    else if (["oif", "dev", "iif"].includes(word)) words.skip();
    else target = word;
  }
  if (target === undefined) return yield* wrongUse(sys, "need at least a destination address");
  const address = parseIpv4(target);
  if (!address.ok) return yield* wrongUse(sys, `Error: inet prefix is expected rather than "${target}".`);
  const request = { kind: "route-get", address: address.value } as const;
  const reply = yield* ask(sys, from === undefined ? request : { ...request, from }, "routes");
  if (typeof reply === "number") return yield* refused(sys, reply);
  const route = reply.routes[0];
  if (route === undefined) return yield* refused(sys, E.ENETUNREACH);
  if (options.json) {
    yield* printJson(sys, [{ ...(routeJson(route) as { [key: string]: Json }), dst: target }]);
    return 0;
  }
  const type = route.type === "unicast" ? "" : `${route.type} `;
  const via = route.via === null ? "" : ` via ${formatIpv4(route.via)}`;
  const source = route.source === null ? "" : ` src ${formatIpv4(route.source)}`;
  const origin = from === undefined ? "" : ` from ${formatIpv4(from)}`;
  const seconds = route.mtuExpires === null ? 0 : Math.ceil((route.mtuExpires - sys.now()) / SECOND);
  const cache =
    route.type === "local" ? "<local> " : route.mtu === null ? "" : `expires ${seconds}sec mtu ${route.mtu} `;
  const head = `${type}${target}${origin}${via} dev ${route.device ?? "lo"}${source} uid 0 `;
  yield* print(sys, `${head}\n    cache ${cache}\n`);
  return 0;
}

function routeJson(route: RouteInfo): Json {
  return {
    ...(route.type === "unicast" ? {} : { type: route.type }),
    dst: routeTarget(route),
    ...(route.via === null ? {} : { gateway: formatIpv4(route.via) }),
    ...(route.device === null ? {} : { dev: route.device }),
    ...(route.protocol === "boot" ? {} : { protocol: route.protocol }),
    ...(route.scope === "global" ? {} : { scope: route.scope }),
    ...(route.source === null ? {} : { prefsrc: formatIpv4(route.source) }),
    ...(route.metric === 0 ? {} : { metric: route.metric }),
    flags: route.isUp ? [] : ["linkdown"],
  };
}
