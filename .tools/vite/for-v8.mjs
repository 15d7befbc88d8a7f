/**
 * Builds of the core as V8 runs them best while it does not yet know what to optimize, which is two fifths of the time
 * of a lab with a thousand hosts. With both, that takes 0.95 of the time; tests run the sources as they are.
 * - What is private (`#name`) becomes a property whose name nothing else has. V8 looks for private names as for keys of
 *   `object[key]`, and marks each object once more for every class with private methods that it is of.
 * - Constants are written out where they are used, in all modules.
 */
import { readdirSync } from "node:fs";
import { join, normalize, sep } from "node:path";
import MagicString from "magic-string";

const CORE = join(import.meta.dirname, "../../core");
const FILES = readdirSync(CORE, { recursive: true })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replaceAll(sep, "/"))
  .sort();
const NUMBERS = new Map(FILES.map((file, index) => [join(CORE, file), index]));

/** @returns {import("vite").Plugin} */
export function forV8() {
  return {
    name: "lastack:for-v8",
    apply: "build",
    // As TypeScript, whose transformation then sets them in constructors as it does with other fields.
    enforce: "pre",
    config: () => ({ build: { rolldownOptions: { optimization: { inlineConst: { mode: "all", pass: 3 } } } } }),
    transform(code, id) {
      const file = NUMBERS.get(normalize(id));
      if (file === undefined || !code.includes("#")) return null;
      const text = new MagicString(code);
      let classes = 0;
      const rename = (node, scopes) => {
        if (node.type === "ClassBody") scopes = [namesOf(node, `${file}_${classes++}`), ...scopes];
        if (node.type === "PrivateIdentifier") {
          const names = scopes.find((one) => one.has(node.name));
          text.update(node.start, node.end, names.get(node.name));
        }
        for (const child of childrenOf(node)) rename(child, scopes);
      };
      rename(this.parse(code, { lang: "ts" }), []);
      return { code: text.toString(), map: text.generateMap({ hires: "boundary" }) };
    },
  };
}

/** Private names of a class, each with the numbers of file and class: its heirs may have the same ones. */
function namesOf({ body }, owner) {
  const names = body.flatMap(({ key }) => (key?.type === "PrivateIdentifier" ? [key.name] : []));
  return new Map(names.map((name) => [name, `_${name}$${owner}`]));
}

function childrenOf(node) {
  return Object.values(node)
    .flat()
    .filter((value) => typeof value?.type === "string");
}
