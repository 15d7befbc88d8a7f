/** Primitives of a filter: qualifiers (protocol, direction, kind) and an identifier, or a word that stands alone. */
import { bad, good, type Result } from "../../base/result.ts";
import { maskOf, parseIpv4, parseMac, type Ipv4Address } from "../../wire/address.ts";
import { parseInteger } from "../lib/numbers.ts";
import { syntaxError, type FilterInput, type Kind, type Qualifiers } from "./filter-input.ts";
import {
  ETHERTYPES,
  groupTest,
  IP_PROTOCOLS,
  isProtocol,
  macTest,
  networkTest,
  portTest,
  protocolTest,
  vlanTest,
  type Direction,
  type Network,
  type Test,
} from "./filter-primitives.ts";

const KINDS: readonly Kind[] = ["host", "net", "port", "portrange", "proto"];

export function readPrimitive(input: FilterInput): Result<Test, string> {
  const alone = standalone(input);
  if (alone !== null) return alone;
  const protocol = isProtocol(input.peek()) ? input.take() : null;
  const group = input.peek();
  if (group === "broadcast" || group === "multicast") {
    input.take();
    return good(groupTest(group, protocol === "ip" ? "ip" : "ether", input.depth));
  }
  const direction = readDirection(input);
  const kind = KINDS.find((each) => each === input.peek());
  if (kind !== undefined) input.take();
  if (protocol !== null && direction === null && kind === undefined) {
    return protocol === "ether" ? bad(syntaxError(input)) : good(protocolTest(protocol, input.depth));
  }
  const bare = protocol === null && direction === null && kind === undefined;
  const qualifiers: Qualifiers =
    bare && input.last !== null ? input.last : { protocol, direction: direction ?? "either", kind: kind ?? "host" };
  input.last = qualifiers;
  return identified(input, qualifiers);
}

function standalone(input: FilterInput): Result<Test, string> | null {
  const word = input.peek();
  if (word === "less" || word === "greater") {
    const length = parseInteger(input.peek(1), 0, 2 ** 31);
    input.at++;
    if (length === null) return bad(syntaxError(input));
    input.at++;
    return good(word === "less" ? (view) => view(0).length <= length : (view) => view(0).length >= length);
  }
  if (word !== "vlan") return null;
  input.take();
  const id = parseInteger(input.peek(), 0, 4095);
  if (id !== null) input.take();
  const depth = input.depth;
  // What follows looks behind the tag (pcap-filter(7), "vlan").
  input.depth++;
  return good(vlanTest(id, depth));
}

function readDirection(input: FilterInput): Direction | null {
  const first = input.peek();
  if (first !== "src" && first !== "dst") return null;
  input.take();
  const joined = input.peek();
  const second = input.peek(1);
  if ((joined === "or" || joined === "and") && (second === "src" || second === "dst") && second !== first) {
    input.at += 2;
    return joined === "or" ? "either" : "both";
  }
  return first;
}

function identified(input: FilterInput, { protocol, direction, kind }: Qualifiers): Result<Test, string> {
  const word = input.peek();
  if (word === "" || /^\W/.test(word)) return bad(syntaxError(input));
  if (protocol === "ether") return etherTest(input, kind, direction);
  switch (kind) {
    case "port":
    case "portrange": {
      const range = readRange(word, kind);
      if (range === null) return bad(`can't parse filter expression: illegal port '${word}'`);
      if (protocol !== null && !["ip", "tcp", "udp"].includes(protocol)) {
        return bad(`can't parse filter expression: '${protocol}' has no ports`);
      }
      input.take();
      return good(portTest(range, direction, protocol, input.depth));
    }
    case "net": {
      input.take();
      const network = readNetwork(word, input);
      return network.ok ? good(networkTest(network.value, direction, protocol, input.depth)) : network;
    }
    case "proto": {
      const number = IP_PROTOCOLS.get(word) ?? parseInteger(word, 0, 255);
      if (number === null) return bad(`can't parse filter expression: unknown ip proto '${word}'`);
      input.take();
      const depth = input.depth;
      return good((view) => view(depth).protocol === number);
    }
    case "host": {
      input.take();
      const slash = word.includes("/") ? readNetwork(word, input) : null;
      if (slash !== null) return slash.ok ? good(networkTest(slash.value, direction, protocol, input.depth)) : slash;
      const address = input.hosts.resolve(word);
      if (address === null) return bad(`can't parse filter expression: unknown host '${word}'`);
      return good(networkTest({ address, mask: 0xffffffff }, direction, protocol, input.depth));
    }
  }
}

function etherTest(input: FilterInput, kind: Kind, direction: Direction): Result<Test, string> {
  const word = input.take();
  if (kind === "proto") {
    const type =
      ETHERTYPES.get(word) ?? (/^0x[0-9a-f]{1,4}$/i.test(word) ? parseInt(word, 16) : parseInteger(word, 0, 65_535));
    if (type === null) return bad(`can't parse filter expression: unknown ether proto '${word}'`);
    const depth = input.depth;
    return good((view) => view(depth).etherType === type);
  }
  const mac = parseMac(word);
  return mac.ok
    ? good(macTest(mac.value, direction))
    : bad(`can't parse filter expression: unknown ether host '${word}'`);
}

function readRange(word: string, kind: "port" | "portrange"): { first: number; last: number } | null {
  const [low = "", high = low] = word.split("-");
  const first = parseInteger(low, 0, 65_535);
  const last = parseInteger(high, 0, 65_535);
  if (first === null || last === null || (kind === "port" && low !== high)) return null;
  return first <= last ? { first, last } : { first: last, last: first };
}

/** `10.0.0.0/24`, `10.0`, `net 10.0.0.0 mask 255.0.0.0`. A short form stands for its whole class-like network. */
function readNetwork(word: string, input: FilterInput): Result<Network, string> {
  const [text = "", length] = word.split("/");
  const parts = text.split(".");
  const address = parseIpv4([...parts, "0", "0", "0"].slice(0, 4).join("."));
  const prefix = length === undefined ? parts.length * 8 : parseInteger(length, 0, 32);
  if (!address.ok || prefix === null) return bad(`can't parse filter expression: unknown network '${word}'`);
  let mask = maskOf(prefix);
  if (input.accept("mask")) {
    const given = parseIpv4(input.take());
    if (!given.ok) return bad("can't parse filter expression: bad netmask");
    mask = given.value;
  }
  if ((address.value & ~mask) !== 0) {
    return bad(`can't parse filter expression: non-network bits set in "${word}"`);
  }
  return good({ address: address.value as Ipv4Address, mask });
}
