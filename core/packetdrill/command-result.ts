/** How a shell command of a script ended. */

/** How a command ended, and what it printed. */
export interface CommandResult {
  readonly status: number;
  readonly output: string;
}

/** A command that is not understood here, or refused by the machine. */
export class CommandProblem extends Error {
  readonly kind: "fail" | "unsupported";

  constructor(kind: "fail" | "unsupported", message: string) {
    super(message);
    this.kind = kind;
  }
}

export const done = (output = ""): CommandResult => ({ status: 0, output });
