/** The valid name that a mistyped one probably meant: least edit distance, at most a third of its length. */
import { editDistance } from "../base/edit-distance.ts";

/** Names longer than this are not compared: the distance takes the product of the lengths. */
const COMPARED_CHARACTERS_MAX = 64;

/** Of a huge lab only the first names are looked through: a suggestion is no reason to wait. */
const CANDIDATES_MAX = 2000;

/** Undefined when nothing is near enough to be worth saying. The first of equally near names wins. */
export function nearestName(name: string, valid: Iterable<string>): string | undefined {
  if (name.length > COMPARED_CHARACTERS_MAX) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of valid) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "h1"?`, or a list of what is valid when that is short, or nothing. */
export function suggest(name: string, valid: readonly string[]): string {
  const near = nearestName(name, valid.slice(0, CANDIDATES_MAX));
  if (near !== undefined) return `did you mean "${near}"?`;
  return valid.length > 0 && valid.length <= 24 ? `valid: ${valid.join(", ")}` : "";
}
