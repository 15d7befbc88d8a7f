import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8Encode } from "../../base/bytes.ts";
import { EDITED_CHARACTERS_MAX } from "../limits.ts";
import { LineEditor, type LineEvent } from "./line-editor.ts";
import { LineKeys } from "./line-keys.ts";

/** A line of a screen that is as wide as it takes: characters, backspaces, bells. */
class Screen {
  cells: string[] = [];
  at = 0;

  write(output: string): void {
    for (const character of output) {
      if (character === "\b") this.at--;
      else if (character !== "\u0007" && character !== "\n") this.cells[this.at++] = character;
    }
  }

  get text(): string {
    return this.cells.join("").trimEnd();
  }
}

/** Types bytes into an editor and shows what it writes. */
class Typist {
  readonly screen = new Screen();
  readonly editor: LineEditor;
  readonly events: LineEvent[] = [];
  readonly #keys = new LineKeys();

  constructor(history: readonly string[] = [], killed = { text: "" }) {
    this.editor = new LineEditor(history, killed);
  }

  type(text: string): this {
    for (const byte of utf8Encode(text)) {
      const key = this.#keys.feed(byte);
      if (key === null) continue;
      const { output, event } = this.editor.press(key);
      this.screen.write(output);
      if (event !== "none") this.events.push(event);
    }
    return this;
  }
}

const LEFT = "\u001b[D";
const UP = "\u001b[A";
const DOWN = "\u001b[B";

describe("a line that is edited", () => {
  it.each([
    ["text", "ping h2", "ping h2"],
    ["Left and Right", `ing h2\u001b[Hp\u001b[C\u001b[C\u001b[C\u001b[Cx`, "ping xh2"],
    [
      "Home and End in all their forms",
      "b\u001b[Ha\u001b[Fc\u001bOH<\u001bOF>\u001b[1~(\u001b[4~)\u0001[\u0005]",
      "[(<abc>)]",
    ],
    ["Backspace and Delete", `abcd${LEFT}${LEFT}\u007f\u001b[3~`, "ad"],
    ["Ctrl-D within a line", `abc${LEFT}${LEFT}\u0004`, "ac"],
    ["words", "one two three\u001bb\u001b[1;5DX\u001bfY", "one XtwoY three"],
    ["Ctrl-W, Ctrl-Y", "ping -c 10\u0017\u0017\u0019x", "ping -c x"],
    ["Ctrl-U and Ctrl-K", `abc def${LEFT}${LEFT}\u0015x\u0001\u000by`, "y"],
    ["UTF-8", `äöü\u{1f600}${LEFT}${LEFT}\u007f`, "äü\u{1f600}"],
    ["keys that mean nothing here", "a\u001b[15~b\u001b[1;2Pc\u001bOPd\u0000e\u001bxf", "abcdef"],
  ])("knows %s", (_name, typed, expected) => {
    const { editor, screen } = new Typist().type(typed);
    expect(editor.text).toBe(expected);
    expect(screen.text).toBe(expected);
  });

  it("ends with Enter wherever the cursor is; Ctrl-D ends the input on an empty one", () => {
    expect(new Typist().type(`ls${LEFT}\r`).events).toEqual(["line"]);
    expect(new Typist().type("\u0004").events).toEqual(["end"]);
    expect(new Typist().type("a\u0004\t\u000c").events).toEqual(["complete", "clear"]);
  });

  it("brings back earlier lines and then the one that was begun", () => {
    const history = ["ip addr", "for x in 1 2\ndo\necho $x\ndone"];
    const typist = new Typist(history).type(`pin${UP}`);
    expect(typist.editor.text).toBe("for x in 1 2; do; echo $x; done");
    expect(typist.type(UP).editor.text).toBe("ip addr");
    expect(typist.type(UP).editor.text).toBe("ip addr");
    expect(typist.screen.text).toBe("ip addr");
    expect(typist.type(`${DOWN}${DOWN}g`).editor.text).toBe("ping");
    expect(typist.screen.text).toBe("ping");
  });

  it("has an end", () => {
    const { editor } = new Typist().type("x".repeat(EDITED_CHARACTERS_MAX + 10));
    expect(editor.text.length).toBe(EDITED_CHARACTERS_MAX);
  });

  it("is always what the screen shows, with the cursor where it is", () => {
    const keys = ["a", "b", " ", "ö", LEFT, "\u001b[C", UP, DOWN, "\u0001", "\u0005", "\u007f", "\u0004", "\u0017"];
    const more = [
      "\u0015",
      "\u000b",
      "\u0019",
      "\u001bb",
      "\u001bf",
      "\u001b[3~",
      "\u001b[",
      "\u001b",
      "O",
      "~",
      "\u00c3",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...keys, ...more), { maxLength: 60 }), (typed) => {
        const { editor, screen } = new Typist(["one", "two words", ""]).type(typed.join(""));
        expect(screen.text).toBe(editor.text.trimEnd());
        expect(screen.at).toBe([...editor.beforeCursor].length);
      }),
    );
  });
});
