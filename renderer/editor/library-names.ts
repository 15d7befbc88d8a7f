/**
 * What the library's modules export, read from their declarations, and where an import of it goes in a program. Our
 * declarations have one export a line, two spaces deep; nothing else is read.
 */
export interface LibraryName {
  readonly name: string;
  /** Module that exports it. */
  readonly from: string;
  readonly kind: "function" | "const" | "class" | "interface" | "type";
  /** The line that declares it. */
  readonly declaration: string;
  readonly comment: string;
}

const EXPORT = /^ {2}export (function|const|class|interface|type) (\w+)/;

export function libraryNames(declarations: string): LibraryName[] {
  const found: LibraryName[] = [];
  let from = "";
  let comment: string[] = [];
  for (const line of declarations.split("\n")) {
    from = /^declare module "(.+)" \{/.exec(line)?.[1] ?? from;
    const [, kind, name] = EXPORT.exec(line) ?? [];
    if (/^\s*(\/\*\*|\*)/.test(line)) comment.push(line.trim().replace(/^\/\*\* ?|^\*\/$|^\* ?| ?\*\/$/g, ""));
    else {
      if (from !== "" && kind !== undefined && name !== undefined) {
        const declaration = line
          .trim()
          .replace(/^export /, "")
          .replace(/[;{]\s*$/, "")
          .trim();
        found.push({ name, from, kind: kind as LibraryName["kind"], declaration, comment: comment.join("\n").trim() });
      }
      comment = [];
    }
  }
  return found;
}

/** The names that may be used without an import: those that the text imports or declares itself. */
export function namesKnownTo(text: string): ReadonlySet<string> {
  const known = new Set<string>();
  for (const [, clause = ""] of text.matchAll(/\bimport\b([^"';]*)\bfrom\b/g)) {
    for (const [name] of clause.matchAll(/\w+/g)) known.add(name);
  }
  for (const [, name = ""] of text.matchAll(/\b(?:function|const|let|var|class|interface|type|enum)\s+(\w+)/g)) {
    known.add(name);
  }
  return known;
}

export interface ImportEdit {
  /** Where in the program. */
  readonly offset: number;
  readonly text: string;
}

/** Takes a name into the import that is there, or begins one below the last. */
export function importEdit(text: string, { name, from, kind }: LibraryName): ImportEdit {
  const word = kind === "interface" || kind === "type" ? `type ${name}` : name;
  for (const found of text.matchAll(/^import\s*\{([^}]*)\}\s*from\s*(["'])(.*?)\2/gm)) {
    const [whole, names = "", , module] = found;
    if (module !== from) continue;
    const inner = names.trimEnd();
    const end = found.index + whole.indexOf("{") + 1 + inner.length;
    const comma = inner.endsWith(",") ? "" : ",";
    if (inner.trim() === "") return { offset: end, text: ` ${word} ` };
    const isTall = names.includes("\n");
    const indent = isTall ? `\n${/\n([ \t]+)/.exec(names)?.[1] ?? "  "}` : " ";
    return { offset: end, text: `${comma}${indent}${word}${isTall && inner.endsWith(",") ? "," : ""}` };
  }
  const line = `import { ${word} } from "${from}";\n`;
  const last = [...text.matchAll(/^import\b[^;]*;[^\S\n]*\n?/gm)].at(-1);
  if (last === undefined) return { offset: headOf(text), text: `${line}\n` };
  const isWhole = last[0].endsWith("\n");
  return { offset: last.index + last[0].length, text: isWhole ? line : `\n${line.trimEnd()}` };
}

/** Behind the comment that the file opens with. */
function headOf(text: string): number {
  return /^(\s*\/\*[\s\S]*?\*\/[^\S\n]*\n?|[^\S\n]*\/\/.*\n?)*/.exec(text)?.[0].length ?? 0;
}
