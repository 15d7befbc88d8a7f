/** Links that the file does not name are called after their ends, so they follow when a node is renamed. */
import type { LabView } from "../../core/contract/api/lab-view.ts";

/** Old to new, for those that were called `h1-r1` or `h1-r1.2`. */
export function linkNamesAfterRename(view: LabView, from: string, to: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { name, ends } of view.links) {
    const [a = "", b = ""] = ends.map(({ node }) => view.nodes[node]?.name ?? "");
    if (a !== from && b !== from) continue;
    const base = `${a}-${b}`;
    const suffix = name.slice(base.length);
    if (!name.startsWith(base) || !/^(\.\d+)?$/.test(suffix)) continue;
    names.set(name, `${a === from ? to : a}-${b === from ? to : b}${suffix}`);
  }
  return names;
}
