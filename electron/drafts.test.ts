import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Drafts } from "./drafts.ts";
import { Handles } from "./handles.ts";
import { DRAFTS_MAX } from "./limits.ts";

let folder = "";
let handles: Handles;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lastack-drafts-"));
  handles = new Handles();
});
afterEach(() => rmSync(folder, { recursive: true }));

const files = (): string[] => readdirSync(join(folder, "drafts"));

describe("unsaved work", () => {
  test("of an earlier run is offered, with the file that it belongs to", async () => {
    const first = new Drafts(folder, handles);
    expect(await first.list()).toEqual([]);
    const { handle } = handles.give("/labs/mine.lab.yaml");
    await first.keep({ handle, name: "mine.lab.yaml", text: "one", sources: {} });
    await first.keep({ handle, name: "mine.lab.yaml", text: "two", sources: {} });
    expect(files()).toHaveLength(1);
    const second = new Drafts(folder, new Handles());
    const [draft] = await second.list();
    expect(draft).toMatchObject({ name: "mine.lab.yaml", text: "two", file: { place: "/labs/mine.lab.yaml" } });
    await second.drop(draft?.id ?? null);
    expect(files()).toEqual([]);
  });

  test("of a page that crashed is offered to the next one", async () => {
    const drafts = new Drafts(folder, handles);
    await drafts.list();
    await drafts.keep({ handle: null, name: "a", text: "one", sources: {} });
    expect(await drafts.list()).toMatchObject([{ text: "one", file: null }]);
    await drafts.keep({ handle: null, name: "a", text: "two", sources: {} });
    await drafts.drop(null);
    expect(await drafts.list()).toMatchObject([{ text: "one" }]);
  });

  test("that was given up stays away, whatever its page still sends", async () => {
    const drafts = new Drafts(folder, handles);
    await drafts.list();
    const draft = { handle: null, name: "a", text: "one", sources: {} };
    void drafts.keep(draft);
    void drafts.giveUp();
    void drafts.keep({ ...draft, text: "two" });
    await drafts.settled();
    expect(files()).toEqual([]);
    // The next page's is its own again.
    expect(await drafts.list()).toEqual([]);
    await drafts.keep(draft);
    expect(files()).toHaveLength(1);
  });

  test("that is broken, or was put there by somebody else, is passed over", async () => {
    mkdirSync(join(folder, "drafts"));
    for (const [at, text] of ["", "{", "[]", '{"path":5}', '{"path":null,"name":"x","text":"y"}'].entries()) {
      writeFileSync(join(folder, "drafts", `${at}.draft.json`), text);
    }
    expect(await new Drafts(folder, handles).list()).toEqual([]);
  });

  test("is bounded: the oldest go", async () => {
    for (let at = 0; at < DRAFTS_MAX + 3; at++) {
      await new Drafts(folder, handles).keep({ handle: null, name: `lab ${at}`, text: "", sources: {} });
    }
    expect(await new Drafts(folder, handles).list()).toHaveLength(DRAFTS_MAX);
    expect(files()).toHaveLength(DRAFTS_MAX);
  });
});
