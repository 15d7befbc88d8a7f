/**
 * The programs of a lab, out of its text: files beside it, texts in it, and what those files import. Each is one entry,
 * however many hosts run it.
 */
import { asList, asRecord, readSource } from "../labs/lab-source.ts";

export interface ProgramUse {
  readonly node: string;
  /** Among the programs of its host. */
  readonly index: number;
  readonly name: string;
  readonly args: readonly string[];
}

export interface ProgramEntry {
  /** Path of its file from the lab, or `h1/main.ts@` for a text in the lab. */
  readonly id: string;
  /** Name of the file, as it stands in messages too. */
  readonly title: string;
  /** Null for a text in the lab. */
  readonly path: string | null;
  /** Hosts that run it; none for what others only import. */
  readonly uses: readonly ProgramUse[];
  /** Null where the file is not here. */
  readonly text: string | null;
}

const INLINE = "@";

/** Those that hosts run first, in the order of the lab; then what they import. */
export function programsIn(labText: string, sources: Readonly<Record<string, string>>): ProgramEntry[] {
  const entries = new Map<string, ProgramEntry & { uses: ProgramUse[] }>();
  const source = readSource(labText);
  for (const [node, settings] of Object.entries(source.ok ? source.value.nodes : {})) {
    asList(asRecord(settings)["programs"]).forEach((item, index) => {
      const { file, source: inline, name, args } = asRecord(item);
      const use: ProgramUse = {
        ...{ node, index, name: typeof name === "string" ? name : nameOf(file) },
        args: asList(args).map(String),
      };
      const path = typeof file === "string" ? file : null;
      if (path === null && typeof inline !== "string") return;
      const id = path ?? `${node}/${use.name}.ts${INLINE}`;
      const known = entries.get(id);
      if (known !== undefined) known.uses.push(use);
      else {
        const text = path === null ? String(inline) : (sources[path] ?? null);
        entries.set(id, { id, title: path === null ? `${use.name}.ts` : lastName(path), path, uses: [use], text });
      }
    });
  }
  for (const [path, text] of Object.entries(sources)) {
    if (!entries.has(path)) entries.set(path, { id: path, title: lastName(path), path, uses: [], text });
  }
  return [...entries.values()];
}

/** A free name for a new program of a host. */
export function freeProgramName(entries: readonly ProgramEntry[], node: string, wanted: string): string {
  const taken = new Set(entries.flatMap(({ uses }) => uses.filter((use) => use.node === node).map(({ name }) => name)));
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number++) if (!taken.has(`${wanted}${number}`)) return `${wanted}${number}`;
}

/** Where the editor keeps a program: a path below `base` in which relative imports lead to each other. */
export function modelPath({ id, path }: Pick<ProgramEntry, "id" | "path">): string {
  const parts = BASE.split("/");
  for (const part of (path ?? id.slice(0, -INLINE.length)).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Deep enough for a lab whose programs are some folders above it. */
const BASE = "/lab/a/b/c/d/e/f";

const nameOf = (file: unknown): string => (typeof file === "string" ? lastName(file).replace(/\.ts$/, "") : "main");
const lastName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
