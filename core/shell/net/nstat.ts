/**
 * nstat (iproute2): kernel counters that are not zero, since the last call; -a since the start, -z zeroes too, -s
 * keeps the history, -n only updates it, -r forgets it. Left out: rates over an interval (-d, -t).
 */
import { utf8Decode, utf8Encode } from "../../base/bytes.ts";
import { strerror } from "../../kernel/syscall/errno.ts";
import { O } from "../../kernel/syscall/sys.ts";
import { command, fail } from "../lib/command.ts";
import { readFile } from "../lib/input.ts";
import { print, writeAll } from "../lib/output.ts";
import { matchesPattern } from "../sh/pattern.ts";
import { parseSnmp } from "./snmp.ts";

const HISTORY = "/tmp/.nstat.u0";

/** Constants and gauges: they have no change that means anything. */
const USELESS = new Set([
  "IpForwarding",
  "IpDefaultTTL",
  "TcpRtoAlgorithm",
  "TcpRtoMin",
  "TcpRtoMax",
  "TcpMaxConn",
  "TcpCurrEstab",
]);

const line = (name: string, value: number): string => `${name.padEnd(32)}${String(value).padEnd(19)}0.0\n`;

export const nstat = command(
  { name: "nstat", usage: "Usage: nstat [-a] [-z] [-s] [-r] [PATTERN]...", short: "azsrnp", usageStatus: 255 },
  function* (sys, args) {
    const now = new Map<string, number>();
    for (const path of ["/proc/net/snmp", "/proc/net/netstat"]) {
      const content = yield* readFile(sys, path);
      if (typeof content === "number") {
        if (path.endsWith("snmp")) return yield* fail(sys, `nstat: ${path}: ${strerror(content)}`);
        continue;
      }
      for (const [group, values] of parseSnmp(utf8Decode(content))) {
        for (const [name, value] of values) if (!USELESS.has(group + name)) now.set(group + name, value);
      }
    }
    const history = yield* readFile(sys, HISTORY);
    const before = new Map<string, number>();
    if (typeof history !== "number" && !args.has("a") && !args.has("r")) {
      for (const [, name, value] of utf8Decode(history).matchAll(/^(\S+)\s+(\d+)/gm)) {
        before.set(name ?? "", Number(value));
      }
    }
    let text = "#kernel\n";
    for (const [name, value] of now) {
      const change = value - (before.get(name) ?? 0);
      const chosen = args.operands.length === 0 || args.operands.some((pattern) => matchesPattern(name, pattern));
      if (chosen && (change !== 0 || args.has("z"))) text += line(name, change);
    }
    if (!args.has("n")) yield* print(sys, text);
    if (args.has("s")) return 0;
    const fd = yield* sys.open(HISTORY, O.WRONLY | O.CREAT | O.TRUNC);
    if (fd < 0) return 0;
    yield* writeAll(sys, fd, utf8Encode(`#kernel\n${[...now].map(([name, value]) => line(name, value)).join("")}`));
    yield* sys.close(fd);
    return 0;
  },
);
