/**
 * The way of a lab file: text, tree, version, schema, meaning. Whatever comes in, what goes out is a lab or problems.
 */
import { bad, good, type Result } from "../base/result.ts";
import { readDocument } from "./document.ts";
import { migrate } from "./migrate.ts";
import type { Lab } from "./model.ts";
import { ProblemList } from "./problem-list.ts";
import type { Problem } from "./problem.ts";
import { resolveLab } from "./resolve.ts";
import { addSchemaProblems } from "./schema-problems.ts";
import { labSchema } from "./schema.ts";
import { treeValue } from "./tree.ts";

export type ParseOptions = {
  /** UTF-16 units of text at most; `LAB_LIMITS.fileCharactersMax` unless given. */
  readonly charactersMax?: number;
};

/**
 * Reads a lab. Problems are in the order of the file, the warnings of a good lab are in `Lab.warnings`. Never throws.
 */
export function parseLab(text: string, file: string, options: ParseOptions = {}): Result<Lab, readonly Problem[]> {
  const document = readDocument(text, file, options.charactersMax);
  if (!document.ok) return document;
  const { places } = document.value;
  const migrated = migrate(document.value.tree);
  if (!migrated.ok) {
    const problems = new ProblemList(file, document.value.tree, places);
    problems.error({ ...migrated.error, path: ["lastack"] });
    return bad(problems.all());
  }
  const problems = new ProblemList(file, migrated.value, places);
  const checked = labSchema.safeParse(treeValue(migrated.value));
  if (!checked.success) {
    addSchemaProblems(checked.error.issues, problems);
    return bad(problems.all());
  }
  const lab = resolveLab(checked.data, problems);
  return problems.hasErrors ? bad(problems.all()) : good({ ...lab, warnings: problems.all() });
}
