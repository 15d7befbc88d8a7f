/** Which commands a few words mean: all words must occur, the start of a word counts more than its middle. */

export function rankCommands<T>(commands: readonly T[], query: string, textOf: (command: T) => string): T[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return commands
    .map((command, index) => ({ command, index, score: scoreOf(textOf(command).toLowerCase(), words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map(({ command }) => command);
}

function scoreOf(text: string, words: readonly string[]): number {
  let score = 1;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    const startsWord = at === 0 || text[at - 1] === " " || text.includes(` ${word}`);
    score += (startsWord ? 10 : 1) + word.length / text.length;
  }
  return score;
}
