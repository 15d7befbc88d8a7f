/**
 * The lab document, version 1, as a zod schema: the one place that says which keys exist and what they may hold.
 * Quantities are turned into base units here; names are not looked up here (resolve.ts) and defaults that depend on
 * other parts of the lab are left out. Names of impairments follow tc-netem(8), of NIC settings ethtool(8).
 */
import { z } from "zod";
import type { Result } from "../base/result.ts";
import { LAB_LIMITS as MAX } from "./limits.ts";
import { outputPatternFault } from "./output-pattern.ts";
import * as read from "./scalars.ts";

export const LAB_VERSION = 1;

/** An object without unknown keys. The message lists the valid keys: schema-problems.ts finds the nearest in it. */
function object<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(" ");
  return z.strictObject(shape, { error: (issue) => (issue.code === "unrecognized_keys" ? keys : undefined) });
}

/** A string or number that `reader` turns into a value, or else says what it had expected. */
function quantity<T>(reader: (value: string | number) => Result<T, string>, description: string) {
  const input = z.union([z.string().max(MAX.lineCharactersMax), z.number()], {
    error: () => `expected ${description}`,
  });
  return input.meta({ description }).transform((value, context) => {
    const result = reader(value);
    if (result.ok) return result.value;
    context.issues.push({ code: "custom", message: `expected ${result.error}`, input: value });
    return z.NEVER;
  });
}

const textual =
  <T>(reader: (text: string) => Result<T, string>) =>
  (value: string | number) =>
    reader(String(value));

const duration = quantity(read.readDuration, "a duration such as 10ms or 1.5s");
const delay = quantity(read.readDelay, "a delay such as 10ms or 250us");
const rate = quantity(read.readRate, "a rate such as 100Mbps");
const percent = quantity(read.readPercent, "a percentage such as 1%");
const ipv4 = quantity(textual(read.readIpv4), "an IPv4 address such as 10.0.0.1");
const interfaceAddress = quantity(textual(read.readInterfaceAddress), "an address such as 10.0.0.1/24");
const network = quantity(textual(read.readNetwork), "a network such as 10.0.0.0/8, or default");
const mac = quantity(textual(read.readMac), "an Ethernet address such as 02:00:00:00:00:01");

const whole = (least: number, most: number) => z.number().int().min(least).max(most);
const line = z.string().min(1).max(MAX.lineCharactersMax);
const port = whole(0, 65_535);
const nodeName = z
  .string()
  .max(MAX.nameCharactersMax)
  .regex(
    /^[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/,
    "expected a name of letters, digits, dots and hyphens, such as h1",
  );
const nicName = z
  .string()
  .max(MAX.nicNameCharactersMax)
  .regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, "expected an interface name such as eth0");
const linkName = z
  .string()
  .max(2 * MAX.nameCharactersMax + 8)
  .regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, "expected a name such as uplink");
/** A node, a node's interface, or a link; looked up later. */
const reference = z.string().max(MAX.lineCharactersMax);
const sysctlName = z
  .string()
  .max(128)
  .regex(/^[a-z][a-z0-9_.-]*$/, "expected a sysctl such as net.ipv4.ip_forward");
const sysctlValue = z.union([z.string().max(MAX.lineCharactersMax), z.number(), z.boolean()]);
const seed = whole(0, Number.MAX_SAFE_INTEGER);

/** A map with at most `most` entries; keys match `key`. */
function table<Value extends z.ZodType>(key: z.ZodString, value: Value, most: number) {
  return z.record(key, value).refine((map) => Object.keys(map).length <= most, `expected at most ${most} entries`);
}

// Cost profiles. YAML reads a bare 1996 as a number.
const profile = z
  .union([z.enum(["ideal", "modern", "1996"]), z.literal(1996)], { error: () => "expected ideal, modern or 1996" })
  .transform((value) => (value === 1996 ? "1996" : value));

// Links

const loss = z.union([
  percent,
  object({
    "gilbert-elliott": object({
      p: percent,
      r: percent,
      "loss-good": percent.optional(),
      "loss-bad": percent.optional(),
    }),
  }),
]);
const jitter = z.union([
  delay,
  object({ spread: delay, distribution: z.enum(["uniform", "normal", "pareto"]).optional() }),
]);
const reorder = z.union([percent, object({ probability: percent, gap: whole(1, 1_000_000).optional() })]);

/** What one direction of a cable does to frames. */
const impairments = {
  rate: rate.optional(),
  delay: delay.optional(),
  jitter: jitter.optional(),
  loss: loss.optional(),
  duplicate: percent.optional(),
  reorder: reorder.optional(),
  corrupt: percent.optional(),
  "bit-error-rate": z.number().min(0).max(1).optional(),
  mtu: whole(MAX.mtuBytesMin, MAX.mtuBytesMax).optional(),
  queue: whole(1, MAX.queueFramesMax).optional(),
};
const direction = object(impairments);
const linkSettings = {
  ...impairments,
  cost: whole(1, MAX.costMax).optional(),
  forward: direction.optional(),
  backward: direction.optional(),
};
const link = object({
  ends: z.tuple([reference, reference], { error: () => "expected two ends, such as [h1, s1:eth2]" }),
  name: linkName.optional(),
  state: z.enum(["up", "down"]).optional(),
  ...linkSettings,
});

// Nodes

const vlan = whole(1, 4094);
const nicSettings = {
  mtu: whole(MAX.mtuBytesMin, MAX.mtuBytesMax).optional(),
  driver: z.enum(["napi", "irq", "poll"]).optional(),
  "rx-ring": whole(1, MAX.ringDescriptorsMax).optional(),
  "tx-ring": whole(1, MAX.ringDescriptorsMax).optional(),
  coalesce: object({
    "rx-usecs": whole(0, 1_000_000).optional(),
    "rx-frames": whole(1, MAX.ringDescriptorsMax).optional(),
  }).optional(),
  offload: object({
    "tx-checksum": z.boolean().optional(),
    "rx-checksum": z.boolean().optional(),
    gro: z.boolean().optional(),
  }).optional(),
  qdisc: line
    .regex(
      /^(?:pfifo_fast|pfifo|tbf|netem|fq_codel)(?: |$)/,
      "expected pfifo_fast, pfifo, tbf, netem or fq_codel with options",
    )
    .optional(),
};
const nic = object({ mac: mac.optional(), vlan: vlan.optional(), ...nicSettings });
const sysctls = table(sysctlName, sysctlValue, MAX.sysctlsPerNodeMax);
const at = z.tuple([z.number().min(-1e6).max(1e6), z.number().min(-1e6).max(1e6)], { error: () => "expected [x, y]" });

const route = object({
  to: network,
  via: ipv4.optional(),
  dev: nicName.optional(),
  metric: whole(0, 0xffffffff).optional(),
}).refine((value) => value.via !== undefined || value.dev !== undefined, "expected via or dev, or both");

/** A guest program: a TypeScript file beside the lab, or its text. */
const program = object({
  name: z
    .string()
    .max(MAX.nameCharactersMax)
    .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "expected a name of letters, digits and hyphens, such as server")
    .optional(),
  file: z
    .string()
    .max(1024)
    .regex(
      /^(?:\.\.?\/)*(?:[A-Za-z0-9_-][A-Za-z0-9_. -]*\/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*\.ts$/,
      "expected a TypeScript file relative to the lab, such as programs/server.ts",
    )
    .optional(),
  source: z.string().max(MAX.textCharactersMax).optional(),
  args: z
    .array(z.union([z.string().max(MAX.lineCharactersMax), z.number()]))
    .max(MAX.argumentsMax)
    .optional(),
  at: duration.optional(),
  start: z.boolean().optional(),
}).refine((value) => (value.file === undefined) !== (value.source === undefined), "expected either file or source");

const machine = {
  at: at.optional(),
  profile: profile.optional(),
  cpus: whole(1, MAX.cpusMax).optional(),
  addresses: table(
    nicName,
    z.union([interfaceAddress, z.array(interfaceAddress).max(MAX.addressesPerNicMax)]),
    MAX.nicsPerNodeMax,
  ).optional(),
  gateway: ipv4.optional(),
  routes: z.array(route).max(MAX.routesPerNodeMax).optional(),
  sysctls: sysctls.optional(),
  files: table(
    z
      .string()
      .max(1024)
      .regex(/^\/[^\0]*$/, "expected an absolute path such as /etc/motd"),
    z.string().max(MAX.textCharactersMax),
    MAX.filesPerNodeMax,
  ).optional(),
  run: z.array(line).max(MAX.commandsPerNodeMax).optional(),
  programs: z.array(program).max(MAX.programsPerNodeMax).optional(),
  disk: object({ fsync: delay.optional() }).optional(),
  nics: table(nicName, nic, MAX.nicsPerNodeMax).optional(),
};
const node = z.discriminatedUnion("kind", [
  object({ kind: z.literal("host"), ...machine }),
  object({ kind: z.literal("router"), ...machine }),
  object({
    kind: z.literal("switch"),
    at: at.optional(),
    ageing: duration.optional(),
    table: whole(1, MAX.switchTableMax).optional(),
  }),
  object({ kind: z.literal("hub"), at: at.optional(), rate: rate.optional() }),
]);

// Faults, timeline, checks

const match = object({
  protocol: z.enum(["arp", "ipv4", "icmp", "udp", "tcp"]).optional(),
  source: network.optional(),
  destination: network.optional(),
  "source-port": port.optional(),
  "destination-port": port.optional(),
  "min-bytes": whole(0, MAX.mtuBytesMax).optional(),
  "max-bytes": whole(0, MAX.mtuBytesMax).optional(),
  skip: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  every: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  count: whole(1, Number.MAX_SAFE_INTEGER).optional(),
});
const fault = object({
  on: reference,
  direction: z.enum(["both", "forward", "backward"]).optional(),
  match: match.optional(),
  probability: percent.optional(),
  verdict: z.union([z.enum(["pass", "drop", "duplicate", "corrupt"]), object({ delay })]),
  from: duration.optional(),
  until: duration.optional(),
});
export const FAULT_KINDS = [
  ...(["link-down", "loss", "delay", "duplicate", "reorder", "corrupt"] as const),
  ...(["partition", "crash", "reboot", "pause"] as const),
] as const;
const schedule = object({
  seed: seed.optional(),
  from: duration.optional(),
  until: duration.optional(),
  "mean-gap": duration,
  "mean-length": duration,
  kinds: z.array(z.enum(FAULT_KINDS)).min(1).max(FAULT_KINDS.length),
  on: z.array(reference).max(MAX.linksMax).optional(),
  heal: z.boolean().optional(),
});

const set = object({ set: object({ ...impairments, forward: direction.optional(), backward: direction.optional() }) });
const timelineEntry = z.union([
  object({ at: duration, host: reference, run: line }),
  object({ at: duration, link: reference, do: z.union([z.enum(["down", "up"]), set]) }),
  object({ at: duration, node: reference, do: z.enum(["crash", "reboot", "pause", "resume"]) }),
]);

const outputPattern = line.superRefine((pattern, context) => {
  const fault = outputPatternFault(pattern);
  if (fault !== undefined) context.addIssue({ code: "custom", message: `expected ${fault}` });
});
const counter = line.meta({
  description:
    "h1 Tcp.RetransSegs (as nstat), h1:eth0 rx_packets (as ethtool -S, or qdisc_packets, qdisc_bytes, " +
    "qdisc_dropped), h1 tcp 5001 snd_cwnd (struct tcp_info of the newest connection with that port), s1 rx_packets, " +
    "hub1 collisions, h1 drop NO_SOCKET, drop NO_SOCKET",
});
const checkName = { name: line.optional(), at: duration.optional() };
const amount = whole(0, Number.MAX_SAFE_INTEGER).optional();
const check = z.union([
  object({
    ...checkName,
    run: line,
    on: reference,
    expect: object({
      output: z.union([outputPattern, z.array(outputPattern).max(64)]).optional(),
      status: whole(0, 255).optional(),
      within: duration.optional(),
    }),
  }),
  object({
    ...checkName,
    counter,
    expect: object({ equals: amount, atLeast: amount, atMost: amount }),
  }),
  object({
    ...checkName,
    reach: z.union([z.literal("all"), z.array(reference).min(2).max(1000)]),
    expect: z.boolean().optional(),
  }),
]);

const columnSource = z.union([object({ rate: counter }), object({ delta: counter }), object({ value: counter })]);
const measure = object({
  name: line.optional(),
  every: duration,
  from: duration.optional(),
  until: duration.optional(),
  columns: table(z.string().regex(/^[\w.+-]{1,40}$/, "expected a column name"), columnSource, MAX.measureColumnsMax),
});

export const labSchema = object({
  lastack: z.literal(LAB_VERSION).meta({ description: "Version of this format" }),
  name: line.optional(),
  text: z.string().max(MAX.textCharactersMax).optional().meta({ description: "Markdown for the reader" }),
  seed: seed.optional(),
  profile: profile.optional(),
  routing: z.enum(["auto", "static"]).optional(),
  duration: duration.optional(),
  defaults: object({
    link: object(linkSettings).optional(),
    host: object({ profile: profile.optional(), cpus: machine.cpus, sysctls: sysctls.optional() }).optional(),
    nic: object(nicSettings).optional(),
  }).optional(),
  nodes: table(nodeName, node, MAX.nodesMax),
  links: z.array(link).max(MAX.linksMax).optional(),
  faults: z.array(fault).max(MAX.faultsMax).optional(),
  schedule: schedule.optional(),
  timeline: z.array(timelineEntry).max(MAX.timelineMax).optional(),
  checks: z.array(check).max(MAX.checksMax).optional(),
  measure: z.array(measure).max(MAX.measurementsMax).optional(),
}).meta({ title: "LastAck lab", description: "A network, what happens to it, and what is expected of it" });

/** A lab that follows the schema: quantities in base units, names not yet looked up. */
export type LabFile = z.output<typeof labSchema>;
export type NodeFile = z.output<typeof node>;
export type MachineFile = Extract<NodeFile, { kind: "host" | "router" }>;
export type ProgramFile = z.output<typeof program>;
export type NicFile = z.output<typeof nic>;
export type LinkFile = z.output<typeof link>;
export type ImpairmentsFile = z.output<typeof direction>;
export type FaultFile = z.output<typeof fault>;
export type TimelineFile = z.output<typeof timelineEntry>;
export type CheckFile = z.output<typeof check>;
export type MeasureFile = z.output<typeof measure>;

/** JSON Schema (draft 2020-12) of what may be written, for editors: completion and checks while typing. */
export function labJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(labSchema, { io: "input", reused: "ref" });
}
