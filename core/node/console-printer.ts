/**
 * What hosts print, as it comes. With one console its text goes out as it is; with several, whole lines go out, each
 * with its time and host in front and the command named once before, so that they do not run into each other.
 */
import { NODE_LIMITS } from "./limits.ts";
import { printable, type Style } from "./style.ts";

export interface ConsolePrinterOptions {
  readonly write: (text: string) => void;
  readonly style: Style;
  /** More than one console may speak. */
  readonly several: boolean;
  readonly nodeOf: (console: number) => string;
  /** What runs there, to be shown once before its output. */
  readonly commandOf: (console: number) => string;
}

type OpenLine = { readonly decoder: InstanceType<typeof TextDecoder>; text: string };

export class ConsolePrinter {
  readonly #options: ConsolePrinterOptions;
  readonly #lines = new Map<number, OpenLine>();
  #endsLine = true;
  /** When the last of it was printed. */
  #at = 0;

  constructor(options: ConsolePrinterOptions) {
    this.#options = options;
  }

  /** @param at virtual time, ns. */
  onBytes(console: number, bytes: Uint8Array, at: number): void {
    this.#at = at;
    let line = this.#lines.get(console);
    if (line === undefined) {
      line = { decoder: new TextDecoder(), text: "" };
      this.#lines.set(console, line);
      if (this.#options.several) this.#announce(console);
    }
    line.text = this.#joined(line, bytes);
    if (this.#options.several) this.#writeLines(console, line);
    else this.#writeRaw(line);
  }

  /** Text of a line so far; with several consoles without what was rubbed out, for the cursor cannot go back there. */
  #joined({ decoder, text }: OpenLine, bytes: Uint8Array): string {
    const more = decoder.decode(bytes, { stream: true });
    return this.#options.several && more.includes("\b") ? withoutRubouts(text + more) : text + more;
  }

  /** Prints what has no line end yet, and ends the last line. */
  finish(): void {
    for (const [console, line] of this.#lines) {
      if (line.text !== "") this.#writeLine(console, line.text);
      line.text = "";
    }
    if (!this.#endsLine) this.#options.write("\n");
    this.#endsLine = true;
  }

  #announce(console: number): void {
    const { style, commandOf } = this.#options;
    for (const line of commandOf(console).trimEnd().split("\n")) this.#writeLine(console, style.strong(`# ${line}`));
  }

  #writeRaw(line: OpenLine): void {
    if (line.text === "") return;
    this.#endsLine = line.text.endsWith("\n");
    // `ping -f` and friends go back over what they wrote; alone on a terminal they may.
    this.#options.write(line.text.split("\b").map(printable).join("\b"));
    line.text = "";
  }

  #writeLines(console: number, line: OpenLine): void {
    for (;;) {
      const end = line.text.indexOf("\n");
      const isLong = end < 0 && line.text.length > NODE_LIMITS.lineCharactersMax;
      if (end < 0 && !isLong) return;
      const taken = isLong ? NODE_LIMITS.lineCharactersMax : end;
      this.#writeLine(console, line.text.slice(0, taken));
      line.text = line.text.slice(isLong ? taken : taken + 1);
    }
  }

  #writeLine(console: number, text: string): void {
    const { write, style, nodeOf } = this.#options;
    write(`${style.faint(`[${seconds(this.#at)} ${nodeOf(console)}]`)} ${printable(text)}\n`);
  }
}

/** Milliseconds are enough to follow by eye. */
function seconds(ns: number): string {
  return (ns / 1e9).toFixed(3).padStart(7);
}

/** A character followed by back, blank, back (`ping -f`, an edited line) was never there. */
function withoutRubouts(text: string): string {
  const kept: string[] = [];
  for (let at = 0; at < text.length; at++) {
    if (kept.length > 0 && kept.at(-1) !== "\n" && text.startsWith("\b \b", at)) {
      kept.pop();
      at += 2;
    } else kept.push(text.charAt(at));
  }
  return kept.join("");
}
