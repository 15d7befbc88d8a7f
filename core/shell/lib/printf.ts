/**
 * Escapes of `echo -e` and `printf`, and the format of printf(1). Left out: floating-point conversions but %f, and %q.
 */
import { bad, good, type Result } from "../../base/result.ts";
import { parseDecimal } from "./numbers.ts";

const ESCAPES = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["e", "\x1b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["\\", "\\"],
]);

/** `\c` ends the output: `stop` is then set. */
export function unescape(text: string): { readonly text: string; readonly stop: boolean } {
  let result = "";
  for (const [piece] of text.matchAll(/\\(?:0[0-7]{0,3}|[1-7][0-7]{0,2}|x[0-9a-fA-F]{1,2}|[^])|[^\\]+|\\/g)) {
    if (piece === "\\c") return { text: result, stop: true };
    if (!piece.startsWith("\\") || piece.length === 1) result += piece;
    else if (/^\\[0-7]/.test(piece)) result += String.fromCharCode(parseInt(piece.slice(1), 8) & 255);
    else if (/^\\x./.test(piece)) result += String.fromCharCode(parseInt(piece.slice(2), 16));
    else result += ESCAPES.get(piece.slice(1)) ?? piece;
  }
  return { text: result, stop: false };
}

type Formatted = { readonly text: string; readonly problems: readonly string[] };

const FORMAT_TURNS_MAX = 10_000;
const WIDTH_MAX = 10_000;

/** The format is used again while arguments are left. @returns the text, or an error of the format itself. */
export function formatPrintf(format: string, values: readonly string[]): Result<Formatted, string> {
  const problems: string[] = [];
  let text = "";
  let next = 0;
  for (let turn = 0; turn < FORMAT_TURNS_MAX; turn++) {
    const before = next;
    for (const piece of format.match(/%%|%[-+ 0#]*(?:\*|\d*)(?:\.(?:\*|\d*))?[^]?|\\[^][0-7a-fA-F]{0,3}|[^%\\]+|\\/g) ??
      []) {
      if (!piece.startsWith("%")) {
        const plain = unescape(piece);
        text += plain.text;
        if (plain.stop) return good({ text, problems });
      } else if (piece === "%%") text += "%";
      else {
        const take = (): string | undefined => values[next++];
        const done = conversion(piece, take, problems);
        if (!done.ok) return done;
        text += done.value;
      }
    }
    if (next >= values.length || next === before) break;
  }
  return good({ text, problems });
}

function conversion(piece: string, take: () => string | undefined, problems: string[]): Result<string, string> {
  const match = /^%([-+ 0#]*)(\*|\d*)(?:\.(\*|\d*))?([^]?)$/.exec(piece);
  const flags = match?.[1] ?? "";
  const width = Number(match?.[2] === "*" ? (take() ?? "0") : (match?.[2] ?? "0")) || 0;
  const rawPrecision = match?.[3] === "*" ? (take() ?? "0") : match?.[3];
  const precision = rawPrecision === undefined ? undefined : Number(rawPrecision) || 0;
  const letter = match?.[4] ?? "";
  if (Math.abs(width) > WIDTH_MAX || (precision ?? 0) > WIDTH_MAX) return bad(`${piece}: width too large`);
  const body = convert(letter, take(), precision, problems);
  if (body === null) {
    return bad(letter === "" ? `\`${piece}': missing format character` : `\`${letter}': invalid format character`);
  }
  const signed = flags.includes("+") && /[di]/.test(letter) && !body.startsWith("-") ? `+${body}` : body;
  if (flags.includes("-") || width < 0) return good(signed.padEnd(Math.abs(width)));
  if (flags.includes("0") && /[dioxXuf]/.test(letter)) {
    const sign = /^[+-]/.exec(signed)?.[0] ?? "";
    return good(sign + signed.slice(sign.length).padStart(width - sign.length, "0"));
  }
  return good(signed.padStart(width));
}

function convert(
  letter: string,
  value: string | undefined,
  precision: number | undefined,
  problems: string[],
): string | null {
  switch (letter) {
    case "s":
      return (value ?? "").slice(0, precision);
    case "b":
      return unescape(value ?? "").text.slice(0, precision);
    case "c":
      return (value ?? "").slice(0, 1);
    case "d":
    case "i":
    case "u":
    case "o":
    case "x":
    case "X": {
      const number = integerOf(value, problems);
      const radix = letter === "o" ? 8 : /x/i.test(letter) ? 16 : 10;
      const digits = Math.abs(number)
        .toString(radix)
        .padStart(precision ?? 1, "0");
      return (number < 0 ? "-" : "") + (letter === "X" ? digits.toUpperCase() : digits);
    }
    case "f": {
      const number = parseDecimal(value ?? "0");
      if (number === null) problems.push(`${value ?? ""}: invalid number`);
      return (number ?? 0).toFixed(Math.min(precision ?? 6, 100));
    }
    default:
      return null;
  }
}

function integerOf(value: string | undefined, problems: string[]): number {
  const text = (value ?? "").trim();
  if (text === "") return 0;
  if (/^['"]/.test(text)) return text.codePointAt(1) ?? 0;
  const match = /^([+-]?)(0x[0-9a-f]{1,13}|0[0-7]{0,17}|\d{1,15})/i.exec(text);
  if (match === null || match[0].length !== text.length) problems.push(`${text}: invalid number`);
  if (match === null) return 0;
  const digits = match[2] ?? "0";
  const magnitude = /^0x/i.test(digits)
    ? parseInt(digits, 16)
    : /^0\d/.test(digits)
      ? parseInt(digits, 8)
      : Number(digits);
  return match[1] === "-" ? -magnitude : magnitude;
}
