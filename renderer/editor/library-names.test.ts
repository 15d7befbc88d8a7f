import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importEdit, libraryNames, namesKnownTo, type LibraryName } from "./library-names.ts";

const LIBRARY = join(import.meta.dirname, "../../resources/programs/lib");
const names = readdirSync(LIBRARY)
  .filter((file) => file.endsWith(".d.ts"))
  .flatMap((file) => libraryNames(readFileSync(join(LIBRARY, file), "utf8")));

function named(name: string): LibraryName {
  const found = names.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the library has no ${name}`);
  return found;
}

function withImport(text: string, name: string): string {
  const { offset, text: added } = importEdit(text, named(name));
  return text.slice(0, offset) + added + text.slice(offset);
}

describe("names of the library", () => {
  it("are all exports of its declarations, each with its module and what is said of it", () => {
    const exports = readdirSync(LIBRARY)
      .filter((file) => file.endsWith(".d.ts"))
      .flatMap((file) => [...readFileSync(join(LIBRARY, file), "utf8").matchAll(/^\s*export /gm)]);
    expect(names.length).toBe(exports.length);
    expect(named("recvfrom")).toMatchObject({ from: "lastack/socket", kind: "function" });
    expect(named("recvfrom").declaration).toBe(
      "function recvfrom(sockfd: number, length: number, from?: SockAddr, flags?: number): Promise<Uint8Array>",
    );
    expect(named("state").comment).toMatch(/^Tells the lab which state[\s\S]*at once\.$/);
    expect(named("bind").from).toBe("lastack/socket");
  });

  it("are known once they are imported or declared", () => {
    const known = namesKnownTo(
      'import { a, type B as C } from "x";\nimport d from "y";\nconst e = 1;\nfunction f() {}',
    );
    for (const name of ["a", "C", "d", "e", "f"]) expect(known.has(name), name).toBe(true);
    expect(known.has("recvfrom")).toBe(false);
  });
});

describe("an import", () => {
  it.each([
    ["on one line", 'import { bind } from "lastack/socket";\n', 'import { bind, recvfrom } from "lastack/socket";\n'],
    ["with nothing in it", 'import {} from "lastack/socket";\n', 'import { recvfrom } from "lastack/socket";\n'],
    [
      "over several lines",
      'import {\n  bind,\n  close,\n} from "lastack/socket";\n',
      'import {\n  bind,\n  close,\n  recvfrom,\n} from "lastack/socket";\n',
    ],
    [
      "over several lines without the last comma",
      "import {\n    bind\n} from 'lastack/socket';\n",
      "import {\n    bind,\n    recvfrom\n} from 'lastack/socket';\n",
    ],
  ])("%s takes the name in", (_, before, after) => expect(withImport(before, "recvfrom")).toBe(after));

  it("of another module comes below the last", () => {
    expect(withImport('import { print } from "lastack";\n\nprint(1);\n', "recvfrom")).toBe(
      'import { print } from "lastack";\nimport { recvfrom } from "lastack/socket";\n\nprint(1);\n',
    );
    expect(withImport('import { print } from "lastack";', "recvfrom")).toBe(
      'import { print } from "lastack";\nimport { recvfrom } from "lastack/socket";',
    );
  });

  it("is the first behind the comment at the head, and says that a type is one", () => {
    expect(withImport("/**\n * A server.\n */\nrecv();\n", "SockAddr")).toBe(
      '/**\n * A server.\n */\nimport { type SockAddr } from "lastack/socket";\n\nrecv();\n',
    );
    expect(withImport("", "print")).toBe('import { print } from "lastack";\n\n');
  });
});
