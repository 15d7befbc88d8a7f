/** Files that the system wants opened: on the command line, or as an event on a Mac. */
import { statSync } from "node:fs";
import { resolve } from "node:path";

/** Labs among the arguments of a start. @param argv without the executable's own part. */
export function labsAmong(argv: readonly string[], folder: string): string[] {
  const paths = argv.filter((argument) => !argument.startsWith("-") && /\.ya?ml$/i.test(argument));
  return paths.map((path) => resolve(folder, path)).filter(isFile);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
