/** What is wrong with a script, with the place: thrown while a script is read, returned to whoever asked for it. */

/** Position in the script's text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export class SyntaxProblem extends Error {
  readonly place: Place;

  constructor({ line, column }: Place, message: string) {
    super(message);
    this.place = { line, column };
  }
}

/** A run stops with this: what was expected did not happen, or the script asks for what there is not. */
export class RunFailure extends Error {
  readonly kind: "fail" | "unsupported";
  /** Line of the script, 0 when it is about none. */
  readonly line: number;

  constructor(kind: "fail" | "unsupported", line: number, message: string) {
    super(message);
    this.kind = kind;
    this.line = line;
  }
}

export const failed = (line: number, message: string): RunFailure => new RunFailure("fail", line, message);
export const unsupported = (line: number, message: string): RunFailure => new RunFailure("unsupported", line, message);
