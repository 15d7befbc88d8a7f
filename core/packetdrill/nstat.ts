/** nstat(8): the machine's SNMP counters, as far as they moved since the last time it was asked. */
import type { SnmpCounters } from "../kernel/counters.ts";

export class Nstat {
  readonly #snmp: SnmpCounters;
  #before = new Map<string, number>();

  constructor(snmp: SnmpCounters) {
    this.#snmp = snmp;
  }

  /**
   * -a absolute values, -s leaves the history as it is, -z also what did not move, -n prints nothing; then patterns of
   * names with `*`. @returns what it prints.
   */
  run(args: readonly string[]): string {
    const flags = new Set(args.filter((word) => word.startsWith("-")).flatMap((word) => [...word.replace(/^-+/, "")]));
    const patterns = args.filter((word) => !word.startsWith("-")).map(toPattern);
    const now = this.#counters();
    const before = this.#before;
    if (!flags.has("s")) this.#before = now;
    if (flags.has("n")) return "";
    const lines = ["#kernel"];
    for (const [name, value] of now) {
      const shown = flags.has("a") ? value : value - (before.get(name) ?? 0);
      const isWanted = patterns.length === 0 || patterns.some((pattern) => pattern.test(name));
      if (isWanted && (shown !== 0 || flags.has("z"))) lines.push(`${name.padEnd(32)}${String(shown).padEnd(18)} 0.0`);
    }
    return `${lines.join("\n")}\n`;
  }

  #counters(): Map<string, number> {
    const { ip, icmp, udp, tcp, tcpExt, ipExt } = this.#snmp;
    const groups = { Ip: ip, Icmp: icmp, Tcp: tcp, Udp: udp, TcpExt: tcpExt, IpExt: ipExt };
    return new Map(
      Object.entries(groups).flatMap(([group, counters]) =>
        Object.entries(counters).map(([name, value]): [string, number] => [`${group}${name}`, value as number]),
      ),
    );
  }
}

const toPattern = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/[\\^$.+?()[\]{}|]/g, "\\$&").replaceAll("*", ".*")}$`);
