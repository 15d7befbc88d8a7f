/** The JSON Schema that editors use is the schema that the reader uses. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { labJsonSchema } from "../../core/lab/schema.ts";

test("resources/schema/lab.schema.json is current (npm run docs writes it)", () => {
  const written = readFileSync(new URL("../../resources/schema/lab.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(labJsonSchema())));
});
