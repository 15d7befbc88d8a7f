/** ip(8) as scripts use it: `ip route change`, `ip link set dev tun0 mtu`, `ip address add`, `ip tcp_metrics flush`. */
import { E, strerror } from "../kernel/syscall/errno.ts";
import type { NetlinkRequest, RouteSpec } from "../kernel/syscall/netlink.ts";
import { parseCidr, parseIpv4, type Cidr } from "../wire/address.ts";
import type { Environment } from "./environment.ts";
import { CommandProblem, done, type CommandResult } from "./command-result.ts";

export function ipCommand(environment: Environment, args: readonly string[]): CommandResult {
  const [object = "", verb = "", ...rest] = args.filter((word) => word !== "-4");
  // Of peers only fast open remembers anything.
  if (object === "tcp_metrics" || object === "tcpmetrics") {
    if (verb === "flush") environment.kernel.userland.tcp.fastopen.flush();
    return done();
  }
  if (object === "route" || object === "ro") return routeCommand(environment, verb, rest);
  if (object === "link" && verb === "set") return linkCommand(environment, rest);
  if (["addr", "address", "a"].includes(object)) return addressCommand(environment, verb, rest);
  throw new CommandProblem("unsupported", `ip ${args.join(" ")}: not understood here`);
}

function request(environment: Environment, wanted: NetlinkRequest): CommandResult {
  const reply = environment.kernel.userland.netlink(wanted);
  if (typeof reply !== "number") return done();
  throw new CommandProblem(reply === -E.EOPNOTSUPP ? "unsupported" : "fail", `ip: ${strerror(reply)}`);
}

function linkCommand(environment: Environment, words: readonly string[]): CommandResult {
  const rest = words[0] === "dev" ? words.slice(1) : words;
  const [device = "", ...options] = rest;
  let wanted: Extract<NetlinkRequest, { kind: "link-set" }> = { kind: "link-set", device };
  for (let at = 0; at < options.length; at++) {
    const word = options[at] ?? "";
    if (word === "up" || word === "down") wanted = { ...wanted, up: word === "up" };
    else if (word === "mtu") wanted = { ...wanted, mtu: Number(options[++at]) };
    else if (word === "txqueuelen" || word === "qlen") wanted = { ...wanted, txqueuelen: Number(options[++at]) };
    else throw new CommandProblem("unsupported", `ip link set: ${word}: not understood here`);
  }
  return request(environment, wanted);
}

function addressCommand(environment: Environment, verb: string, words: readonly string[]): CommandResult {
  const [text = "", dev, device = ""] = words;
  const cidr = prefixOf(text);
  if (dev !== "dev" || !["add", "del", "delete"].includes(verb)) {
    throw new CommandProblem("unsupported", `ip address ${verb}: add or del ADDRESS/LENGTH dev NAME expected`);
  }
  return request(environment, { kind: verb === "add" ? "address-add" : "address-delete", device, ...cidr });
}

type Route = { -readonly [K in keyof RouteSpec]: RouteSpec[K] };

function routeCommand(environment: Environment, verb: string, words: readonly string[]): CommandResult {
  const [target = "", ...options] = words;
  const { address: network, prefixLength } = target === "default" ? prefixOf("0.0.0.0/0") : prefixOf(target);
  const route: Route = { network, prefixLength, via: null, device: null };
  for (let at = 0; at < options.length; at++) {
    const word = options[at] ?? "";
    // `mtu lock 1500`: path MTU discovery shall not change it.
    const isLocked = options[at + 1] === "lock";
    if (isLocked) at++;
    setRouteField(route, word, options[++at] ?? "", isLocked);
  }
  if (verb === "add") return request(environment, { kind: "route-add", route });
  if (verb === "change" || verb === "replace") return request(environment, { kind: "route-replace", route });
  if (verb === "del" || verb === "delete") return request(environment, { kind: "route-delete", route });
  throw new CommandProblem("unsupported", `ip route ${verb}: add, change, replace or del expected`);
}

function setRouteField(route: Route, name: string, value: string, isLocked: boolean): void {
  switch (name) {
    case "via":
      route.via = prefixOf(value).address;
      return;
    case "dev":
      route.device = value;
      return;
    case "src":
      route.source = prefixOf(value).address;
      return;
    case "metric":
      route.metric = Number(value);
      return;
    case "mtu":
      route.mtu = Number(value);
      route.mtuLocked = isLocked;
      return;
    case "advmss":
    case "initcwnd":
      route[name] = Number(value);
      return;
    default:
      throw new CommandProblem("unsupported", `ip route: ${name}: not understood here`);
  }
}

/** `192.0.2.1` and `192.0.2.0/24`. */
function prefixOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr.ok) return cidr.value;
  const address = parseIpv4(text);
  if (address.ok) return { address: address.value, prefixLength: 32 };
  throw new CommandProblem("fail", `ip: ${text}: an address expected`);
}
