/** The command line of iperf 2, and what TCP and UDP tests take from it. */
import { parseIpv4, type Ipv4Address } from "../../wire/address.ts";
import type { CommandSpec } from "../lib/command.ts";
import { parseInteger, parseScaled, parseSeconds } from "../lib/numbers.ts";
import type { Arguments } from "../lib/options.ts";
import { UDP_PAYLOAD_MAX } from "../limits.ts";
import { UDP_HEADER_BYTES } from "./iperf-udp.ts";

export const IPERF: CommandSpec = {
  name: "iperf",
  usage: [
    "Usage: iperf [-s|-c host] [options]",
    "Client/Server:",
    "  -B ip     bind to this address            -C, -Z algo  TCP congestion control",
    "  -e        enhanced reports                -f [kmgKMG]  format of reports",
    "  -i #      seconds between reports         -l #[KM]     length of buffer (TCP 128K, UDP 1470)",
    "  -m        print TCP maximum segment size  -M #         set TCP maximum segment size",
    "  -N        set TCP no delay                -p #         server port (default 5001)",
    "  -u        use UDP                         -w #[KM]     TCP window size (socket buffer size)",
    "  -S #      type of service",
    "Client:                                     Server:",
    "  -b #[kmg] bandwidth to send at              -P #       end after this many tests",
    "  -n #[KM]  number of bytes to transmit",
    "  -P #      number of parallel streams",
    "  -t #      time in seconds (default 10)",
  ].join("\n"),
  short: "usc:b:t:n:l:p:i:B:w:P:f:eC:Z:M:NmS:D",
  usageOnError: true,
};

export type IperfSettings = {
  readonly port: number;
  /** Of one datagram or write. */
  readonly bytes: number;
  /** Bits per second; Infinity for as fast as it goes. */
  readonly rate: number;
  /** ns; Infinity when an amount ends the test. */
  readonly time: number;
  readonly amount: number;
  /** ns; 0 is no interval reports. */
  readonly interval: number;
  readonly bind: Ipv4Address;
  readonly buffer: number;
  /** Tests after which a server ends, 0 for never; streams of a client. */
  readonly tests: number;
  readonly format: string;
  readonly enhanced: boolean;
  /** Empty for the machine's own. */
  readonly congestion: string;
  /** 0 for what TCP finds. */
  readonly mss: number;
  readonly printsMss: boolean;
  readonly noDelay: boolean;
  readonly tos: number;
};

const TCP_WRITE_BYTES = "131072";
/** A write of a TCP test may be as long as anybody has memory for. */
const TCP_WRITE_BYTES_MAX = 1 << 24;

/** `-b 5000pps` counts datagrams. @returns bits per second. */
function parseRate(text: string, bytes: number): number | null {
  const packets = /^(.*)pps$/.exec(text)?.[1];
  const value = parseScaled(packets ?? text);
  return value === null || packets === undefined ? value : value * bytes * 8;
}

/** Null when a value makes no sense. */
export function readSettings(args: Arguments): IperfSettings | null {
  const udp = args.has("u");
  const scaledBytes = parseScaled(args.value("l") ?? (udp ? "1470" : TCP_WRITE_BYTES));
  const least = udp ? UDP_HEADER_BYTES : 1;
  const most = udp ? UDP_PAYLOAD_MAX : TCP_WRITE_BYTES_MAX;
  const bytes = scaledBytes !== null && scaledBytes >= least && scaledBytes <= most ? scaledBytes : null;
  const rate = args.has("b") || udp ? parseRate(args.value("b") ?? "1M", bytes ?? 0) : Infinity;
  const numbers = {
    port: parseInteger(args.value("p") ?? "5001", 1, 65_535),
    time: parseSeconds(args.value("t") ?? "10"),
    amount: args.has("n") ? parseScaled(args.value("n")) : Infinity,
    interval: parseSeconds(args.value("i") ?? "0"),
    buffer: parseScaled(args.value("w") ?? "0"),
    tests: parseInteger(args.value("P") ?? (args.has("s") ? "0" : "1"), 0, 1e4),
    mss: parseInteger(args.value("M") ?? "0", 0, 65_535),
    tos: parseInteger(args.value("S") ?? "0", 0, 255),
  };
  const bind = parseIpv4(args.value("B") ?? "0.0.0.0");
  if (bytes === null || rate === null || rate < 1 || !bind.ok) return null;
  const { port, time, amount, interval, buffer, tests, mss, tos } = numbers;
  if (port === null || time === null || amount === null || interval === null) return null;
  if (buffer === null || tests === null || mss === null || tos === null) return null;
  return {
    ...{ port, bytes, rate, amount, interval, buffer, tests, mss, tos },
    bind: bind.value,
    time: args.has("n") ? Infinity : time,
    format: args.value("f") ?? "a",
    enhanced: args.has("e"),
    congestion: args.value("Z") ?? args.value("C") ?? "",
    printsMss: args.has("m"),
    noDelay: args.has("N"),
  };
}
