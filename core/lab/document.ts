/** Text to tree: the size is checked first, then the quick reader answers, or else the complete one. */
import { bad, good, type Result } from "../base/result.ts";
import { readFullYaml } from "./full-yaml.ts";
import { LAB_LIMITS } from "./limits.ts";
import type { Problem } from "./problem.ts";
import { readQuickYaml } from "./quick-yaml.ts";
import { Places, type Tree } from "./tree.ts";

export type LabDocument = { readonly tree: Tree; readonly places: Places };

export function readDocument(
  text: string,
  file: string,
  charactersMax: number = LAB_LIMITS.fileCharactersMax,
): Result<LabDocument, readonly Problem[]> {
  const whole = { severity: "error", file, path: "", line: 1, column: 1 } as const;
  if (text.length > charactersMax) {
    const title = `the file has ${text.length} characters; a lab has at most ${charactersMax}`;
    return bad([{ ...whole, code: "lab/too-large", title, hint: "split it, or move long texts out of it" }]);
  }
  const normal = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const places = new Places(normal);
  const quick = readQuickYaml(normal);
  if (quick.ok) return good({ tree: quick.tree, places });
  if (normal.length > LAB_LIMITS.fullYamlCharactersMax) {
    const hint =
      `a file of more than ${LAB_LIMITS.fullYamlCharactersMax} characters must do without anchors, tags, ` +
      "folded texts, values over several lines, and tabs";
    const title = "wrong or unusual YAML near this place";
    return bad([{ ...whole, ...places.at(quick.at), code: "lab/yaml-syntax", title, hint }]);
  }
  const full = readFullYaml(normal);
  if (full.ok) return good({ tree: full.value, places });
  return bad(full.error.map(({ at, code, title, hint }) => ({ ...whole, ...places.at(at), code, title, hint })));
}
