import { expect, test } from "vitest";
import fc from "fast-check";
import { readXml, XML_LIMITS } from "./xml.ts";

test("elements, attributes, text, entities, CDATA, comments", () => {
  const text = `<?xml version="1.0"?><!-- head -->
<a x="1" y='&lt;2&#62;&#x41;'>one<b/>&amp;<![CDATA[<raw> & ]]><!-- no --> two</a>
`;
  const root = readXml(text);
  if (!root.ok) throw new Error(root.error.title);
  expect(root.value.text).toBe("one&<raw> &  two");
  expect([...root.value.attributes]).toEqual([
    ["x", "1"],
    ["y", "<2>A"],
  ]);
  expect(root.value.children.map(({ name, at }) => [name, at])).toEqual([["b", text.indexOf("<b/>")]]);
});

test.each([
  ["", 0],
  ["text", 0],
  ["<a>", 0],
  ["<a></b>", 3],
  ["</a>", 0],
  ["<a/><b/>", 4],
  ["<a x=1/>", 3],
  ["<a x='1' x='2'/>", 9],
  ["<a>&nbsp;</a>", 3],
  ["<a>&#0;</a>", 3],
  ["<a>&lt</a>", 3],
  ["<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", 0],
  ["<a><![CDATA[x</a>", 3],
  ["<a", 0],
])("%s is refused, at its fault", (text, at) => expect(readXml(text)).toMatchObject({ ok: false, error: { at } }));

test("depth and size are bounded", () => {
  expect(readXml("<a>".repeat(100_000)).ok).toBe(false);
  expect(readXml(" ".repeat(XML_LIMITS.charactersMax + 1)).ok).toBe(false);
});

test("cut anywhere, it is refused and never throws", () => {
  const text = '<g a="1"><n id="2">x &amp; y</n><!-- c --><e s="1"/></g>';
  for (let length = 0; length < text.length; length++) expect(readXml(text.slice(0, length)).ok).toBe(false);
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."<>/=\"'&;!-[]?a b#x1") }),
      (junk) => typeof readXml(junk).ok === "boolean",
    ),
  );
});
