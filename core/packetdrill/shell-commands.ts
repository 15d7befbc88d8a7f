/**
 * The shell commands that scripts use to set the scene, carried out on the machine under test: sysctl(8), ip(8), tc(8),
 * ethtool(8), nstat(8), and the few small tools around them. What is not known here is an error, not a success.
 */
import { assert } from "../base/assert.ts";
import { parseDuration, type Nanoseconds } from "../base/time.ts";
import { parseQdisc } from "../kernel/device/qdisc/parse.ts";
import { PfifoFast } from "../kernel/device/qdisc/pfifo-fast.ts";
import { CommandProblem, done, type CommandResult } from "./command-result.ts";
import { DEVICE_NAME, type Environment } from "./environment.ts";
import { Nstat } from "./nstat.ts";
import { ipCommand } from "./shell-ip.ts";
import { setParameter, setSysctls, sysctlCommand } from "./shell-sysctl.ts";
import { parseShell, type Pipeline, type SimpleCommand } from "./shell.ts";

export class ShellInterpreter {
  readonly #environment: Environment;
  readonly #nstat: Nstat;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#nstat = new Nstat(environment.kernel.core.snmp);
  }

  /** @returns the last command's status. @throws CommandProblem */
  run(text: string): number {
    const pipelines = parseShell(text);
    if (!pipelines.ok) throw new CommandProblem("unsupported", pipelines.error);
    let status = 0;
    for (const pipeline of pipelines.value) {
      if (pipeline.runs !== "always" && (status === 0) !== (pipeline.runs === "on-success")) continue;
      status = this.#runPipeline(pipeline);
    }
    return status;
  }

  #runPipeline(pipeline: Pipeline): number {
    let result = done();
    for (const command of pipeline.commands) {
      result = this.#runCommand(command, result.output);
      if (command.output !== null) {
        if (command.output !== "/dev/null") setParameter(this.#environment, command.output, result.output.trim());
        result = { ...result, output: "" };
      }
    }
    return pipeline.negated ? Number(result.status === 0) : result.status;
  }

  #runCommand({ words }: SimpleCommand, input: string): CommandResult {
    const [path = "", ...args] = words;
    const name = path.slice(path.lastIndexOf("/") + 1);
    // What set_sysctls.py leaves behind to put everything back: the machine ends with the script anyway.
    if (/^sysctl_restore_\d+\.sh$/.test(name)) return done();
    switch (name) {
      case "true":
      case ":":
        return done();
      case "false":
        return { status: 1, output: "" };
      case "echo":
        return done(`${args.filter((word, index) => index > 0 || word !== "-n").join(" ")}\n`);
      case "sleep":
        return this.#sleep(args);
      case "grep":
        return grep(args, input);
      case "nstat":
        return done(this.#nstat.run(args));
      case "sysctl":
        return sysctlCommand(this.#environment, args);
      case "ip":
        return ipCommand(this.#environment, args);
      case "tc":
        return this.#tc(args);
      case "ethtool":
        return this.#ethtool(args);
      case "set_sysctls.py":
        for (const word of args) setAssignment(this.#environment, word);
        return done();
      case "defaults.sh":
        return this.#defaults(path);
      default:
        throw new CommandProblem("unsupported", `${path}: no such command here`);
    }
  }

  #sleep(args: readonly string[]): CommandResult {
    const span: Nanoseconds | null = args.reduce((sum: number | null, word) => {
      const parsed = parseDuration(/[a-z]$/.test(word) ? word : `${word}s`);
      return sum === null || !parsed.ok ? null : sum + parsed.value;
    }, 0);
    if (span === null) throw new CommandProblem("unsupported", `sleep ${args.join(" ")}: a time expected`);
    const { now } = this.#environment;
    this.#environment.advance((now + span) as typeof now);
    return done();
  }

  /** The first command of the kernel's own selftests, and of packetdrill's. */
  #defaults(path: string): CommandResult {
    setSysctls(this.#environment, DEFAULTS);
    const isGoogles = path.includes("common/");
    setSysctls(this.#environment, [["net.ipv4.tcp_fastopen", isGoogles ? "0x70403" : "0x3"]]);
    return this.#tc(["qdisc", "add", "dev", DEVICE_NAME, "root", "pfifo"]);
  }

  /** `tc qdisc add|replace|change|delete dev tun0 root ...`. */
  #tc(args: readonly string[]): CommandResult {
    const [object, verb = "", ...rest] = args;
    const tun = this.#environment.tun;
    const [dev, device, root, ...spec] = rest;
    if (object !== "qdisc" || dev !== "dev" || root !== "root") {
      throw new CommandProblem("unsupported", `tc ${args.join(" ")}: tc qdisc VERB dev NAME root expected`);
    }
    if (device !== tun.name) throw new CommandProblem("fail", `tc: Cannot find device "${device ?? ""}"`);
    if (["del", "delete"].includes(verb)) {
      if (tun.qdiscHandle === 0) return { status: 2, output: "" };
      tun.replaceQdisc(new PfifoFast(tun), 0);
      return done();
    }
    if (!["add", "replace", "change"].includes(verb)) {
      throw new CommandProblem("unsupported", `tc qdisc ${verb}: add, replace, change or delete expected`);
    }
    const factory = parseQdisc(spec.join(" "));
    if (!factory.ok) throw new CommandProblem("unsupported", `tc: ${factory.error}`);
    tun.replaceQdisc(factory.value(tun), this.#environment.kernel.devices.newQdiscHandle());
    return done();
  }

  /** `ethtool -K tun0 FEATURE on|off ...`. */
  #ethtool(args: readonly string[]): CommandResult {
    const [option, device, ...features] = args;
    const tun = this.#environment.tun;
    if (!["-K", "--features", "--offload"].includes(option ?? "")) {
      throw new CommandProblem("unsupported", `ethtool ${option ?? ""}: -K expected`);
    }
    if (device !== tun.name) throw new CommandProblem("fail", `ethtool: ${device ?? ""}: No such device`);
    for (let at = 0; at < features.length; at += 2) {
      const [name = "", value = ""] = features.slice(at, at + 2);
      if (!["on", "off"].includes(value)) throw new CommandProblem("fail", `ethtool: ${name}: on or off expected`);
      if (name === "tso" || name === "gso") tun[name] = value === "on";
      else if (name === "tx") tun.txChecksumOffload = value === "on";
      // Receive offloads are what the script says by --mss.
      else if (!["gro", "lro", "rx", "sg", "ufo"].includes(name)) {
        throw new CommandProblem("unsupported", `ethtool: ${name}: no such feature here`);
      }
    }
    return done();
  }
}

/** What every test of the kernel's selftests begins with. */
const DEFAULTS: readonly (readonly [string, string])[] = [
  ["net.ipv4.tcp_rmem", "4096 540000 15728640"],
  ["net.ipv4.tcp_wmem", "4096 262144 4194304"],
  ["net.ipv4.tcp_timestamps", "1"],
  ["net.ipv4.tcp_sack", "1"],
  ["net.ipv4.tcp_dsack", "1"],
  ["net.ipv4.tcp_reordering", "3"],
  ["net.ipv4.tcp_frto", "2"],
  ["net.ipv4.tcp_recovery", "1"],
  ["net.ipv4.tcp_early_retrans", "4"],
  ["net.ipv4.tcp_syn_retries", "5"],
  ["net.ipv4.tcp_synack_retries", "5"],
  ["net.ipv4.tcp_congestion_control", "cubic"],
  ["net.ipv4.tcp_slow_start_after_idle", "0"],
  ["net.ipv4.tcp_tso_win_divisor", "3"],
  ["net.ipv4.tcp_ecn", "0"],
  ["net.ipv4.tcp_pacing_ss_ratio", "200"],
  ["net.ipv4.tcp_pacing_ca_ratio", "120"],
  ["net.ipv4.tcp_notsent_lowat", "4294967295"],
  ["net.ipv4.tcp_syncookies", "1"],
  ["net.ipv4.tcp_fastopen_key", "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4"],
];

/** `/proc/sys/net/ipv4/tcp_sack=1`. */
function setAssignment(environment: Environment, word: string): void {
  const [, path, value] = /^(\/proc\/sys\/[^=]+)=([^]*)$/.exec(word) ?? [];
  if (path === undefined || value === undefined) {
    throw new CommandProblem("unsupported", `set_sysctls.py: ${word}: /proc/sys/NAME=VALUE expected`);
  }
  setParameter(environment, path, value);
}

/** grep [-qcivwFE] PATTERN over its standard input. */
function grep(args: readonly string[], input: string): CommandResult {
  const flags = new Set(args.filter((word) => /^-[a-zA-Z]+$/.test(word)).flatMap((word) => [...word.slice(1)]));
  const [pattern, ...files] = args.filter((word) => !/^-[a-zA-Z]+$/.test(word));
  const unknown = [...flags].find((flag) => !"qcivwFEe".includes(flag));
  if (pattern === undefined || files.length > 0 || unknown !== undefined) {
    throw new CommandProblem("unsupported", `grep ${args.join(" ")}: a pattern over standard input expected`);
  }
  const matcher = matcherOf(pattern, flags);
  const lines = input
    .split("\n")
    .slice(0, -1)
    .filter((line) => matcher.test(line) !== flags.has("v"));
  const status = lines.length > 0 ? 0 : 1;
  if (flags.has("q")) return { status, output: "" };
  if (flags.has("c")) return { status, output: `${lines.length}\n` };
  return { status, output: lines.map((line) => `${line}\n`).join("") };
}

function matcherOf(pattern: string, flags: ReadonlySet<string>): RegExp {
  const body = flags.has("F") ? pattern.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : pattern;
  try {
    return new RegExp(flags.has("w") ? `\\b(?:${body})\\b` : body, flags.has("i") ? "i" : "");
  } catch (error) {
    assert(error instanceof SyntaxError, "only a pattern's syntax is refused");
    throw new CommandProblem("unsupported", `grep: ${pattern}: not a pattern understood here`);
  }
}
