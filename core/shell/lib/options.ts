/**
 * Command lines in the manner of getopt_long(3): grouped short options, values attached or apart, `--name=value`, `--`.
 * The texts of the errors are glibc's. Left out: abbreviated long names and optional values (`o::`).
 */
import { bad, good, type Result } from "../../base/result.ts";

export type OptionSpec = {
  /** As getopt takes it: a letter, with `:` behind it when it has a value. */
  readonly short: string;
  /** Long name to the letter it stands for. */
  readonly long?: ReadonlyMap<string, string>;
  /** POSIX order: the first operand ends the options. GNU tools mix them. */
  readonly stopAtOperand?: boolean;
};

/** Options as given, in order, and what was left. */
export class Arguments {
  readonly name: string;
  readonly operands: readonly string[];
  /** Letter and value (empty for flags) in the order of the command line. */
  readonly given: readonly (readonly [letter: string, value: string])[];

  constructor(name: string, given: readonly (readonly [string, string])[], operands: readonly string[]) {
    this.name = name;
    this.given = given;
    this.operands = operands;
  }

  has(letter: string): boolean {
    return this.given.some(([each]) => each === letter);
  }

  count(letter: string): number {
    return this.given.filter(([each]) => each === letter).length;
  }

  /** The last value given for it. */
  value(letter: string): string | undefined {
    return this.given.findLast(([each]) => each === letter)?.[1];
  }

  operand(index: number): string | undefined {
    return this.operands[index];
  }
}

/** @param argv with the command's name first. @returns the error text without the name in front. */
export function parseOptions(argv: readonly string[], spec: OptionSpec): Result<Arguments, string> {
  const given: (readonly [string, string])[] = [];
  const operands: string[] = [];
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--") {
      operands.push(...argv.slice(i + 1));
      break;
    }
    if (word.length < 2 || !word.startsWith("-")) {
      operands.push(...(spec.stopAtOperand === true ? argv.slice(i) : [word]));
      if (spec.stopAtOperand === true) break;
      continue;
    }
    const taken = word.startsWith("--") ? longOption(word, argv[i + 1], spec) : shortOptions(word, argv[i + 1], spec);
    if (!taken.ok) return taken;
    given.push(...taken.value.given);
    if (taken.value.tookNext) i++;
  }
  return good(new Arguments(argv[0] ?? "", given, operands));
}

type Taken = { readonly given: readonly (readonly [string, string])[]; readonly tookNext: boolean };

const takesValue = (short: string, letter: string): boolean => short[short.indexOf(letter) + 1] === ":";

function shortOptions(word: string, next: string | undefined, spec: OptionSpec): Result<Taken, string> {
  const given: (readonly [string, string])[] = [];
  for (let at = 1; at < word.length; at++) {
    const letter = word.charAt(at);
    if (letter === ":" || !spec.short.includes(letter)) return bad(`invalid option -- '${letter}'`);
    if (!takesValue(spec.short, letter)) {
      given.push([letter, ""]);
      continue;
    }
    const attached = word.slice(at + 1);
    if (attached === "" && next === undefined) return bad(`option requires an argument -- '${letter}'`);
    given.push([letter, attached === "" ? (next ?? "") : attached]);
    return good({ given, tookNext: attached === "" });
  }
  return good({ given, tookNext: false });
}

function longOption(word: string, next: string | undefined, spec: OptionSpec): Result<Taken, string> {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const letter = spec.long?.get(name);
  if (letter === undefined) return bad(`unrecognized option '--${name}'`);
  if (!takesValue(spec.short, letter)) {
    if (equals >= 0) return bad(`option '--${name}' doesn't allow an argument`);
    return good({ given: [[letter, ""]], tookNext: false });
  }
  if (equals >= 0) return good({ given: [[letter, word.slice(equals + 1)]], tookNext: false });
  if (next === undefined) return bad(`option '--${name}' requires an argument`);
  return good({ given: [[letter, next]], tookNext: true });
}
