/** Output as it would have looked on a screen that only knows lines: without the sequences that move a cursor. */

/** ECMA-48: control sequences, operating system commands, and what is left of escapes. */
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g;

export function plainText(output: string): string {
  return (
    output
      .replace(SEQUENCES, "")
      .replaceAll("\r\n", "\n")
      // A carriage return alone writes over the line: its last version counts.
      .replace(/[^\n]*\r(?!\n)/g, "")
      .replace(/[^\n]\u0008/g, "")
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "")
      .trimEnd()
  );
}
