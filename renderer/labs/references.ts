/**
 * Names of nodes and links in the rest of a lab: timeline, faults, schedule, checks, measurements. An edit that takes
 * a name away takes what speaks of it along; one that changes a name changes it there too.
 */
import type { LabEdit } from "../../core/lab/write.ts";
import { asList, asRecord, type LabSource } from "./lab-source.ts";

/** `h1:eth0` speaks of h1. */
const headOf = (reference: unknown): string => String(reference).split(":")[0] ?? "";

/** Removes entries that speak of a name in `gone`, from the last to the first so that indices stay right. */
export function removalsOf(source: LabSource, gone: ReadonlySet<string>): LabEdit[] {
  const isGone = (reference: unknown): boolean => gone.has(String(reference)) || gone.has(headOf(reference));
  const { whole } = source;
  const edits = [
    ...removedFrom(whole, "timeline", (entry) => ["host", "node", "link"].some((key) => isGone(entry[key]))),
    ...removedFrom(whole, "faults", (entry) => isGone(entry["on"])),
    ...removedFrom(whole, "checks", (entry) => isGone(entry["on"]) || counterSpeaksOf(entry["counter"], isGone)),
    ...removedFrom(whole, "measure", (entry) =>
      Object.values(asRecord(entry["columns"])).some((column) =>
        Object.values(asRecord(column)).some((counter) => counterSpeaksOf(counter, isGone)),
      ),
    ),
  ];
  const reach = asList(whole["checks"]).flatMap((check, index): LabEdit[] => {
    const members = asRecord(check)["reach"];
    if (!Array.isArray(members) || !members.some(isGone)) return [];
    const left = members.filter((name) => !isGone(name));
    return [{ path: ["checks", index, "reach"], value: left.length < 2 ? "all" : left }];
  });
  const on = asRecord(whole["schedule"])["on"];
  const schedule: LabEdit[] =
    Array.isArray(on) && on.some(isGone)
      ? [{ path: ["schedule", "on"], value: on.filter((name) => !isGone(name)) }]
      : [];
  // Values first: removals shift the indices of what comes after them.
  return [...reach, ...schedule, ...edits];
}

function removedFrom(
  whole: LabSource["whole"],
  section: string,
  speaks: (entry: Record<string, unknown>) => boolean,
): LabEdit[] {
  return asList(whole[section])
    .flatMap((entry, index): LabEdit[] =>
      speaks(asRecord(entry)) ? [{ path: [section, index], value: undefined }] : [],
    )
    .reverse();
}

function counterSpeaksOf(counter: unknown, isGone: (reference: unknown) => boolean): boolean {
  return typeof counter === "string" && counter.split(/\s+/).some(isGone);
}

/** Writes the new name wherever the old one stands, also as a word of a command: `ping h2`. */
export function renamesOf(source: LabSource, names: ReadonlyMap<string, string>): LabEdit[] {
  const edits: LabEdit[] = [];
  const visit = (value: unknown, path: readonly (string | number)[]): void => {
    if (typeof value === "string") {
      const renamed = renameWords(value, names);
      if (renamed !== value) edits.push({ path, value: renamed });
    } else if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index]));
    else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
    }
  };
  for (const section of ["links", "timeline", "faults", "schedule", "checks", "measure"]) {
    visit(source.whole[section], [section]);
  }
  for (const [name, node] of Object.entries(source.nodes)) visit(asRecord(node)["run"], ["nodes", name, "run"]);
  return edits.filter(({ path }) => path.at(-1) !== "name" && path.at(-1) !== "output");
}

/** As a whole word, or before a colon. */
function renameWords(text: string, names: ReadonlyMap<string, string>): string {
  return text
    .split(/(\s+)/)
    .map((word) => {
      const head = headOf(word);
      return (names.get(head) ?? head) + word.slice(head.length);
    })
    .join("");
}
