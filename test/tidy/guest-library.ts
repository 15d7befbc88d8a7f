/** The library of guest programs as text: TypeScript in resources/programs/lib, stripped and put into one module. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "@swc/wasm-typescript";
import type { SourceFile } from "./rules.ts";
import { ROOT } from "./tree.ts";

const FOLDER = "resources/programs/lib/src";
/** File, and the name that programs import it by. */
const MODULES = [
  ["kernel.ts", "lastack/kernel"],
  ["check.ts", "lastack/check"],
  ["lastack.ts", "lastack"],
  ["socket.ts", "lastack/socket"],
  ["fs.ts", "lastack/fs"],
  ["log.ts", "lastack/log"],
] as const;
const CHUNK_CHARACTERS = 80;

export function guestLibraryModule(): SourceFile {
  const entries = MODULES.map(([file, name]) => {
    const source = readFileSync(join(ROOT, FOLDER, file), "utf8");
    const { code } = transformSync(source, {
      mode: "transform",
      module: true,
      filename: file,
      transform: { verbatimModuleSyntax: true },
    });
    return `  [\n    ${JSON.stringify(name)},\n    [\n${chunks(code)}\n    ].join(""),\n  ],`;
  });
  const text = `/** The library of guest programs. Made by \`npm run docs\` from ${FOLDER}: change it there. */
export const LIBRARY_MODULES: ReadonlyMap<string, string> = new Map([
${entries.join("\n")}
]);
`;
  return { path: "core/runtime/library.generated.ts", text };
}

/** Code as string literals, one a line. */
function chunks(code: string): string {
  const pieces = code.match(new RegExp(`[^]{1,${CHUNK_CHARACTERS}}`, "g")) ?? [];
  return pieces.map((piece) => `      ${JSON.stringify(piece)},`).join("\n");
}
