/** What code in scripts sees: TCP_INFO and SO_MEMINFO of the connection under test by name, and Linux's constants. */
import { TCPI_OPT, type TcpInfo } from "../kernel/syscall/tcp-info.ts";
import { SO, SOL, TCP, type OptionResult } from "../kernel/syscall/sys.ts";
import type { SystemCalls } from "./system-calls.ts";

const STATES = [
  "TCP_ESTABLISHED",
  "TCP_SYN_SENT",
  "TCP_SYN_RECV",
  "TCP_FIN_WAIT1",
  "TCP_FIN_WAIT2",
  "TCP_TIME_WAIT",
  "TCP_CLOSE",
  "TCP_CLOSE_WAIT",
  "TCP_LAST_ACK",
  "TCP_LISTEN",
  "TCP_CLOSING",
] as const;

const CONGESTION_STATES = ["TCP_CA_Open", "TCP_CA_Disorder", "TCP_CA_CWR", "TCP_CA_Recovery", "TCP_CA_Loss"] as const;

const MEMORY_NAMES = [
  "SK_MEMINFO_RMEM_ALLOC",
  "SK_MEMINFO_RCVBUF",
  "SK_MEMINFO_WMEM_ALLOC",
  "SK_MEMINFO_SNDBUF",
  "SK_MEMINFO_FWD_ALLOC",
  "SK_MEMINFO_WMEM_QUEUED",
  "SK_MEMINFO_OPTMEM",
  "SK_MEMINFO_BACKLOG",
  "SK_MEMINFO_DROPS",
] as const;

/** The same in every snapshot. */
export const CONSTANTS: ReadonlyMap<string, number> = new Map<string, number>([
  ...STATES.map((name, index): [string, number] => [name, index + 1]),
  ...CONGESTION_STATES.map((name, index): [string, number] => [name, index]),
  ...Object.entries(TCPI_OPT).map(([name, value]): [string, number] => [`TCPI_OPT_${name}`, value]),
]);

/** What a field without limit reads as in the C structure, by its size. */
const UNLIMITED_32 = 0xffff_ffff;
const UNLIMITED_64 = 2 ** 64 - 1;

/** Names and values now; empty when the connection has no descriptor to ask by. */
export function takeSnapshot(calls: SystemCalls): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  const info = optionOf(calls, SOL.TCP, TCP.INFO);
  if (info !== null && typeof info === "object" && !Array.isArray(info)) {
    for (const [name, value] of Object.entries(info as TcpInfo)) values.set(name, finite(name, value as number));
  }
  const memory = optionOf(calls, SOL.SOCKET, SO.MEMINFO);
  if (Array.isArray(memory)) {
    for (const [index, name] of MEMORY_NAMES.entries()) values.set(name, (memory as readonly number[])[index] ?? 0);
  }
  return values;
}

function optionOf(calls: SystemCalls, level: number, option: number): unknown {
  const result = calls.read<OptionResult>((sys, live) => sys.getsockopt(live, level, option));
  return result === null || "error" in result ? null : result.value;
}

function finite(name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  return name.includes("rate") ? UNLIMITED_64 : UNLIMITED_32;
}
