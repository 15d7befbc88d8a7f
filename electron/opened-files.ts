/** Files that the system wants opened: on the command line, or as an event on a Mac. */
import { resolve } from "node:path";

/**
 * Labs among the arguments of a start. One that is not there is taken along: opening it says so.
 * @param argv without the executable's own part.
 */
export function labsAmong(argv: readonly string[], folder: string): string[] {
  const paths = argv.filter((argument) => !argument.startsWith("-") && /\.ya?ml$/i.test(argument));
  return paths.map((path) => resolve(folder, path));
}
