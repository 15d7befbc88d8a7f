/**
 * POSIX regular expressions (basic and extended), matched by simulating the automaton's states side by side (K.
 * Thompson, 1968): time is at most length of text times length of pattern, whatever the pattern, so no pattern can
 * hang a run. Left out: back-references, collating symbols; intervals are bounded.
 */
import { bad, good, type Result } from "../../base/result.ts";
import { CHARACTER_CLASSES } from "./character-classes.ts";

type Node =
  | { readonly kind: "test"; readonly test: (character: string) => boolean }
  | { readonly kind: "start" | "end" | "word-start" | "word-end" | "empty" }
  | { readonly kind: "sequence" | "choice"; readonly nodes: readonly Node[] }
  | { readonly kind: "repeat"; readonly node: Node; readonly least: number; readonly most: number };

/** States of one automaton: a pattern like `(a{255}){255}` must not take the memory of the machine. */
const STATES_MAX = 20_000;
const INTERVAL_MAX = 255;
const DEPTH_MAX = 50;

type State = {
  readonly kind: "test" | "split" | "start" | "end" | "word-start" | "word-end" | "match";
  readonly test: ((character: string) => boolean) | null;
  next: number;
  other: number;
};

export class Regex {
  readonly #states: readonly State[];

  private constructor(states: readonly State[]) {
    this.#states = states;
  }

  /** @returns the error in the words of GNU regcomp. */
  static compile(pattern: string, options: { extended: boolean; ignoreCase: boolean }): Result<Regex, string> {
    const parser = new Parser(pattern, options);
    const tree = parser.parse();
    if (!tree.ok) return tree;
    const states: State[] = [];
    emit(tree.value, states);
    if (states.length >= STATES_MAX) return bad("Regular expression too big");
    states.push({ kind: "match", test: null, next: -1, other: -1 });
    return good(new Regex(states));
  }

  test(text: string): boolean {
    return this.find(text, 0) !== null;
  }

  /** The leftmost longest match at or behind `from`. */
  find(text: string, from: number): { readonly start: number; readonly end: number } | null {
    for (let start = from; start <= text.length; start++) {
      const end = this.#matchAt(text, start);
      if (end >= 0) return { start, end };
    }
    return null;
  }

  #matchAt(text: string, start: number): number {
    let end = -1;
    let current = new Set<number>();
    this.#follow(0, current, text, start);
    for (let at = start; current.size > 0; at++) {
      if (current.has(this.#states.length - 1)) end = at;
      if (at >= text.length) break;
      const next = new Set<number>();
      const character = text.charAt(at);
      for (const index of current) {
        const state = this.#states[index];
        if (state?.test?.(character) === true) this.#follow(state.next, next, text, at + 1);
      }
      current = next;
    }
    return end;
  }

  /** Adds a state and all that follow it without a character. */
  #follow(first: number, set: Set<number>, text: string, at: number): void {
    const pending = [first];
    const seen = set;
    while (pending.length > 0) {
      const index = pending.pop() ?? -1;
      const state = this.#states[index];
      if (state === undefined || seen.has(index)) continue;
      seen.add(index);
      if (state.kind === "split") pending.push(state.next, state.other);
      else if (state.kind !== "test" && state.kind !== "match" && holds(state.kind, text, at)) pending.push(state.next);
    }
  }
}

const isWord = (character: string): boolean => /^\w$/.test(character);

function holds(kind: State["kind"], text: string, at: number): boolean {
  const before = at > 0 && isWord(text.charAt(at - 1));
  const after = at < text.length && isWord(text.charAt(at));
  if (kind === "start") return at === 0;
  if (kind === "end") return at === text.length;
  return kind === "word-start" ? !before && after : before && !after;
}

/** Appends the states of a node; they leave to the state behind the last one appended. */
function emit(node: Node, states: State[]): void {
  if (states.length >= STATES_MAX) return;
  const add = (kind: State["kind"], test: State["test"] = null): State => {
    const state: State = { kind, test, next: states.length + 1, other: -1 };
    states.push(state);
    return state;
  };
  switch (node.kind) {
    case "test":
      add("test", node.test);
      return;
    case "start":
    case "end":
    case "word-start":
    case "word-end":
      add(node.kind);
      return;
    case "empty":
      return;
    case "sequence":
      for (const each of node.nodes) emit(each, states);
      return;
    case "choice":
      return emitChoice(node.nodes, states, add);
    case "repeat":
      return emitRepeat(node, states, add);
  }
}

type Add = (kind: State["kind"]) => State;

function emitChoice(nodes: readonly Node[], states: State[], add: Add): void {
  const jumps: State[] = [];
  nodes.forEach((node, index) => {
    const split = index < nodes.length - 1 ? add("split") : null;
    emit(node, states);
    if (split === null) return;
    const jump = add("split");
    jumps.push(jump);
    split.other = states.length;
  });
  for (const jump of jumps) jump.next = states.length;
}

function emitRepeat(node: Extract<Node, { kind: "repeat" }>, states: State[], add: Add): void {
  for (let i = 0; i < node.least; i++) emit(node.node, states);
  if (node.most === Infinity) {
    const at = states.length;
    const split = add("split");
    emit(node.node, states);
    add("split").next = at;
    split.other = states.length;
    return;
  }
  const splits: State[] = [];
  for (let i = node.least; i < node.most; i++) {
    splits.push(add("split"));
    emit(node.node, states);
  }
  for (const split of splits) split.other = states.length;
}

class Parser {
  readonly #pattern: string;
  readonly #extended: boolean;
  readonly #ignoreCase: boolean;
  #at = 0;
  #depth = 0;
  #error: string | null = null;

  constructor(pattern: string, options: { extended: boolean; ignoreCase: boolean }) {
    this.#pattern = pattern;
    this.#extended = options.extended;
    this.#ignoreCase = options.ignoreCase;
  }

  parse(): Result<Node, string> {
    const node = this.#choice();
    if (this.#error === null && this.#at < this.#pattern.length) {
      this.#error = this.#extended ? "Unmatched ) or \\)" : "Unmatched ) or \\)";
    }
    return this.#error === null ? good(node) : bad(this.#error);
  }

  /** Takes an operator, which basic expressions write with a backslash and extended ones without. */
  #operator(character: string): boolean {
    const token = this.#extended ? character : `\\${character}`;
    if (!this.#pattern.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #peekOperator(character: string): boolean {
    return this.#pattern.startsWith(this.#extended ? character : `\\${character}`, this.#at);
  }

  #choice(): Node {
    const nodes = [this.#sequence()];
    while (this.#error === null && this.#operator("|")) nodes.push(this.#sequence());
    return nodes.length === 1 ? (nodes[0] ?? { kind: "empty" }) : { kind: "choice", nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (this.#error === null && this.#at < this.#pattern.length) {
      if (this.#peekOperator("|") || (this.#peekOperator(")") && this.#depth > 0)) break;
      nodes.push(this.#repeated(nodes.length === 0));
    }
    return { kind: "sequence", nodes };
  }

  #repeated(first: boolean): Node {
    let node = this.#atom(first);
    let repeats = 0;
    while (this.#error === null && this.#at < this.#pattern.length && repeats++ < DEPTH_MAX) {
      if (this.#pattern[this.#at] === "*") {
        this.#at++;
        node = { kind: "repeat", node, least: 0, most: Infinity };
      } else if (this.#operator("+")) node = { kind: "repeat", node, least: 1, most: Infinity };
      else if (this.#operator("?")) node = { kind: "repeat", node, least: 0, most: 1 };
      else if (this.#peekOperator("{")) {
        const interval = this.#interval();
        if (interval === null) break;
        node = { kind: "repeat", node, ...interval };
      } else break;
    }
    return node;
  }

  #interval(): { readonly least: number; readonly most: number } | null {
    const shape = this.#extended ? /^\{(\d{1,4})(,?)(\d{0,4})\}/ : /^\\\{(\d{1,4})(,?)(\d{0,4})\\\}/;
    const match = shape.exec(this.#pattern.slice(this.#at, this.#at + 16));
    if (match === null) {
      if (!this.#extended) this.#error = "Invalid content of \\{\\}";
      return null;
    }
    this.#at += match[0].length;
    const least = Number(match[1]);
    const most = match[2] === "" ? least : match[3] === "" ? Infinity : Number(match[3]);
    if (least > INTERVAL_MAX || (most !== Infinity && most > INTERVAL_MAX)) this.#error = "Regular expression too big";
    if (most < least) this.#error = "Invalid content of \\{\\}";
    return { least, most };
  }

  #atom(first: boolean): Node {
    if (this.#operator("(")) return this.#group();
    const character = this.#pattern.charAt(this.#at++);
    switch (character) {
      case ".":
        return { kind: "test", test: () => true };
      case "[":
        return this.#bracket();
      case "^":
        return first || this.#extended ? { kind: "start" } : this.#literal("^");
      case "$":
        return this.#extended || this.#at >= this.#pattern.length || this.#peekOperator(")") || this.#peekOperator("|")
          ? { kind: "end" }
          : this.#literal("$");
      case "\\":
        return this.#escape();
      default:
        return this.#literal(character);
    }
  }

  #group(): Node {
    if (++this.#depth > DEPTH_MAX) this.#error = "Regular expression too big";
    const node: Node = this.#error === null ? this.#choice() : { kind: "empty" };
    if (this.#error === null && !this.#operator(")")) this.#error = "Unmatched ( or \\(";
    this.#depth--;
    return node;
  }

  #escape(): Node {
    const character = this.#pattern.charAt(this.#at++);
    switch (character) {
      case "":
        this.#error = "Trailing backslash";
        return { kind: "empty" };
      case "w":
        return { kind: "test", test: isWord };
      case "W":
        return { kind: "test", test: (each) => !isWord(each) };
      case "s":
        return { kind: "test", test: (each) => /\s/.test(each) };
      case "S":
        return { kind: "test", test: (each) => /\S/.test(each) };
      case "<":
        return { kind: "word-start" };
      case ">":
        return { kind: "word-end" };
      case "b":
        return { kind: "choice", nodes: [{ kind: "word-start" }, { kind: "word-end" }] };
      default:
        if (/[1-9]/.test(character)) this.#error = "Back-references are not supported";
        return this.#literal(character);
    }
  }

  #literal(character: string): Node {
    if (!this.#ignoreCase) return { kind: "test", test: (each) => each === character };
    const lower = character.toLowerCase();
    return { kind: "test", test: (each) => each.toLowerCase() === lower };
  }

  #bracket(): Node {
    const set = /^(\^?)(\]?(?:\[:\w+:\]|[^\]])*)\]/.exec(this.#pattern.slice(this.#at, this.#at + 1000));
    if (set === null) {
      this.#error = "Unmatched [, [^, [:, [., or [=";
      return { kind: "empty" };
    }
    this.#at += set[0].length;
    const members = bracketMembers(set[2] ?? "");
    const negated = set[1] === "^";
    const has = (each: string): boolean => members.some((member) => member(each));
    const either = this.#ignoreCase
      ? (each: string): boolean => has(each.toLowerCase()) || has(each.toUpperCase())
      : has;
    return { kind: "test", test: (each) => either(each) !== negated };
  }
}

function bracketMembers(text: string): ((character: string) => boolean)[] {
  const members: ((character: string) => boolean)[] = [];
  for (const [piece] of text.matchAll(/\[:\w+:\]|[^]-[^]|[^]/g)) {
    const known = CHARACTER_CLASSES.get(/^\[:(\w+):\]$/.exec(piece)?.[1] ?? "");
    if (known !== undefined) members.push((each) => known.test(each));
    else if (piece.length === 3) members.push((each) => each >= piece.charAt(0) && each <= piece.charAt(2));
    else members.push((each) => piece.includes(each));
  }
  return members;
}
