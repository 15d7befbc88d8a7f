/** Colours, where they help and are wanted: on a terminal, and not with NO_COLOR (no-color.org). */
import type { WriteStream } from "node:tty";

export interface Style {
  good(text: string): string;
  bad(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

const PLAIN: Style = { good: same, bad: same, strong: same, faint: same };
const COLOURED: Style = { good: sgr(32), bad: sgr(31), strong: sgr(1), faint: sgr(2) };

function same(text: string): string {
  return text;
}

function sgr(code: number): (text: string) => string {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
}

export function styleFor(stream: Pick<WriteStream, "isTTY">): Style {
  const { NO_COLOR, TERM } = process.env;
  const wanted = stream.isTTY && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb";
  return wanted ? COLOURED : PLAIN;
}

/** What a host prints may hold anything; on our terminal only text, tabs and line ends get through. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code === 13) return "";
    return code < 32 ? `^${String.fromCharCode(code + 64)}` : code === 127 ? "^?" : "\ufffd";
  });
}
