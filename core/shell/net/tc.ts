/**
 * tc qdisc (iproute2 6.1): show, add, replace, change, del, with -s. What follows `root` goes to the kernel as it is.
 */
import type { QdiscInfo } from "../../kernel/syscall/netlink.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import type { Call, Program, Sys } from "../../kernel/syscall/sys.ts";
import { complete, Words, wrongUse } from "../ip/context.ts";
import { fail } from "../lib/command.ts";
import { print } from "../lib/output.ts";
import { change, links, qdiscs } from "./netlink.ts";

const USAGE = `Usage:	tc [ OPTIONS ] OBJECT { COMMAND | help }
where  OBJECT := { qdisc }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] }
       tc qdisc [ add | del | replace | change | show ] dev STRING
           [ root ] [ handle HANDLE ] [ QDISC_KIND [ help | OPTIONS ] ]`;

export const tc: Program = function* (sys, argv) {
  let at = 1;
  let statistics = false;
  for (; argv[at]?.startsWith("-") === true; at++) {
    const option = complete((argv[at] ?? "").replace(/^--?/, ""), [
      "statistics",
      "stats",
      "details",
      "Version",
      "help",
    ]);
    if (option === null) return yield* fail(sys, `Option "${argv[at] ?? ""}" is unknown, try "tc -help".`, 255);
    if (option === "statistics" || option === "stats") statistics = true;
    if (option === "help") {
      yield* print(sys, `${USAGE}\n`);
      return 0;
    }
    if (option === "Version") {
      yield* print(sys, "tc utility, iproute2-6.1.0\n");
      return 0;
    }
  }
  const object = argv[at];
  if (object === undefined || object === "help") {
    yield* print(sys, `${USAGE}\n`);
    return 0;
  }
  if (complete(object, ["qdisc"]) === null) {
    return yield* fail(sys, `Object "${object}" is unknown, try "tc help".`, 1);
  }
  return yield* qdiscCommand(sys, new Words(argv.slice(at + 1)), statistics);
};

const VERBS = ["list", "show", "lst", "add", "change", "replace", "link", "delete", "help"] as const;

function* qdiscCommand(sys: Sys, words: Words, statistics: boolean): Call<number> {
  const word = words.peek();
  const verb = word === undefined ? "show" : complete(word, VERBS);
  if (verb === null) return yield* wrongUse(sys, `Command "${word ?? ""}" is unknown, try "tc qdisc help".`);
  if (word !== undefined) words.skip();
  if (verb === "help") {
    yield* print(sys, `${USAGE}\n`);
    return 0;
  }
  let device: string | undefined;
  for (let next = words.peek(); next !== undefined; next = words.peek()) {
    if (next === "dev") {
      words.skip();
      device = words.next();
    } else if (next === "root" || next === "handle" || next === "parent" || next === "ingress") {
      words.skip();
      if (next === "handle" || next === "parent") words.skip();
    } else break;
  }
  if (verb === "show" || verb === "list" || verb === "lst") return yield* show(sys, device, statistics);
  if (device === undefined) return yield* fail(sys, 'Command line is not complete. Try option "help"', 255);
  if (verb === "delete" && (yield* hasDevice(sys, device)) && !(yield* hasOwnRoot(sys, device))) {
    return yield* fail(sys, "Error: Cannot delete qdisc with handle of zero.", 2);
  }
  if (verb === "delete") return yield* result(sys, yield* change(sys, { kind: "qdisc-delete", device }), device);
  const rest: string[] = [];
  for (let next = words.next(); next !== undefined; next = words.next()) rest.push(next);
  if (rest.length === 0) return yield* fail(sys, "Error: Qdisc kind not specified.", 2);
  // `add` is refused where a discipline was set before; `replace` and `change` are not.
  if (verb === "add" && (yield* hasOwnRoot(sys, device))) {
    return yield* fail(sys, "Error: Exclusivity flag on, cannot modify.", 2);
  }
  const [kind = ""] = rest;
  if (!KINDS.has(kind)) return yield* fail(sys, "Error: Specified qdisc kind is unknown.", 2);
  if (verb === "change" && (yield* hasDevice(sys, device)) && !(yield* hasOwnRoot(sys, device))) {
    return yield* fail(sys, "Error: Qdisc not found. To create specify NLM_F_CREATE flag.", 2);
  }
  return yield* result(sys, yield* change(sys, { kind: "qdisc-set", device, spec: rest.join(" ") }), device);
}

/** Disciplines the kernel has; their options are its own to judge. */
const KINDS: ReadonlySet<string> = new Set(["pfifo", "bfifo", "pfifo_fast", "tbf", "netem", "fq_codel"]);

function* hasDevice(sys: Sys, device: string): Call<boolean> {
  return (yield* links(sys)).some((link) => link.name === device);
}

function* hasOwnRoot(sys: Sys, device: string): Call<boolean> {
  return (yield* qdiscs(sys)).some((each) => each.device === device && each.isRoot && each.handle !== "0:");
}

function* result(sys: Sys, error: number, device: string): Call<number> {
  if (error >= 0) return 0;
  if (error === -E.ENODEV) return yield* fail(sys, `Cannot find device "${device}"`, 1);
  if (error === -E.ENOENT) {
    const known = (yield* links(sys)).some((link) => link.name === device);
    if (known) return yield* fail(sys, "Error: Specified qdisc kind is unknown, or cannot be deleted.", 2);
  }
  return yield* fail(sys, `RTNETLINK answers: ${strerror(error)}`, 2);
}

function* show(sys: Sys, device: string | undefined, statistics: boolean): Call<number> {
  if (device !== undefined && !(yield* links(sys)).some((link) => link.name === device)) {
    return yield* fail(sys, `Cannot find device "${device}"`, 1);
  }
  for (const each of yield* qdiscs(sys)) {
    if (device !== undefined && each.device !== device) continue;
    yield* print(sys, qdiscText(each, device === undefined, statistics));
  }
  return 0;
}

function qdiscText(each: QdiscInfo, withDevice: boolean, statistics: boolean): string {
  const place = `${withDevice ? `dev ${each.device} ` : ""}${each.isRoot ? "root " : ""}refcnt 2 `;
  const head = `qdisc ${each.kind} ${each.handle} ${place}${each.options}`.trimEnd();
  if (!statistics) return `${head}${each.options === "" ? " " : ""}\n`;
  const drops = `(dropped ${each.dropped}, overlimits ${each.overlimits} requeues ${each.requeues}) `;
  const lines = [
    `${head}${each.options === "" ? " " : ""}`,
    ` Sent ${each.sentBytes} bytes ${each.sentPackets} pkt ${drops}`,
    ` backlog ${each.backlogBytes}b ${each.backlogPackets}p requeues ${each.requeues}`,
    ...each.extra.map((line) => `  ${line.trim()}`),
  ];
  return `${lines.join("\n")}\n`;
}
