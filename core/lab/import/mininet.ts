/**
 * MiniEdit's `.mn` files (Mininet, examples/miniedit.py, version 2): JSON with hosts, switches, controllers, links and
 * preferences. Positions and numbers are strings there. legacyRouter becomes a router, every other switch a learning
 * switch. Left out, each with a warning where it is used: controllers and with them OpenFlow, CPU shares, private
 * directories, external interfaces, `speedup`; MiniEdit's window preferences without one.
 */
import { z } from "zod";
import { bad, good, type Result } from "../../base/result.ts";
import { formatDuration } from "../../base/time.ts";
import { LAB_LIMITS } from "../limits.ts";
import type { Problem } from "../problem.ts";
import { formatAddress, formatRate, readInterfaceAddress, readIpv4 } from "../scalars.ts";
import { Places } from "../tree.ts";
import { formatLab, type LabInput } from "../write.ts";
import { ImportProblems, SafeNames, type Imported } from "./import.ts";

const text = z.string().max(LAB_LIMITS.lineCharactersMax);
const numeric = z.union([text, z.number()]).optional();
const extra = z.array(z.unknown()).max(1000).optional();
const device = { number: numeric, x: numeric, y: numeric };
const hostSchema = z.object({
  ...device,
  opts: z.object({
    hostname: text.optional(),
    ip: text.optional(),
    defaultRoute: text.optional(),
    cpu: numeric,
    startCommand: text.optional(),
    stopCommand: text.optional(),
    vlanInterfaces: extra,
    privateDirectory: extra,
    externalInterfaces: extra,
  }),
});
const switchSchema = z.object({
  ...device,
  opts: z.object({
    hostname: text.optional(),
    switchType: text.optional(),
    startCommand: text.optional(),
    externalInterfaces: extra,
  }),
});
const linkSchema = z.object({
  src: text,
  dest: text,
  opts: z
    .object({ bw: numeric, delay: numeric, loss: numeric, max_queue_size: numeric, jitter: numeric, speedup: numeric })
    .optional(),
});
const fileSchema = z.object({
  version: z.union([z.string(), z.number()]).optional(),
  hosts: z.array(hostSchema).max(LAB_LIMITS.nodesMax).optional(),
  switches: z.array(switchSchema).max(LAB_LIMITS.nodesMax).optional(),
  controllers: z.array(z.unknown()).max(LAB_LIMITS.nodesMax).optional(),
  links: z.array(linkSchema).max(LAB_LIMITS.linksMax).optional(),
  application: z.object({ ipBase: text.optional() }).optional(),
});
type HostFile = z.output<typeof hostSchema>;
type SwitchFile = z.output<typeof switchSchema>;
type LinkFile = z.output<typeof linkSchema>;
type LabNodeInput = LabInput["nodes"][string];
type LabLinkInput = NonNullable<LabInput["links"]>[number];

/** Mininet's default `ipBase`. */
const PREFIX_LENGTH = 8;

export function importMininet(json: string, file: string): Result<Imported, readonly Problem[]> {
  const problems = new ImportProblems(file, new Places(json));
  const data = readJson(json, problems);
  if (data === undefined) return bad(problems.all());
  const parsed = fileSchema.safeParse(data);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      problems.error(
        "import/mininet",
        offsetOf(json, issue.path),
        `${issue.path.map(String).join(".")}: ${issue.message}`,
      );
    }
    return bad(problems.all().slice(0, LAB_LIMITS.problemsMax));
  }
  const { hosts = [], switches = [], controllers = [], links = [], application } = parsed.data;
  if (hosts.length + switches.length === 0) {
    problems.error("import/empty", 0, "neither hosts nor switches in this file");
  }
  if (controllers.length > 0) {
    const hint = "the switches learn addresses by themselves";
    problems.warning("import/controller", offsetOf(json, ["controllers"]), "controllers are left out", hint);
  }
  const prefixLength = Number(/\/(\d{1,2})$/.exec(application?.ipBase ?? "")?.[1] ?? PREFIX_LENGTH);
  const reader = new MininetReader(json, problems, prefixLength);
  hosts.forEach((host, i) => reader.host(host, i));
  switches.forEach((device, i) => reader.switch(device, i));
  const cables = links.flatMap((link, i) => reader.link(link, i) ?? []);
  if (problems.hasErrors) return bad(problems.all().filter((problem) => problem.severity === "error"));
  const head = {
    lastack: 1,
    name: file.replace(/^.*[/\\]/, "").replace(/\.mn$/, "") || "Mininet",
    routing: "auto",
  } as const;
  return good({ text: formatLab({ ...head, nodes: reader.nodes(), links: cables }), problems: problems.all() });
}

function readJson(json: string, problems: ImportProblems): unknown {
  if (json.length > LAB_LIMITS.fileCharactersMax) {
    problems.error("import/too-large", 0, `more than ${LAB_LIMITS.fileCharactersMax} characters`);
    return undefined;
  }
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
    problems.error("import/json", at, "not JSON that can be read");
    return undefined;
  }
}

/** Near enough for a message: JSON.parse keeps no places, so the keys of the path are looked for in order. */
function offsetOf(json: string, path: readonly PropertyKey[]): number {
  let at = 0;
  for (const step of path) {
    const found = typeof step === "string" ? json.indexOf(`"${step}"`, at) : nthObject(json, at, Number(step));
    if (found >= 0) at = found;
  }
  return at;
}

function nthObject(json: string, from: number, index: number): number {
  let at = json.indexOf("{", from);
  for (let depth = 0, seen = 0; at >= 0 && at < json.length; at++) {
    const character = json.charAt(at);
    if (character === "{" && depth++ === 0 && seen++ === index) return at;
    if (character === "}") depth--;
    if (character === "]" && depth === 0) return from;
  }
  return from;
}

class MininetReader {
  readonly #json: string;
  readonly #problems: ImportProblems;
  readonly #prefixLength: number;
  readonly #safe = new SafeNames();
  /** From MiniEdit's names to ours. */
  readonly #names = new Map<string, string>();
  readonly #nodes: [string, LabNodeInput][] = [];

  constructor(json: string, problems: ImportProblems, prefixLength: number) {
    this.#json = json;
    this.#problems = problems;
    this.#prefixLength = prefixLength;
  }

  nodes(): Record<string, LabNodeInput> {
    return Object.fromEntries(this.#nodes);
  }

  host({ number, x, y, opts }: HostFile, index: number): void {
    const path = ["hosts", index];
    const name = this.#name(opts.hostname, `h${String(number ?? index + 1)}`, path);
    const address = this.#address(opts.ip, path);
    const gateway = this.#gateway(opts.defaultRoute, path);
    for (const [key, value] of Object.entries(opts)) {
      const used = ["cpu", "stopCommand"].includes(key) || (Array.isArray(value) && value.length > 0);
      if (used && value !== undefined && value !== "") this.#leftOut(`${key} of ${name}`, path);
    }
    this.#nodes.push([
      name,
      {
        kind: "host",
        at: [coordinate(x), coordinate(y)],
        ...(address !== undefined && { addresses: { eth0: address } }),
        ...(gateway !== undefined && { gateway }),
        ...(opts.startCommand !== undefined && opts.startCommand !== "" && { run: [opts.startCommand] }),
      },
    ]);
  }

  switch({ number, x, y, opts }: SwitchFile, index: number): void {
    const path = ["switches", index];
    const router = opts.switchType === "legacyRouter";
    const name = this.#name(opts.hostname, `${router ? "r" : "s"}${String(number ?? index + 1)}`, path);
    if (opts.startCommand !== undefined && opts.startCommand !== "") this.#leftOut(`startCommand of ${name}`, path);
    if ((opts.externalInterfaces ?? []).length > 0) this.#leftOut(`externalInterfaces of ${name}`, path);
    this.#nodes.push([name, { kind: router ? "router" : "switch", at: [coordinate(x), coordinate(y)] }]);
  }

  link({ src, dest, opts = {} }: LinkFile, index: number): LabLinkInput | undefined {
    const path = ["links", index];
    const [a, b] = [src, dest].map((name) => this.#names.get(name));
    if (a === undefined || b === undefined) {
      const missing = a === undefined ? src : dest;
      this.#problems.error("import/unknown-end", this.#at(path), `a link to "${missing}", which is not in the file`);
      return undefined;
    }
    if (given(opts.speedup)) this.#leftOut("speedup of a link", path);
    const rate = this.#number(opts.bw, "bw", path);
    const loss = this.#number(opts.loss, "loss", path);
    const queue = this.#number(opts.max_queue_size, "max_queue_size", path);
    const [delay, jitter] = [this.#time(opts.delay, "delay", path), this.#time(opts.jitter, "jitter", path)];
    return {
      ends: [a, b],
      ...(rate !== undefined && rate > 0 && { rate: formatRate(Math.round(rate * 1e6)) }),
      ...(delay !== undefined && { delay: formatDuration(delay) }),
      ...(jitter !== undefined && jitter > 0 && { jitter: formatDuration(jitter) }),
      ...(loss !== undefined && loss > 0 && { loss: `${loss}%` }),
      ...(queue !== undefined && queue >= 1 && { queue: Math.round(queue) }),
    };
  }

  #name(hostname: string | undefined, otherwise: string, path: readonly PropertyKey[]): string {
    const original = hostname ?? otherwise;
    const name = this.#safe.take(original, otherwise);
    if (name !== original) {
      this.#problems.warning("import/renamed", this.#at(path), `"${original}" is called ${name} here`);
    }
    if (this.#names.has(original)) {
      this.#problems.warning(
        "import/duplicate-id",
        this.#at(path),
        `"${original}" stands twice; links go to the first`,
      );
    } else this.#names.set(original, name);
    return name;
  }

  #address(ip: string | undefined, path: readonly PropertyKey[]): string | undefined {
    if (ip === undefined || ip === "") return undefined;
    const address = readInterfaceAddress(ip.includes("/") ? ip : `${ip}/${this.#prefixLength}`);
    if (address.ok) return formatAddress(address.value);
    this.#problems.warning("import/bad-address", this.#at(path), `"${ip}" is no address`, "one is given out instead");
    return undefined;
  }

  #gateway(route: string | undefined, path: readonly PropertyKey[]): string | undefined {
    if (route === undefined || route === "") return undefined;
    const text = route.replace(/^via\s+/, "");
    if (readIpv4(text).ok) return text;
    this.#problems.warning("import/bad-address", this.#at(path), `"${route}" is no default route`, "left out");
    return undefined;
  }

  #number(value: string | number | undefined, what: string, path: readonly PropertyKey[]): number | undefined {
    if (!given(value)) return undefined;
    const number = /^\d{1,9}(?:\.\d{1,6})?$/.test(String(value)) ? Number(value) : NaN;
    if (Number.isFinite(number)) return number;
    this.#problems.warning("import/bad-value", this.#at(path), `"${String(value)}" is no ${what}`, "left out");
    return undefined;
  }

  /** tc's times: a bare number is in microseconds (tc(8), PARAMETERS). */
  #time(value: string | number | undefined, what: string, path: readonly PropertyKey[]): number | undefined {
    if (!given(value)) return undefined;
    const match = /^(\d{1,9}(?:\.\d{1,9})?)\s*(us|usecs?|ms|msecs?|s|secs?)?$/.exec(String(value).trim());
    const unit = (match?.[2] ?? "us").charAt(0);
    if (match !== null) return Math.round(Number(match[1]) * (unit === "u" ? 1e3 : unit === "m" ? 1e6 : 1e9));
    this.#problems.warning("import/bad-value", this.#at(path), `"${String(value)}" is no ${what}`, "left out");
    return undefined;
  }

  #leftOut(what: string, path: readonly PropertyKey[]): void {
    this.#problems.warning("import/left-out", this.#at(path), `${what} is left out`);
  }

  #at(path: readonly PropertyKey[]): number {
    // What will only be counted needs no place.
    return this.#problems.list.length < LAB_LIMITS.problemsMax ? offsetOf(this.#json, path) : 0;
  }
}

const given = (value: string | number | undefined): boolean => value !== undefined && value !== "";

/** Numbers as MiniEdit writes them, `"123.0"`; what is none lies at the edge. */
function coordinate(value: string | number | undefined): number {
  const number = /^-?\d{1,6}(?:\.\d{1,9})?$/.test(String(value)) ? Number(value) : 0;
  return Math.round(number);
}
