/**
 * A small, bounded XML 1.0 reader for files from elsewhere: elements, attributes, text, CDATA, comments, the five
 * named entities and character references. Left out on purpose: document type declarations and with them entities of
 * the document's own (the usual way to bomb an XML reader), namespaces (prefixes stay part of the name).
 */
import { bad, good, type Result } from "../../base/result.ts";

export const XML_LIMITS = {
  /** UTF-16 units: the largest Topology Zoo map has 0.2 Mi. */
  charactersMax: 16 * 1024 * 1024,
  elementsMax: 1_000_000,
  depthMax: 64,
  attributesMax: 64,
} as const;

export type XmlElement = {
  readonly name: string;
  readonly at: number;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  /** Character data directly inside, joined. */
  text: string;
};

export type XmlFault = { readonly title: string; readonly at: number };

const NAME = /[A-Za-z_:][\w:.-]*/y;
const SPACE = /[ \t\r\n]*/y;

export function readXml(text: string): Result<XmlElement, XmlFault> {
  if (text.length > XML_LIMITS.charactersMax) {
    return bad({ title: `more than ${XML_LIMITS.charactersMax} characters`, at: 0 });
  }
  return new XmlReader(text).document();
}

class XmlReader {
  readonly #text: string;
  #at = 0;
  #elements = 0;
  #fault: XmlFault | undefined;
  readonly #open: XmlElement[] = [];
  #root: XmlElement | undefined;

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith("\uFEFF")) this.#at = 1;
  }

  /** A loop instead of recursion: depth is data here, not stack. */
  document(): Result<XmlElement, XmlFault> {
    while (this.#fault === undefined && this.#at < this.#text.length) this.#step();
    const last = this.#open.at(-1);
    if (last !== undefined) this.#fail(`<${last.name}> is never closed`, last.at);
    if (this.#root === undefined) this.#fail("no element at all", 0);
    return this.#fault !== undefined || this.#root === undefined
      ? bad(this.#fault ?? { title: "no element at all", at: 0 })
      : good(this.#root);
  }

  #step(): void {
    const text = this.#text;
    if (text.charAt(this.#at) !== "<") this.#characters();
    else if (text.startsWith("<!--", this.#at)) this.#skipPast("-->", "comment");
    else if (text.startsWith("<![CDATA[", this.#at)) this.#cdata();
    else if (text.startsWith("<?", this.#at)) this.#skipPast("?>", "processing instruction");
    else if (text.startsWith("<!", this.#at)) this.#fail("document type declarations are not read", this.#at);
    else if (text.startsWith("</", this.#at)) this.#endTag();
    else this.#startTag();
  }

  #characters(): void {
    const next = this.#text.indexOf("<", this.#at);
    const end = next < 0 ? this.#text.length : next;
    const raw = this.#text.slice(this.#at, end);
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.text += this.#decode(raw, this.#at);
    else if (raw.trim() !== "") this.#fail("text outside of the document's element", this.#at);
    this.#at = end;
  }

  #cdata(): void {
    const from = this.#at + "<![CDATA[".length;
    if (!this.#skipPast("]]>", "CDATA section")) return;
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#fail("text outside of the document's element", from);
    else parent.text += this.#text.slice(from, this.#at - 3);
  }

  #skipPast(end: string, what: string): boolean {
    const found = this.#text.indexOf(end, this.#at);
    if (found < 0) {
      this.#fail(`this ${what} has no end`, this.#at);
      return false;
    }
    this.#at = found + end.length;
    return true;
  }

  #startTag(): void {
    const at = this.#at++;
    const name = this.#match(NAME);
    if (name === "") return this.#fail("a tag needs a name", at);
    const attributes = this.#attributes();
    const empty = this.#take("/");
    if (this.#fault !== undefined) return;
    if (!this.#take(">")) return this.#fail(`<${name}> has no end`, at);
    if (++this.#elements > XML_LIMITS.elementsMax) return this.#fail("too many elements", at);
    const element: XmlElement = { name, at, attributes, children: [], text: "" };
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.children.push(element);
    else if (this.#root === undefined) this.#root = element;
    else return this.#fail("a second element beside the document's own", at);
    if (empty) return;
    this.#open.push(element);
    if (this.#open.length > XML_LIMITS.depthMax) this.#fail("nested too deeply", at);
  }

  #attributes(): Map<string, string> {
    const attributes = new Map<string, string>();
    for (;;) {
      this.#match(SPACE);
      const at = this.#at;
      const name = this.#match(NAME);
      if (name === "") return attributes;
      this.#match(SPACE);
      const equals = this.#take("=");
      this.#match(SPACE);
      const quote = this.#text.charAt(this.#at);
      const end = quote === '"' || quote === "'" ? this.#text.indexOf(quote, this.#at + 1) : -1;
      if (!equals || end < 0) this.#fail(`attribute ${name} needs a quoted value`, at);
      else if (attributes.has(name)) this.#fail(`attribute ${name} stands twice`, at);
      else if (attributes.size >= XML_LIMITS.attributesMax) this.#fail("too many attributes", at);
      if (this.#fault !== undefined) return attributes;
      attributes.set(name, this.#decode(this.#text.slice(this.#at + 1, end), this.#at + 1));
      this.#at = end + 1;
    }
  }

  #endTag(): void {
    const at = this.#at;
    this.#at += 2;
    const name = this.#match(NAME);
    this.#match(SPACE);
    const element = this.#open.pop();
    if (!this.#take(">")) this.#fail(`</${name}> has no end`, at);
    else if (element === undefined) this.#fail(`</${name}> closes nothing`, at);
    else if (element.name !== name) this.#fail(`</${name}> where </${element.name}> is due`, at);
  }

  #decode(raw: string, at: number): string {
    if (!raw.includes("&")) return raw;
    return raw.replace(/&([^;&\s]{0,32});?/g, (whole, name: string, offset: number) => {
      const value = whole.endsWith(";") ? entity(name) : undefined;
      if (value === undefined) this.#fail(`${whole} is no known character`, at + offset);
      return value ?? "";
    });
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #take(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false;
    this.#at++;
    return true;
  }

  #fail(title: string, at: number): void {
    this.#fault ??= { title, at };
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);

function entity(name: string): string | undefined {
  const match = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
  if (match === null) return ENTITIES.get(name);
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16);
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : undefined;
}
