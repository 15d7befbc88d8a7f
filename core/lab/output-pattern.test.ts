import { expect, test } from "vitest";
import { matchesOutput, outputPatternFault } from "./output-pattern.ts";

test("a literal occurs anywhere, an expression matches a line", () => {
  const output = "PING h2\n3 packets transmitted, 3 received\n";
  expect(matchesOutput("3 received", output)).toBe(true);
  expect(matchesOutput("3 recieved", output)).toBe(false);
  expect(matchesOutput("/^3 packets.*3 received$/", output)).toBe(true);
  expect(matchesOutput("/h2.*received/", output)).toBe(false);
  expect(matchesOutput("/", "a/b")).toBe(true);
});

test.each(["/a+b*c/", "/(foo|bar) baz/", "/\\d+ ms/", "/[*+]{3}/", "/(\\d{3})-(\\d{3})/", "/(ab)+/", "plain (text"])(
  "%s is taken",
  (pattern) => expect(outputPatternFault(pattern)).toBeUndefined(),
);

test.each([
  "/(a+)+$/",
  "/(a|a)*b/",
  "/(a?){30}b/",
  "/((a+))+/",
  "/(a)\\1/",
  "/(?=a)/",
  "/a*b*c*d*/",
  "/(/",
  "/(a*b)+/",
])("%s is refused", (pattern) => expect(outputPatternFault(pattern)).toMatch(/^a regular expression/));
