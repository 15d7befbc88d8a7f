/**
 * House rules that no other tool knows, as functions over one file's text: each yields what is wrong, with the line and
 * with what to write instead. `tidy.test.ts` runs them over the tree, and over planted offences.
 */

/** A file of the tree: its path from the root with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Offence {
  readonly line: number;
  readonly message: string;
}

export type Rule = (file: SourceFile) => readonly Offence[];

export const COLUMNS_MAX = 120;

/** Words are put together here so that this file does not offend itself. */
const LEFTOVERS = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);
const MACHINE_PATHS = new RegExp(`(^|[\\s"'\`(=:])/(${["home/\\w", "Us" + "ers/\\w", "wo" + "rk/"].join("|")})`);
const REGISTRY_HOSTS = new RegExp(["registry", "\\.(npmjs|yarnpkg)|https?://[\\w.-]*(artifactory|verdaccio)"].join(""));
const SHORT_NAMES = /\b(?:const|let|readonly|function|class|interface|type)\s+#?(pkt|cfg|mgr|util)(?![a-z])/;
const SKIPPED = /\b(?:it|test|describe)\.(only|skip|todo)\b/;
const CONSOLE = /\bconsole\.(log|error|warn|info|debug)\b/;

const isCode = (path: string): boolean => /\.(ts|mjs|cjs|js|vue)$/.test(path);
const isProse = (path: string): boolean => /\.(md|ya?ml)$/.test(path);

/** One rule that looks for a pattern line by line. */
function perLine(applies: (path: string) => boolean, look: (line: string) => string | null): Rule {
  return ({ path, text }) =>
    applies(path)
      ? text.split("\n").flatMap((line, index) => {
          const message = look(line);
          return message === null ? [] : [{ line: index + 1, message }];
        })
      : [];
}

export const RULES: Readonly<Record<string, Rule>> = {
  "line length": perLine(
    // In templates of components prettier has its own ways.
    (path) => (isCode(path) && !path.endsWith(".vue") && !path.startsWith("test/electron/")) || isProse(path),
    (line) => {
      // A table row, an address and the path of a drawing cannot be broken.
      if (line.length <= COLUMNS_MAX || line.startsWith("|") || /https?:\/\/\S{60}/.test(line)) return null;
      if (/"M-?\d[\d.\s a-zA-Z-]*"/.test(line) || line.includes("<svg ")) return null;
      return `${line.length} columns: break the line at ${COLUMNS_MAX}`;
    },
  ),
  leftovers: perLine(isCode, (line) => {
    const [word] = LEFTOVERS.exec(line) ?? [];
    return word === undefined ? null : `${word}: do it now, or say under "Left out" at the file's head what is missing`;
  }),
  debugger: perLine(isCode, (line) =>
    /^\s*debugger;/.test(line) ? "debugger: remove the statement; a unit test keeps what it showed" : null,
  ),
  "tests that do not run": perLine(
    (path) => path.endsWith(".test.ts"),
    (line) => {
      const [, word] = SKIPPED.exec(line) ?? [];
      return word === undefined ? null : `.${word}: use skipIf(condition) under a title that says why, or remove it`;
    },
  ),
  "console in core": perLine(
    // Guest programs in the sandbox's tests have a console of their own.
    (path) => /^core\/(?!node\/|(sandbox|runtime)\/.*\.test\.ts$)/.test(path) && isCode(path),
    (line) =>
      CONSOLE.test(line) ? "console: the trace is the core's log; return a value and let a host print it" : null,
  ),
  "names cut short": perLine(isCode, (line) => {
    const [, name] = SHORT_NAMES.exec(line) ?? [];
    return name === undefined ? null : `'${name}': write packet, options, manager (or better, what it manages)`;
  }),
  "machine paths": perLine(
    () => true,
    (line) =>
      MACHINE_PATHS.test(line) ? "a path of one machine: make it relative to the repository or to the run" : null,
  ),
  "registry hosts": perLine(
    () => true,
    (line) => (REGISTRY_HOSTS.test(line) ? "a registry's address: npm's own configuration knows it" : null),
  ),
};

/** Reasoned exceptions from lint rules in a file. */
export const countDisabled = ({ text }: SourceFile): number => text.split(`eslint-${"disable"}`).length - 1;

/** Folders right under core that its map does not mention. */
export function missingFolders(folders: readonly string[], map: string): string[] {
  return folders.filter((folder) => !map.includes(`| \`${folder}\``));
}

/**
 * Paths that the map of core names, from the root: what stands in its tables, which are about core or about the folder
 * that the heading above them names, and every path with a slash in its text.
 */
export function pathsOfMap(map: string): { readonly line: number; readonly candidates: readonly string[] }[] {
  let base = "core";
  return map.split("\n").flatMap((line, index) => {
    const about = /^## .*?(?:`([\w/-]+)`)?$/.exec(line);
    if (about !== null) base = about[1] === undefined ? "core" : `core/${about[1]}`;
    const names = [...line.matchAll(/`([\w./-]+)`/g)].map(([, name = ""]) => name);
    const cells = line.split("|").map((cell) => cell.trim());
    const isRow = line.startsWith("| `");
    const folder = isRow ? `${base}/${/^`([\w./-]+)`/.exec(cells[1] ?? "")?.[1] ?? ""}` : base;
    return names
      .filter((name) => isPath(name) && (isRow || name.includes("/")))
      .map((name) => ({
        line: index + 1,
        candidates: [`${folder}/${name}`, `${base}/${name}`, `core/${name}`, name],
      }));
  });
}

/** A folder's name in the first column has no dot and no slash, but so has a command. */
const isPath = (name: string): boolean => /\.ts$|\//.test(name);

const TOP_LEVEL = new Set(
  "package.json package-lock.json electron renderer core resources test electron-builder.yml README.md LICENSE".split(
    " ",
  ),
);
const TOOL_CONFIGURATION = /^(\.[\w.-]+|[\w.-]+\.config\.(ts|js)|tsconfig(\.\w+)?\.json|knip\.json)$/;

/** Top-level entries that are neither one of the known folders and files nor the configuration of a tool. */
export function strangersAtTop(paths: readonly string[]): string[] {
  const entries = new Set(paths.map((path) => path.split("/")[0] ?? ""));
  return [...entries].filter((entry) => !TOP_LEVEL.has(entry) && !TOOL_CONFIGURATION.test(entry));
}
