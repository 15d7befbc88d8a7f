/** Names of hosts for programs, out of /etc/hosts (hosts(5)). */
import type { Call, Sys } from "../kernel/syscall/sys.ts";
import { readText } from "./file-operations.ts";
import { HOSTS_BYTES_MAX } from "./limits.ts";

export class HostNames {
  #addresses: Map<string, number> | null = null;

  /** The address as a number, or null. */
  *resolve(sys: Sys, name: string): Call<number | null> {
    this.#addresses ??= parseHosts(yield* readText(sys, "/etc/hosts", HOSTS_BYTES_MAX));
    return this.#addresses.get(name.toLowerCase()) ?? null;
  }
}

/** The first line of a name counts; lines that are not `address name...` with an IPv4 address are skipped. */
function parseHosts(text: string): Map<string, number> {
  const addresses = new Map<string, number>();
  for (const line of text.split("\n")) {
    const words = line.replace(/#.*/, "").split(/\s+/);
    const [first = "", ...names] = words.filter((word) => word !== "");
    const address = readQuad(first);
    if (address === null) continue;
    for (const name of names) if (!addresses.has(name.toLowerCase())) addresses.set(name.toLowerCase(), address);
  }
  return addresses;
}

function readQuad(text: string): number | null {
  const parts = text.split(".");
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return null;
    value = value * 256 + Number(part);
  }
  return parts.length === 4 ? value : null;
}
