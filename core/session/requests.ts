/**
 * What a client may ask, as zod schemas: a message from the renderer is parsed once, here, and trusted inside. Numbers
 * are bounded, texts limited; an unknown key is an error, since a misspelt one would be ignored in silence.
 */
import { z } from "zod";
import { bad, good, type Result } from "../base/result.ts";
import type { MethodName, Params } from "../contract/api/api.ts";
import type { JournalEntry } from "../contract/command.ts";
import { JOURNAL_MAX, LAB_TEXT_MAX, SOURCES_MAX, PACKET_PAGE_MAX, RUN_TIME_MAX } from "./limits.ts";

const text = z.string().max(1000);
const name = z.string().min(1).max(200);
const time = z.number().int().nonnegative().max(RUN_TIME_MAX);
const index = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const fraction = z.number().min(0).max(1);
const none = z.strictObject({});

const direction = z.strictObject({
  rateBps: z.number().int().min(1).max(1e12).optional(),
  delayNs: z.number().int().min(0).max(1e12).optional(),
  jitter: z
    .strictObject({
      spreadNs: z.number().int().min(0).max(1e12),
      distribution: z.enum(["uniform", "normal", "pareto"]),
    })
    .nullable()
    .optional(),
  loss: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("independent"), probability: fraction }),
      z.strictObject({
        kind: z.literal("gilbert-elliott"),
        p: fraction,
        r: fraction,
        lossGood: fraction,
        lossBad: fraction,
      }),
    ])
    .nullable()
    .optional(),
  duplicate: fraction.optional(),
  reorder: z
    .strictObject({ probability: fraction, gap: z.number().int().min(1).max(1000) })
    .nullable()
    .optional(),
  corrupt: fraction.optional(),
  bitErrorRate: fraction.optional(),
  mtuBytes: z.number().int().min(68).max(65_535).optional(),
  queueFrames: z.number().int().min(1).max(1_000_000).optional(),
});

const console = z.number().int().min(1).max(1_000_000);

const command = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("exec"), node: name, command: z.string().max(65_536), console }),
  z.strictObject({ kind: z.literal("shell"), node: name, console }),
  z.strictObject({ kind: z.literal("input"), console, text: z.string().max(65_536) }),
  z.strictObject({
    kind: z.literal("link"),
    link: name,
    action: z.enum(["down", "up"]),
    direction: z.enum(["both", "forward", "backward"]).optional(),
  }),
  z.strictObject({ kind: z.literal("link-set"), link: name, forward: direction, backward: direction }),
  z.strictObject({
    kind: z.literal("node"),
    node: name,
    action: z.enum(["crash", "reboot", "pause", "resume"]),
  }),
]);

const journal = z
  .array(z.strictObject({ at: time, events: index, command }))
  .max(JOURNAL_MAX)
  .refine(isInOrder, "is not in order of time and events");

const SCHEMAS: Readonly<Record<MethodName, z.ZodType>> = {
  "lab.open": z.strictObject({
    text: z.string().max(LAB_TEXT_MAX),
    file: text,
    sources: z
      .array(z.strictObject({ path: name, text: z.string().max(LAB_TEXT_MAX) }))
      .max(SOURCES_MAX)
      .optional(),
    seed: index.optional(),
    journal: journal.optional(),
    time: time.optional(),
    events: index.optional(),
  }),
  "run.play": z.strictObject({ speed: z.union([z.number().positive().max(1e6), z.literal("max")]) }),
  "run.pause": none,
  "run.step": z.strictObject({ unit: z.enum(["event", "packet", "time"]), ns: time.optional() }),
  "run.stepBack": none,
  "run.seek": z.strictObject({ time }),
  "run.inject": z.strictObject({ command }),
  "run.report": none,
  "console.open": z.strictObject({ node: name }),
  "console.complete": z.strictObject({ console, line: z.string().max(65_536), cursor: index }),
  "packets.page": z.strictObject({
    filter: z.string().max(10_000),
    from: z.union([index, z.literal("end")]),
    count: z.number().int().min(0).max(PACKET_PAGE_MAX),
  }),
  "packets.detail": z.strictObject({ number: index }),
  "packets.follow": z.strictObject({ packet: index }),
  "capture.export": z.strictObject({ interfaces: z.array(name).max(10_000).nullable() }),
  "tcp.list": none,
  "tcp.view": z.strictObject({ node: name, socket: index, since: index }),
  "kernel.timeline": z.strictObject({ node: name, from: time, to: time }),
  "trace.read": z.strictObject({ cursor: index, limit: z.number().int().min(1).max(10_000) }),
  "frame.next": none,
  "host.ping": none,
};

export type ParsedRequest = {
  readonly [M in MethodName]: { readonly id: number; readonly method: M; readonly params: Params<M> };
}[MethodName];

/** What is wrong with a message: its id when it has one to answer to, and a sentence. */
export type RequestError = { readonly id: number | null; readonly message: string };

const envelope = z.strictObject({ id: index, method: z.string(), params: z.unknown() });
const numbered = z.object({ id: index });

export function parseRequest(message: unknown): Result<ParsedRequest, RequestError> {
  const outer = envelope.safeParse(message);
  if (!outer.success) {
    const id = numbered.safeParse(message).data?.id ?? null;
    return bad({ id, message: "Not a request: { id, method, params } is expected." });
  }
  const { id, method, params } = outer.data;
  if (!Object.hasOwn(SCHEMAS, method)) return bad({ id, message: `There is no method ${method.slice(0, 100)}.` });
  const inner = SCHEMAS[method as MethodName].safeParse(params);
  if (inner.success) return good({ id, method, params: inner.data } as ParsedRequest);
  const [issue] = inner.error.issues;
  const place = [method, ...(issue?.path ?? [])].join(".").slice(0, 200);
  return bad({ id, message: `${place}: ${issue?.message ?? "not as expected"}.` });
}

function isInOrder(entries: readonly Pick<JournalEntry, "at" | "events">[]): boolean {
  return entries.every((entry, index) => {
    const before = entries[index - 1];
    return before === undefined || before.at < entry.at || (before.at === entry.at && before.events <= entry.events);
  });
}
