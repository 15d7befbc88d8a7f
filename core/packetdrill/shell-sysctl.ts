/** Kernel parameters as scripts set them: sysctl(8), /proc/sys, and module parameters under /sys. */
import type { Environment } from "./environment.ts";
import { CommandProblem, done, type CommandResult } from "./command-result.ts";

/** Parameters of Linux that do nothing any more, or nothing that is built here. */
const WITHOUT_EFFECT = new Set([
  "net.ipv4.tcp_fack",
  "net.ipv4.tcp_ecn_option",
  "net.ipv4.tcp_ecn_option_beacon",
  "net.ipv4.tcp_low_latency",
  "net.core.rmem_max",
  "net.core.wmem_max",
]);

/** Module parameters with the only value that they can have here, which is Linux's default. */
const MODULE_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ["/sys/module/tcp_cubic/parameters/hystart", "1"],
  ["/sys/module/tcp_cubic/parameters/hystart_detect", "3"],
  ["/sys/module/tcp_cubic/parameters/hystart_low_window", "16"],
  ["/sys/module/tcp_cubic/parameters/hystart_ack_delta_us", "2000"],
  ["/sys/module/tcp_cubic/parameters/fast_convergence", "1"],
  ["/sys/module/tcp_cubic/parameters/tcp_friendliness", "1"],
  ["/sys/module/tcp_cubic/parameters/beta", "717"],
]);

/** `sysctl [-q] [-w] [-e] [-n] NAME[=VALUE]...`. */
export function sysctlCommand(environment: Environment, args: readonly string[]): CommandResult {
  const flags = args.filter((word) => word.startsWith("-"));
  const output: string[] = [];
  for (const word of args) {
    if (word.startsWith("-")) continue;
    const [, name = "", value] = /^([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
    const dotted = name.replaceAll("/", ".").trim();
    if (value !== undefined) {
      const problem = setSysctl(environment, dotted, value);
      if (problem !== null && !(flags.includes("-e") && problem.kind === "unsupported")) throw problem;
      continue;
    }
    const now = environment.kernel.core.sysctls.get(dotted);
    if (now === undefined) throw new CommandProblem("unsupported", `sysctl: ${dotted}: no such parameter here`);
    output.push(flags.includes("-n") ? `${now}\n` : `${dotted} = ${now}\n`);
  }
  return done(output.join(""));
}

/** @throws CommandProblem */
export function setSysctls(environment: Environment, pairs: readonly (readonly [string, string])[]): void {
  for (const [name, value] of pairs) {
    const problem = setSysctl(environment, name, value);
    if (problem !== null) throw problem;
  }
}

function setSysctl(environment: Environment, name: string, value: string): CommandProblem | null {
  const sysctls = environment.kernel.core.sysctls;
  const isKnown = sysctls.get(name) !== undefined;
  if (!isKnown && WITHOUT_EFFECT.has(name)) return null;
  // The kernel reads numbers in any of C's notations.
  const words = value
    .trim()
    .split(/\s+/)
    .map((word) => (/^0x[0-9a-fA-F]+$/.test(word) ? String(Number(word)) : word));
  const problem = sysctls.set(name, words.join(" "));
  if (problem === null) return null;
  return problem === "ENOENT"
    ? new CommandProblem("unsupported", `sysctl: ${name}: no such parameter here`)
    : new CommandProblem("fail", `sysctl: ${name}: Invalid argument: ${value}`);
}

/** `echo VALUE > PATH`. @throws CommandProblem */
export function setParameter(environment: Environment, path: string, value: string): void {
  if (path.startsWith("/proc/sys/")) {
    setSysctls(environment, [[path.slice("/proc/sys/".length).replaceAll("/", "."), value]]);
    return;
  }
  const only = MODULE_PARAMETERS.get(path);
  if (only === undefined) throw new CommandProblem("unsupported", `${path}: no such file here`);
  if (only !== value) throw new CommandProblem("unsupported", `${path}: is always ${only} here, not ${value}`);
}
