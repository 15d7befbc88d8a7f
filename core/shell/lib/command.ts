/** The frame of every command: `--help`, options, and a usage error with the tool's own exit status. */
import type { Call, Program, Sys } from "../../kernel/syscall/sys.ts";
import { parseOptions, type Arguments, type OptionSpec } from "./options.ts";
import { print, warn } from "./output.ts";

export type CommandSpec = OptionSpec & {
  readonly name: string;
  /** Printed by `--help`, and after a wrong option when `usageOnError` is set. Ends without a newline. */
  readonly usage: string;
  /** Exit status of a wrong command line; 1 unless the tool has another. */
  readonly usageStatus?: number;
  /** Networking tools print their whole usage after an error; coreutils point to `--help`. */
  readonly usageOnError?: boolean;
  /** Option words of the tool that look like options but are not (`ip -br`): the program reads argv itself. */
  readonly raw?: boolean;
};

export type Main = (sys: Sys, args: Arguments) => Call<number>;

export function command(spec: CommandSpec, main: Main): Program {
  return function* (sys, argv) {
    if (argv.includes("--help") && argv.indexOf("--help") < endOfOptions(argv)) {
      yield* print(sys, `${spec.usage}\n`);
      return 0;
    }
    const args = parseOptions(argv, spec);
    if (!args.ok) return yield* usageError(sys, spec, args.error);
    return yield* main(sys, args.value);
  };
}

function endOfOptions(argv: readonly string[]): number {
  const at = argv.indexOf("--");
  return at < 0 ? argv.length : at;
}

/** Prints what is wrong with the command line. @returns the status to exit with. */
export function* usageError(sys: Sys, spec: CommandSpec, message: string): Call<number> {
  const hint = spec.usageOnError === true ? `\n${spec.usage}` : `Try '${spec.name} --help' for more information.`;
  yield* warn(sys, `${message === "" ? "" : `${spec.name}: ${message}\n`}${hint}\n`);
  return spec.usageStatus ?? 1;
}

/** `name: message` on standard error. @returns `status`, for `return yield* fail(...)`. */
export function* fail(sys: Sys, message: string, status = 1): Call<number> {
  yield* warn(sys, `${message}\n`);
  return status;
}
