/** ethtool 6.1: settings, -i, -S, -g/-G, -c/-C, -k/-K. */
import { E, strerror } from "../../kernel/syscall/errno.ts";
import type { EthtoolInfo, NetlinkRequest } from "../../kernel/syscall/netlink.ts";
import type { Call, Program, Sys } from "../../kernel/syscall/sys.ts";
import { fail } from "../lib/command.ts";
import { parseInteger } from "../lib/numbers.ts";
import { print } from "../lib/output.ts";
import { ask, change, links } from "./netlink.ts";

const USAGE = `Usage:
        ethtool DEVNAME                          Display standard information about device
        ethtool -i|--driver DEVNAME              Show driver information
        ethtool -S|--statistics DEVNAME          Show adapter statistics
        ethtool -g|--show-ring DEVNAME           Query RX/TX ring parameters
        ethtool -G|--set-ring DEVNAME [ rx N ] [ tx N ]
        ethtool -c|--show-coalesce DEVNAME       Show coalesce options
        ethtool -C|--coalesce DEVNAME [ rx-usecs N ] [ rx-frames N ] [ tx-usecs N ] [ tx-frames N ]
        ethtool -k|--show-features DEVNAME       Get state of protocol offload and other features
        ethtool -K|--features DEVNAME FEATURE on|off ...`;

const LONG = new Map([
  ["--driver", "-i"],
  ["--statistics", "-S"],
  ["--show-ring", "-g"],
  ["--set-ring", "-G"],
  ["--show-coalesce", "-c"],
  ["--coalesce", "-C"],
  ["--show-features", "-k"],
  ["--show-offload", "-k"],
  ["--features", "-K"],
  ["--offload", "-K"],
]);

export const ethtool: Program = function* (sys, argv) {
  const first = argv[1];
  if (first === undefined) {
    return yield* fail(sys, "ethtool: bad command line argument(s)\nFor more information run ethtool -h", 1);
  }
  if (first === "-h" || first === "--help") {
    yield* print(sys, `${USAGE}\n`);
    return 0;
  }
  const mode = first.startsWith("-") ? (LONG.get(first) ?? first) : "";
  const device = mode === "" ? first : argv[2];
  if (device === undefined || !/^(|-[iSgGcCkK])$/.test(mode)) {
    return yield* fail(sys, "ethtool: bad command line argument(s)\nFor more information run ethtool -h", 1);
  }
  const words = argv.slice(3);
  if (mode === "-G" || mode === "-C" || mode === "-K") return yield* set(sys, device, mode, words);
  const reply = yield* ask(sys, { kind: "ethtool-get", device }, "ethtool");
  if (reply === -E.EOPNOTSUPP && mode === "") return yield* showLinkOnly(sys, device);
  if (typeof reply === "number") return yield* refused(sys, mode, reply);
  return yield* show(sys, mode, reply.ethtool);
};

/** What the requests by ioctl were doing when the kernel refused, and their exit status. */
const ATTEMPTS = new Map<string, readonly [string, number]>([
  ["-i", ["Cannot get driver information", 71]],
  ["-S", ["Cannot get stats strings information", 96]],
]);
/** Exit status of the others, which go by netlink; 1 for those not named. */
const SET_STATUS = new Map([
  ["-G", 81],
  ["-K", 92],
]);
const NO_DEVICE = "netlink error: no device matches name (offset 24)\n";

function* refused(sys: Sys, mode: string, error: number): Call<number> {
  const [attempt, status] = ATTEMPTS.get(mode) ?? ["", 1];
  if (attempt !== "") return yield* fail(sys, `${attempt}: ${strerror(error)}`, status);
  const text = `${error === -E.ENODEV ? NO_DEVICE : ""}netlink error: ${strerror(error)}`;
  if (mode !== "") return yield* fail(sys, text, SET_STATUS.get(mode) ?? 1);
  if (error !== -E.ENODEV) return yield* fail(sys, text, 75);
  // The settings are five questions, each of which is refused.
  return yield* fail(sys, `${`${text}\n`.repeat(5)}No data available`, 75);
}

/** All that a device without a driver's answers has to tell, such as lo. */
function* showLinkOnly(sys: Sys, device: string): Call<number> {
  const isUp = (yield* links(sys)).some((link) => link.name === device && link.isUp);
  yield* print(sys, lines([`Settings for ${device}:`, `\tLink detected: ${isUp ? "yes" : "no"}`]));
  return 0;
}

const lines = (rows: readonly string[]): string => rows.map((row) => `${row}\n`).join("");

function* show(sys: Sys, mode: string, info: EthtoolInfo): Call<number> {
  switch (mode) {
    case "-i":
      yield* print(sys, driverText(info));
      return 0;
    case "-S":
      if (info.statistics.size === 0) return yield* fail(sys, "no stats available", 94);
      yield* print(
        sys,
        lines(["NIC statistics:", ...[...info.statistics].map(([name, value]) => `     ${name}: ${value}`)]),
      );
      return 0;
    case "-g":
      yield* print(sys, ringText(info));
      return 0;
    case "-c":
      yield* print(sys, coalesceText(info));
      return 0;
    case "-k":
      yield* print(
        sys,
        lines([
          `Features for ${info.device}:`,
          ...[...info.features].map(([name, on]) => `${name}: ${on ? "on" : "off"}`),
        ]),
      );
      return 0;
    default:
      yield* print(sys, settingsText(info));
      return 0;
  }
}

function driverText({ driver, statistics }: EthtoolInfo): string {
  return lines([
    `driver: ${driver}`,
    "version: 6.1.0",
    "firmware-version: ",
    "expansion-rom-version: ",
    "bus-info: ",
    `supports-statistics: ${statistics.size > 0 ? "yes" : "no"}`,
    "supports-test: no",
    "supports-eeprom-access: no",
    "supports-register-dump: no",
    "supports-priv-flags: no",
  ]);
}

function settingsText(info: EthtoolInfo): string {
  const speed = info.linkDetected && info.speedMbps > 0 ? `${info.speedMbps}Mb/s` : "Unknown!";
  const duplex = info.linkDetected ? (info.duplex === "full" ? "Full" : "Half") : "Unknown! (255)";
  return lines([
    `Settings for ${info.device}:`,
    "\tSupported ports: [  ]",
    "\tSupported link modes:   Not reported",
    "\tSupported pause frame use: No",
    "\tSupports auto-negotiation: No",
    "\tSupported FEC modes: Not reported",
    "\tAdvertised link modes:  Not reported",
    "\tAdvertised pause frame use: No",
    "\tAdvertised auto-negotiation: No",
    "\tAdvertised FEC modes: Not reported",
    `\tSpeed: ${speed}`,
    `\tDuplex: ${duplex}`,
    "\tAuto-negotiation: off",
    "\tPort: Twisted Pair",
    "\tPHYAD: 0",
    "\tTransceiver: internal",
    "\tMDI-X: Unknown",
    `\tLink detected: ${info.linkDetected ? "yes" : "no"}`,
  ]);
}

function ringText({ device, rings }: EthtoolInfo): string {
  const side = (rx: number, tx: number): string[] => [
    `RX:\t\t${rx}`,
    "RX Mini:\tn/a",
    "RX Jumbo:\tn/a",
    `TX:\t\t${tx}`,
  ];
  return lines([
    `Ring parameters for ${device}:`,
    "Pre-set maximums:",
    ...side(rings.rxMax, rings.txMax),
    "Current hardware settings:",
    ...side(rings.rx, rings.tx),
    "RX Buf Len:\t\tn/a",
    "CQE Size:\t\tn/a",
    "TX Push:\toff",
    "TCP data split:\tn/a",
  ]);
}

function coalesceText({ device, coalesce }: EthtoolInfo): string {
  const none = (...names: string[]): string[] => [...names.map((name) => `${name}: n/a`), ""];
  const side = (name: string, usecs: number, frames: number): string[] => [
    `${name}-usecs: ${usecs}`,
    `${name}-frames: ${frames}`,
    ...none(`${name}-usecs-irq`, `${name}-frames-irq`),
  ];
  return lines([
    `Coalesce parameters for ${device}:`,
    "Adaptive RX: n/a  TX: n/a",
    ...none("stats-block-usecs", "sample-interval", "pkt-rate-low", "pkt-rate-high"),
    ...side("rx", coalesce.rxUsecs, coalesce.rxFrames),
    ...side("tx", coalesce.txUsecs, coalesce.txFrames),
    ...none("rx-usecs-low", "rx-frame-low", "tx-usecs-low", "tx-frame-low"),
    ...none("rx-usecs-high", "rx-frame-high", "tx-usecs-high", "tx-frame-high"),
    "CQE mode RX: n/a  TX: n/a",
    "",
  ]);
}

const NUMBERS = new Map([
  ["-G rx", "rx"],
  ["-G tx", "tx"],
  ["-C rx-usecs", "rxUsecs"],
  ["-C rx-frames", "rxFrames"],
  ["-C tx-usecs", "txUsecs"],
  ["-C tx-frames", "txFrames"],
] as const);

/** Short names that ethtool has for common features. */
const SHORT_FEATURES = new Map([
  ["rx", "rx-checksumming"],
  ["tx", "tx-checksumming"],
  ["gro", "generic-receive-offload"],
  ["gso", "generic-segmentation-offload"],
  ["tso", "tcp-segmentation-offload"],
  ["sg", "scatter-gather"],
  ["lro", "large-receive-offload"],
]);

function* set(sys: Sys, device: string, mode: "-G" | "-C" | "-K", words: readonly string[]): Call<number> {
  if (words.length === 0 && mode === "-K") return yield* fail(sys, "Could not change any device features", 1);
  if (words.length === 0) {
    return yield* fail(sys, "ethtool: bad command line argument(s)\nFor more information run ethtool -h");
  }
  for (let i = 0; i < words.length; i += 2) {
    const [name = "", value] = [words[i], words[i + 1]];
    const request =
      mode === "-K" ? featureRequest(device, name, value) : numberRequest(device, `${mode} ${name}`, value);
    if (request === null) return yield* fail(sys, badParameter(mode, name, value), 1);
    const error = yield* change(sys, request);
    if (error === -E.EOPNOTSUPP && mode === "-K") return yield* fail(sys, NO_FEATURE, 92);
    if (error < 0) return yield* refused(sys, mode, error);
  }
  return 0;
}

const NO_FEATURE = "netlink error: bit name not found (offset 56)\nnetlink error: Operation not supported";

function badParameter(mode: string, name: string, value: string | undefined): string {
  if (mode === "-K") {
    return `ethtool (-K): flag '${value ?? ""}' for parameter '${name}' is not followed by 'on' or 'off'`;
  }
  const known = NUMBERS.has(`${mode} ${name}` as never);
  if (!known) return `ethtool (${mode}): unknown parameter '${name}'`;
  if (value === undefined) return `ethtool (${mode}): no value for parameter '${name}'`;
  return `ethtool (${mode}): invalid value '${value}' for parameter '${name}'`;
}

function featureRequest(device: string, name: string, value: string | undefined): NetlinkRequest | null {
  if (value !== "on" && value !== "off") return null;
  return { kind: "ethtool-set", device, feature: { name: SHORT_FEATURES.get(name) ?? name, on: value === "on" } };
}

function numberRequest(device: string, key: string, value: string | undefined): NetlinkRequest | null {
  const field = [...NUMBERS].find(([name]) => name === key)?.[1];
  const number = parseInteger(value, 0, 2 ** 31 - 1);
  if (field === undefined || number === null) return null;
  return { kind: "ethtool-set", device, [field]: number };
}
