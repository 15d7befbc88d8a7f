/**
 * Writing labs: a new one from plain data, and changes to one that a person has written, whose comments, order and
 * blank lines stay. Both give the same text for the same input. Blanks inside flow collections are made uniform.
 */
import { Document, isCollection, isMap, isScalar, isSeq, parseDocument, visit, type Node } from "yaml";
import type { z } from "zod";
import { bad, good, type Result } from "../base/result.ts";
import { YAML_OPTIONS } from "./full-yaml.ts";
import type { labSchema } from "./schema.ts";

/** A lab as it may be written: quantities with their units. */
export type LabInput = z.input<typeof labSchema>;

export type LabEdit = {
  /** Keys and indices from the root; missing maps on the way are made. An index may be one past the end. */
  readonly path: readonly (string | number)[];
  /** Plain data; undefined removes what is there. */
  readonly value: unknown;
};

/** Lines are never folded: a link is a line, however long. */
const WRITE_OPTIONS = { lineWidth: 0, flowCollectionPadding: true, singleQuote: false, minContentWidth: 0 } as const;

/** Text of a new lab, one node, link, event or check a line. */
export function formatLab(lab: LabInput): string {
  const document = new Document(lab, YAML_OPTIONS);
  if (isMap(document.contents)) {
    for (const { key, value } of document.contents.items) styleSection(isScalar(key) ? key.value : "", value);
  }
  return document.toString(WRITE_OPTIONS);
}

/** Applies edits in order. The error says, for a person, which edit does not fit the text. */
export function editLab(text: string, edits: readonly LabEdit[]): Result<string, string> {
  const document = parseDocument(text, YAML_OPTIONS);
  const broken = document.errors[0];
  if (broken !== undefined) return bad(`not YAML: ${broken.message}`);
  if (document.contents !== null && !isCollection(document.contents)) return bad("not a lab");
  for (const { path, value } of edits) {
    const where = path.join(".");
    if (path.length === 0) return bad("an edit needs a path");
    if (!leadsThroughCollections(document, path)) return bad(`${where}: there is a plain value on the way`);
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, styled(document.createNode(value), path));
  }
  return good(document.toString(WRITE_OPTIONS));
}

/** The library would throw at a scalar, an alias, or an index into a map. */
function leadsThroughCollections(document: Document.Parsed, path: LabEdit["path"]): boolean {
  for (let i = 0; i < path.length; i++) {
    const step = path[i];
    const parent: unknown = i === 0 ? document.contents : document.getIn(path.slice(0, i), true);
    if (parent === undefined || parent === null || (isScalar(parent) && parent.value === null)) return true;
    if (isSeq(parent)) {
      if (typeof step !== "number" || step < 0 || step > parent.items.length || !Number.isInteger(step)) return false;
    } else if (!isMap(parent) || typeof step !== "string") return false;
  }
  return true;
}

/** A node, link, event or check is one line. */
function styleSection(key: unknown, section: unknown): void {
  if (isSeq(section)) section.items.forEach(setFlow);
  if (key === "nodes" && isMap(section)) section.items.forEach((node) => setFlow(node.value));
}

function styled(node: Node, path: LabEdit["path"]): Node {
  if (path.length === 1) styleSection(path[0], node);
  if (path.length === 2 && (path[0] === "nodes" || typeof path[1] === "number")) setFlow(node);
  return node;
}

/** Texts with line ends stay blocks: a flow map cannot hold them legibly. */
function setFlow(node: unknown): void {
  if (!isCollection(node)) return;
  let tall = false;
  visit(node as Node, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && scalar.value.includes("\n")) tall = true;
    },
  });
  node.flow = !tall;
}
