/**
 * Patterns for the output of a command: a literal that must occur in it, or `/a regular expression/` that must match
 * one of its lines. Lab files come from strangers and regular expressions backtrack, so only those are taken whose
 * worst case is bounded: no repetition of a group that repeats or chooses, no back-references or look-arounds, few
 * open-ended repetitions, short lines.
 */

/** Each one more multiplies the worst case by the length of a line. */
const OPEN_REPETITIONS_MAX = 3;
/** UTF-16 units of a line that are looked at: 512^3 steps are the most a pattern can cost, in theory. */
const LINE_CHARACTERS_MAX = 512;

const bodyOf = (pattern: string): string | undefined =>
  pattern.length > 2 && pattern.startsWith("/") && pattern.endsWith("/") ? pattern.slice(1, -1) : undefined;

/** What is wrong with a pattern, put as what was expected; undefined if it can be used. */
export function outputPatternFault(pattern: string): string | undefined {
  const body = bodyOf(pattern);
  if (body === undefined) return undefined;
  try {
    new RegExp(body, "u");
  } catch {
    return "a regular expression between slashes, or plain text";
  }
  return costFault(body);
}

function costFault(body: string): string | undefined {
  if (/\\[1-9k]/.test(body)) return "a regular expression without back-references";
  if (/\(\?[=!<]/.test(body)) return "a regular expression without look-around";
  // Escapes and classes stand for one character each, so the rest can be read as groups and repetitions alone.
  const skeleton = body.replace(/\\./gsu, "a").replace(/\[[^\]]*\]/gu, "a");
  const groups: boolean[] = [false];
  let open = 0;
  for (let i = 0; i < skeleton.length; i++) {
    const character = skeleton.charAt(i);
    if (character === "(") groups.push(false);
    else if ("*+".includes(character) || (character === "{" && !/^\{\d+\}/.test(skeleton.slice(i)))) open++;
    if ("*+?{|".includes(character) && skeleton.charAt(i - 1) !== "(") groups[groups.length - 1] = true;
    if (character !== ")") continue;
    const varies = groups.pop() ?? false;
    if (varies && groups.length > 0) groups[groups.length - 1] = true;
    if (varies && "*+{".includes(skeleton.charAt(i + 1) || " ")) {
      return "a regular expression without nested repetition";
    }
  }
  return open > OPEN_REPETITIONS_MAX
    ? `a regular expression with at most ${OPEN_REPETITIONS_MAX} of * and +`
    : undefined;
}

/** Whether the output of a command matches a pattern that `outputPatternFault` has let through. */
export function matchesOutput(pattern: string, output: string): boolean {
  const body = bodyOf(pattern);
  if (body === undefined) return output.includes(pattern);
  const expression = new RegExp(body, "u");
  return output.split("\n").some((line) => expression.test(line.slice(0, LINE_CHARACTERS_MAX)));
}
