/** What the window may ask of main, as schemas: a message is parsed once, here, and trusted inside. */
import { z } from "zod";
import type { DesktopApi, DesktopChannel } from "../core/contract/desktop/desktop.ts";
import { LAB_CHARACTERS_MAX, MENU_ENTRIES_MAX, SAVE_BYTES_MAX, SOURCES_MAX } from "./limits.ts";

const handle = z.string().min(1).max(100);
const name = z.string().max(1000);
const text = z.string().max(LAB_CHARACTERS_MAX);
const label = z.string().max(200);
const path = z.string().min(1).max(4096);
const sources = z.record(path, text).refine((texts) => Object.keys(texts).length <= SOURCES_MAX, "are too many");

const menuEntry = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("separator") }),
  z.strictObject({
    kind: z.literal("command"),
    id: label.min(1),
    title: label,
    keys: z.string().max(50),
    enabled: z.boolean(),
    checked: z.boolean().nullable(),
  }),
]);

const bytes = z.instanceof(Uint8Array).refine(({ length }) => length <= SAVE_BYTES_MAX, "is too large");

const SCHEMAS: { readonly [C in DesktopChannel]: z.ZodType<DesktopApi[C]["params"]> } = {
  "core:start": z.null(),
  "core:stop": z.null(),
  "lab:open": z.null(),
  "lab:save": z.strictObject({
    handle: handle.nullable(),
    name,
    text,
    moved: z.strictObject({ text, programs: sources }).nullable(),
    from: handle.nullable(),
  }),
  "program:save": z.strictObject({ handle, path, text }),
  "bytes:save": z.strictObject({ name, bytes }),
  "draft:list": z.null(),
  "draft:keep": z.strictObject({ handle: handle.nullable(), name, text, sources }),
  "draft:drop": z.strictObject({ id: z.uuid().nullable() }),
  "window:state": z.strictObject({ unsaved: z.boolean() }),
  "menu:set": z.strictObject({
    groups: z
      .array(z.strictObject({ title: label, entries: z.array(menuEntry).max(MENU_ENTRIES_MAX) }))
      .max(MENU_ENTRIES_MAX),
  }),
  "window:ready": z.null(),
};

/** A request with its params as they should be. */
export type DesktopRequest = {
  readonly [C in DesktopChannel]: { readonly channel: C; readonly params: DesktopApi[C]["params"] };
}[DesktopChannel];

/** Null for what is none. */
export function parseDesktopRequest(channel: unknown, params: unknown): DesktopRequest | null {
  if (typeof channel !== "string" || !Object.hasOwn(SCHEMAS, channel)) return null;
  const parsed = SCHEMAS[channel as DesktopChannel].safeParse(params);
  return parsed.success ? ({ channel, params: parsed.data } as DesktopRequest) : null;
}
