/** Position in a YAML text, with the tokens of the quick reader: lines, keys, scalars, literal blocks. */
import { LAB_LIMITS } from "./limits.ts";
import type { Scalar } from "./tree.ts";

const SPACE = 32;
const NEWLINE = 10;
const HASH = 35;
const COLON = 58;
const HYPHEN = 45;

/** Characters that cannot start a plain scalar: indicators (YAML 1.2.2, section 5.3), save `-`, `?` and `:`. */
const INDICATORS = ",[]{}#&*!|>'\"%@`";
const FLOW_INDICATORS = ",[]{}";
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["0", "\0"],
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
]);

export class QuickCursor {
  readonly text: string;
  at = 0;
  /** Set when a line cannot be read here at all; checked by whoever asked for the line. */
  broken = false;
  #lineStart = 0;

  constructor(text: string) {
    this.text = text;
  }

  column(): number {
    return this.at - this.#lineStart;
  }

  backToLineStart(): void {
    this.at = this.#lineStart;
  }

  /** From the start of a line over blank and comment lines to the next content. Its indentation; -1 at the end. */
  nextLine(): number {
    for (;;) {
      this.#lineStart = this.at;
      while (this.#code() === SPACE) this.at++;
      if (this.at >= this.text.length) return -1;
      const code = this.#code();
      if (code === HASH) this.#skipLine();
      else if (code === NEWLINE) this.at++;
      else if (this.column() === 0 && this.#atMarker()) return this.#break();
      else return this.column();
    }
  }

  /** A directive, or a mark between documents. */
  #atMarker(): boolean {
    return this.text.startsWith("---", this.at) || this.text.startsWith("...", this.at) || this.#code() === 37;
  }

  #break(): number {
    this.broken = true;
    return -1;
  }

  /** Skips blanks. True, at the start of the next line, when nothing but a comment followed. */
  skipToContent(): boolean {
    const from = this.at;
    while (this.#code() === SPACE) this.at++;
    if (this.#code() === HASH && this.at > from) this.#skipLine();
    else if (this.#code() === NEWLINE) this.at++;
    else if (this.at < this.text.length) return false;
    this.#lineStart = this.at < this.text.length ? this.at : this.#lineStart;
    return true;
  }

  /** True, at the start of the next line, unless something but a comment follows. */
  endLine(): boolean {
    return this.skipToContent();
  }

  /** At `- `. */
  atEntry(): boolean {
    return this.#code() === HYPHEN && this.#isBlank(this.at + 1);
  }

  /** At a key with its colon, on this line. */
  atKey(): boolean {
    const from = this.at;
    const found = this.key() !== undefined;
    this.at = from;
    return found;
  }

  /** The key here and its colon, for block maps; undefined when there is none. */
  key(): string | undefined {
    const from = this.at;
    const key = this.#keyText(false);
    while (this.#code() === SPACE) this.at++;
    const fits = this.at - from <= LAB_LIMITS.keyCharactersMax;
    if (key === undefined || !fits || this.#code() !== COLON || !this.#isBlank(this.at + 1)) return undefined;
    this.at++;
    return key;
  }

  /** The key here, for flow maps, where the colon may be missing. */
  flowKey(): string | undefined {
    const quoted = this.#isQuote();
    const key = this.#keyText(true);
    // `"a":1` is a pair, but `"a" :1` is not for us to judge.
    if (!quoted || this.#code() === COLON) return key;
    const after = this.#skipSpaces(this.at);
    return this.text.charCodeAt(after) === COLON && !this.#isBlank(after + 1) ? undefined : key;
  }

  #keyText(flow: boolean): string | undefined {
    if (this.#isQuote()) return checkedKey(this.#quoted());
    const text = this.#plain(flow, true);
    // A key such as `1` or `true` is no string to YAML: left to the other reader.
    return text === undefined || typeof resolvePlain(text) !== "string" ? undefined : checkedKey(text);
  }

  scalar(flow: boolean): Scalar | undefined {
    if (this.#isQuote()) return this.#quoted();
    const text = this.#plain(flow, false);
    return text === undefined ? undefined : resolvePlain(text);
  }

  take(character: string): boolean {
    if (this.text.charAt(this.at) !== character) return false;
    this.at++;
    return true;
  }

  /** Blanks, comments and line ends inside a flow collection. False when the next line is not indented enough. */
  skipFlowSpace(parent: number): boolean {
    for (;;) {
      const from = this.at;
      this.at = this.#skipSpaces(this.at);
      if (this.#code() === HASH) {
        if (this.at === from && from !== this.#lineStart) return false;
        this.#skipLine();
      } else if (this.#code() === NEWLINE) this.at++;
      else return this.at < this.text.length;
      this.#lineStart = this.at;
      if (!this.#flowLineFits(parent)) return false;
    }
  }

  /** At column 0, where only a whole document in flow style goes on, marks between documents are not for us. */
  #flowLineFits(parent: number): boolean {
    const start = this.#skipSpaces(this.at);
    if (this.text.charCodeAt(start) === NEWLINE) return true;
    return start - this.at > parent && (start > this.at || !"-.%".includes(this.text.charAt(start) || "-"));
  }

  #skipSpaces(from: number): number {
    let at = from;
    while (this.text.charCodeAt(at) === SPACE) at++;
    return at;
  }

  #code(): number {
    return this.text.charCodeAt(this.at);
  }

  #isQuote(): boolean {
    const code = this.#code();
    return code === 34 || code === 39;
  }

  /** A space, a line end, or the end. */
  #isBlank(at: number): boolean {
    const code = this.text.charCodeAt(at);
    return code === SPACE || code === NEWLINE || at >= this.text.length;
  }

  #skipLine(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end + 1;
  }

  /** A plain scalar on one line, without the blanks behind it. As a key it ends before its colon. */
  #plain(flow: boolean, key: boolean): string | undefined {
    const from = this.at;
    const first = this.text.charAt(from);
    if (first === "" || INDICATORS.includes(first)) return undefined;
    if ("-?:".includes(first) && (this.#isBlank(from + 1) || FLOW_INDICATORS.includes(this.text.charAt(from + 1)))) {
      return undefined;
    }
    let at = from;
    for (; at < this.text.length; at++) {
      const code = this.text.charCodeAt(at);
      if (code === NEWLINE || (code === HASH && this.text.charCodeAt(at - 1) === SPACE)) break;
      if (code < SPACE || code === 127) return undefined;
      if (code === COLON && (this.#isBlank(at + 1) || (flow && FLOW_INDICATORS.includes(this.text.charAt(at + 1))))) {
        if (!key && !flow) return undefined;
        break;
      }
      if (flow && FLOW_INDICATORS.includes(this.text.charAt(at))) break;
    }
    let end = at;
    while (this.text.charCodeAt(end - 1) === SPACE) end--;
    this.at = end; // a comment after it needs the blank before it
    return this.text.slice(from, end);
  }

  /** Either kind of quotes, on one line. */
  #quoted(): string | undefined {
    const quote = this.text.charAt(this.at);
    let value = "";
    for (this.at++; this.at < this.text.length; this.at++) {
      const character = this.text.charAt(this.at);
      if (character < " ") return undefined;
      if (character === quote) {
        this.at++;
        if (quote === '"' || this.text.charAt(this.at) !== "'") return value;
        value += "'";
      } else if (character === "\\" && quote === '"') {
        const escape = ESCAPES.get(this.text.charAt(++this.at));
        if (escape === undefined) return undefined;
        value += escape;
      } else value += character;
    }
    return undefined;
  }

  /** `|`, `|-` or `|+` and its lines, which are indented by more than `parent`. */
  literalBlock(parent: number): string | undefined {
    this.at++;
    const chomp = this.take("-") ? "-" : this.take("+") ? "+" : "";
    if (!this.skipToContent()) return undefined;
    const lines: string[] = [];
    let indent = -1;
    while (this.at < this.text.length) {
      const newline = this.text.indexOf("\n", this.at);
      const end = newline < 0 ? this.text.length : newline;
      const start = Math.min(this.#skipSpaces(this.at), end);
      const depth = start - this.at;
      // Blanks beyond the indentation, and blank lines before it is known, have rules of their own.
      if (start === end && depth > Math.max(indent, 0)) return undefined;
      if (start < end && indent < 0) indent = depth;
      if (start < end && depth < indent) break;
      if (indent <= parent && start < end) return undefined;
      lines.push(start === end ? "" : this.text.slice(this.at + indent, end));
      if (newline < 0) return undefined; // no line end to keep
      this.at = newline + 1;
    }
    this.#lineStart = this.at;
    return indent < 0 ? undefined : chomped(lines, chomp);
  }
}

function chomped(lines: readonly string[], chomp: string): string {
  const whole = lines.join("\n");
  if (chomp === "+") return `${whole}\n`;
  const trimmed = whole.replace(/\n+$/, "");
  return chomp === "-" ? trimmed : `${trimmed}\n`;
}

/** `__proto__` is not a key anybody needs, and an object treats it in its own way; the other reader refuses it. */
const checkedKey = (key: string | undefined): string | undefined => (key === "__proto__" ? undefined : key);

/** YAML 1.2.2, section 10.3.2: the core schema. */
export function resolvePlain(text: string): Scalar {
  if (!"-+.0123456789~nNtTfF".includes(text.charAt(0))) return text;
  if (/^(?:~|null|Null|NULL)?$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(text)) return Number(text);
  if (/^(?:0o[0-7]+|0x[0-9a-fA-F]+)$/.test(text)) return Number(text);
  const infinite = /^([-+]?)\.(?:inf|Inf|INF)$/.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? NaN : text;
}
