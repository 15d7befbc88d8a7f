/** The valid name that a mistyped one probably meant: least edit distance, at most a third of its length. */

/** Names longer than this are not compared: the distance takes the product of the lengths. */
const COMPARED_CHARACTERS_MAX = 64;

/** Of a huge lab only the first names are looked through: a suggestion is no reason to wait. */
const CANDIDATES_MAX = 2000;

/** Levenshtein distance with neighbouring letters swapped counting as one (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(before, j - 2) + 1);
      }
      row.push(least);
    }
    before = above;
    above = row;
  }
  return at(above, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] as number;

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
