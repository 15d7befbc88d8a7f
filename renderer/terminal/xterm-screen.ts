/** xterm.js behind one file: a screen for one terminal, in the colours of the theme. Loaded with the first terminal. */
import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Terminal, type ITheme } from "@xterm/xterm";
import { token } from "../theme/theme.ts";

/** Backspaces lead back over the edge of the screen: the shell does not know how wide it is. */
const REVERSE_WRAP = "\u001b[?45h";
const SCROLLBACK_LINES = 10_000;
const FONT_SIZE = 13;

export class XtermScreen {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon();
  readonly #observer: ResizeObserver;

  constructor(element: HTMLElement, onKeys: (text: string) => void) {
    this.#terminal = new Terminal({
      allowProposedApi: true,
      convertEol: true,
      cursorBlink: false,
      fontFamily: token("font-mono"),
      fontSize: FONT_SIZE,
      lineHeight: 1.2,
      minimumContrastRatio: 4.5,
      scrollback: SCROLLBACK_LINES,
      theme: themeOfTokens(),
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.loadAddon(this.#search);
    this.#terminal.open(element);
    this.#terminal.write(REVERSE_WRAP);
    this.#terminal.onData(onKeys);
    this.#observer = new ResizeObserver(() => this.#refit());
    this.#observer.observe(element);
    this.#refit();
  }

  write(text: string): void {
    this.#terminal.write(text);
  }

  clear(): void {
    this.#terminal.reset();
    this.#terminal.write(REVERSE_WRAP);
  }

  focus(): void {
    this.#terminal.focus();
  }

  get selection(): string {
    return this.#terminal.getSelection();
  }

  paste(text: string): void {
    this.#terminal.paste(text);
  }

  /** @param filter false for keys that are the window's. */
  onKey(filter: (event: KeyboardEvent) => boolean): void {
    this.#terminal.attachCustomKeyEventHandler(filter);
  }

  find(text: string, direction: "next" | "previous"): boolean {
    const options = {
      decorations: { matchOverviewRuler: token("warn"), activeMatchColorOverviewRuler: token("accent") },
    };
    return direction === "next" ? this.#search.findNext(text, options) : this.#search.findPrevious(text, options);
  }

  endSearch(): void {
    this.#search.clearDecorations();
  }

  /** The theme has changed. */
  repaint(): void {
    this.#terminal.options.theme = themeOfTokens();
  }

  /** The text on the screen and above it, for tests and copying. */
  get text(): string {
    const { active } = this.#terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, at) => active.getLine(at)?.translateToString(true) ?? "");
    return lines.join("\n").trimEnd();
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#terminal.dispose();
  }

  #refit(): void {
    // Hidden panes have no size.
    if ((this.#terminal.element?.parentElement?.clientWidth ?? 0) > 0) this.#fit.fit();
  }
}

function themeOfTokens(): ITheme {
  return {
    background: token("bg-1"),
    foreground: token("text"),
    cursor: token("accent"),
    cursorAccent: token("bg-1"),
    selectionBackground: token("accent-soft"),
    black: token("bg-3"),
    red: token("danger"),
    green: token("ok"),
    yellow: token("warn"),
    blue: token("accent"),
    magenta: token("proto-icmp"),
    cyan: token("proto-udp"),
    white: token("text-2"),
    brightBlack: token("text-3"),
    brightRed: token("danger"),
    brightGreen: token("ok"),
    brightYellow: token("warn"),
    brightBlue: token("accent"),
    brightMagenta: token("proto-icmp"),
    brightCyan: token("proto-udp"),
    brightWhite: token("text"),
  };
}
