/** Names of hosts, out of /etc/hosts (hosts(5)). Left out: DNS, which no host has yet. */
import { utf8Decode } from "../../base/bytes.ts";
import { formatIpv4, parseIpv4, type Ipv4Address } from "../../wire/address.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { readFile } from "./input.ts";

export class Hosts {
  readonly #addresses = new Map<string, Ipv4Address>();
  readonly #names = new Map<Ipv4Address, string>();

  /** Lines that are not `address name...` with an IPv4 address are skipped, as the resolver does. */
  constructor(text: string) {
    for (const line of text.split("\n")) {
      const [first, ...names] = line
        .replace(/#.*/, "")
        .split(/\s+/)
        .filter((word) => word !== "");
      const address = parseIpv4(first ?? "");
      if (!address.ok) continue;
      for (const name of names) {
        if (!this.#addresses.has(name.toLowerCase())) this.#addresses.set(name.toLowerCase(), address.value);
        if (!this.#names.has(address.value)) this.#names.set(address.value, name);
      }
    }
  }

  /** A dotted quad or a known name. */
  resolve(name: string): Ipv4Address | null {
    const literal = parseIpv4(name);
    if (literal.ok) return literal.value;
    return this.#addresses.get(name.toLowerCase()) ?? null;
  }

  nameOf(address: Ipv4Address): string | null {
    return this.#names.get(address) ?? null;
  }

  /** The name when there is one, else the dotted quad. */
  label(address: Ipv4Address): string {
    return this.nameOf(address) ?? formatIpv4(address);
  }
}

export function* readHosts(sys: Sys): Call<Hosts> {
  const content = yield* readFile(sys, "/etc/hosts");
  return new Hosts(typeof content === "number" ? "" : utf8Decode(content));
}
