/** The known name closest to a mistyped one, by edit distance with transpositions (Damerau, optimal alignment). */
import { editDistance } from "../../base/edit-distance.ts";

/** @returns null when nothing is within `most` edits. Of equally near names the first in the given order wins. */
export function nearestName(name: string, known: Iterable<string>, most: number): string | null {
  let best: string | null = null;
  let least = most + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name, candidate);
    // A name of which hardly a letter remains is no suggestion.
    if (distance < least && distance < Math.max(name.length, 2)) [best, least] = [candidate, distance];
  }
  return best;
}
