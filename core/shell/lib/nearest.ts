/** The known name closest to a mistyped one, by edit distance with transpositions (Damerau, optimal alignment). */

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

function editDistance(a: string, b: string): number {
  const cell = (row: readonly number[], at: number): number => row[at] ?? 0;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let value = Math.min(cell(last, j) + 1, cell(row, j - 1) + 1, cell(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, cell(beforeLast, j - 2) + 1);
      }
      row.push(value);
    }
    [beforeLast, last] = [last, row];
  }
  return cell(last, b.length);
}
