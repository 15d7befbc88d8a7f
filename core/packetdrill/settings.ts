/**
 * What a script runs under: defaults (google/packetdrill's config.c), changed by the script's own `--options`, changed
 * by those of the command line.
 */
import { MICROSECOND, type Nanoseconds } from "../base/time.ts";
import { parseIpv4, type Ipv4Address } from "../wire/address.ts";
import type { ScriptFlag } from "./ast.ts";
import { TOLERANCE_DEFAULT } from "./limits.ts";
import { SyntaxProblem } from "./problem.ts";

export interface Settings {
  /** Least tolerance of times, ns. */
  readonly tolerance: Nanoseconds;
  /** Payload bytes per segment of injected packets, as if GRO had merged them; 0 takes each as one segment. */
  readonly mss: number;
  readonly mtu: number;
  readonly localAddress: Ipv4Address;
  readonly localPrefixLength: number;
  readonly remoteAddress: Ipv4Address;
  readonly gateway: Ipv4Address;
  readonly bindPort: number;
  readonly connectPort: number;
  /** ns per tick of the timestamps that the stack sends: then their values are checked; 0 does not. */
  readonly timestampTick: Nanoseconds;
  /** An injected `ecr` that no packet has shown yet is computed from the first one. */
  readonly scalesEcho: boolean;
  /** Expected packets are not put together from several. */
  readonly strictSegments: boolean;
  /** `-D NAME=VALUE`, of script and command line. */
  readonly definitions: ReadonlyMap<string, string>;
}

/** Symbols that packetdrill's own runners define (run_all.py, ksft_runner.sh), with their IPv4 values. */
export const DEFAULT_DEFINITIONS: ReadonlyMap<string, string> = new Map([
  ["TFO_COOKIE", "3021b9d889017eeb"],
  ["TFO_COOKIE_ZERO", "b7c12350a90dc8f5"],
  ["CMSG_LEVEL_IP", "SOL_IP"],
  ["CMSG_TYPE_RECVERR", "IP_RECVERR"],
  ["CODE", "host_unreachable"],
]);

export const DEFAULT_SETTINGS: Settings = {
  tolerance: TOLERANCE_DEFAULT,
  mss: 0,
  mtu: 1500,
  localAddress: 0xc0a80001 as Ipv4Address,
  localPrefixLength: 16,
  remoteAddress: 0xc0000201 as Ipv4Address,
  gateway: 0xc0a80002 as Ipv4Address,
  bindPort: 8080,
  connectPort: 8080,
  timestampTick: 0,
  scalesEcho: false,
  strictSegments: false,
  definitions: DEFAULT_DEFINITIONS,
};

/** Options that say how the real tool talks to the real machine: nothing here depends on them. */
const WITHOUT_EFFECT = new Set([
  "ip_version",
  "init_scripts",
  "verbose",
  "debug",
  "dry_run",
  "speed",
  "non_fatal",
  "persistent_tun_dev",
  "send_omit_free",
  "gateway_ip",
  "netmask_ip",
  "tolerance_percent",
]);

/** @throws SyntaxProblem for an option that is not known or a value that is none. */
export function applyFlag(settings: Settings, flag: ScriptFlag): Settings {
  const { name, value } = flag;
  switch (name) {
    case "tolerance_usecs":
      return { ...settings, tolerance: whole(flag, 1e12) * MICROSECOND };
    case "mss":
      return { ...settings, mss: whole(flag, 0xffff) };
    case "mtu":
      return { ...settings, mtu: whole(flag, 0xffff) };
    case "bind_port":
      return { ...settings, bindPort: whole(flag, 0xffff) };
    case "connect_port":
      return { ...settings, connectPort: whole(flag, 0xffff) };
    case "tcp_ts_tick_usecs":
      return { ...settings, timestampTick: whole(flag, 1e9) * MICROSECOND };
    case "tcp_ts_ecr_scaled":
      return { ...settings, scalesEcho: true };
    case "strict_segments":
      return { ...settings, strictSegments: true };
    case "local_ip":
      return { ...settings, localAddress: addressOf(flag) };
    case "remote_ip":
      return { ...settings, remoteAddress: addressOf(flag) };
    case "define":
    case "D":
      return { ...settings, definitions: withDefinition(settings.definitions, flag) };
    case "ip_version":
      if (value !== "ipv4") throw new SyntaxProblem(flag, `--ip_version=ipv4 expected: there is no ${value} here`);
      return settings;
    default:
      if (WITHOUT_EFFECT.has(name)) return settings;
      throw new SyntaxProblem(flag, `--${name} is not an option of packetdrill known here`);
  }
}

function whole(flag: ScriptFlag, most: number): number {
  const value = /^\d{1,15}$/.test(flag.value) ? Number(flag.value) : NaN;
  if (!(value <= most)) throw new SyntaxProblem(flag, `--${flag.name} expects a whole number up to ${most}`);
  return value;
}

function addressOf(flag: ScriptFlag): Ipv4Address {
  const parsed = parseIpv4(flag.value);
  if (!parsed.ok) throw new SyntaxProblem(flag, `--${flag.name} expects an IPv4 address`);
  return parsed.value;
}

function withDefinition(definitions: Settings["definitions"], flag: ScriptFlag): Settings["definitions"] {
  const [, name, value] = /^(\w+)=([^]*)$/.exec(flag.value) ?? [];
  if (name === undefined || value === undefined) throw new SyntaxProblem(flag, `--${flag.name} expects NAME=VALUE`);
  return new Map([...definitions, [name, value]]);
}
