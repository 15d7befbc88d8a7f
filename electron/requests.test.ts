import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Handles } from "./handles.ts";
import { HANDLES_MAX } from "./limits.ts";
import { labsAmong } from "./opened-files.ts";
import { parseDesktopRequest } from "./requests.ts";

const CHANNELS = ["lab:save", "draft:keep", "menu:set", "toString"];

describe("requests of the window", () => {
  test("as they should be are taken as they are", () => {
    expect(parseDesktopRequest("lab:open", null)).toEqual({ channel: "lab:open", params: null });
    const moved = { text: "lastack: 1", programs: { "programs/a.ts": "" } };
    const save = { handle: null, name: "a.lab.yaml", text: "lastack: 1", from: null, moved };
    expect(parseDesktopRequest("lab:save", save)).toEqual({ channel: "lab:save", params: save });
    const bytes = { name: "a.pcapng", bytes: Uint8Array.of(1, 2) };
    expect(parseDesktopRequest("bytes:save", bytes)).toEqual({ channel: "bytes:save", params: bytes });
  });

  test("of any other make are none", () => {
    const junk = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true });
    fc.assert(
      fc.property(fc.oneof(junk, fc.constantFrom(...CHANNELS)), junk, (channel, params) => {
        const parsed = parseDesktopRequest(channel, params);
        expect(parsed === null || params !== undefined).toBe(true);
      }),
    );
    expect(parseDesktopRequest("draft:drop", { id: "../../etc/passwd" })).toBeNull();
    expect(parseDesktopRequest("lab:open", undefined)).toBeNull();
  });
});

describe("handles of files", () => {
  test("lead to the paths they were given for, and nothing else does", () => {
    const handles = new Handles();
    const one = handles.give("/labs/one.lab.yaml");
    expect(one).toMatchObject({ name: "one.lab.yaml", place: "/labs/one.lab.yaml" });
    expect(handles.give("/labs/one.lab.yaml")).toEqual(one);
    expect(handles.path(one.handle)).toBe("/labs/one.lab.yaml");
    expect(handles.path("/labs/one.lab.yaml")).toBeNull();
  });

  test("are bounded: the one used longest ago is forgotten", () => {
    const handles = new Handles();
    const first = handles.give("/0");
    const second = handles.give("/1");
    for (let at = 2; at < HANDLES_MAX; at++) handles.give(`/${at}`);
    handles.give("/0");
    handles.give("/new");
    expect(handles.path(first.handle)).toBe("/0");
    expect(handles.path(second.handle)).toBeNull();
  });
});

test("labs among the arguments of a start", () => {
  const here = import.meta.dirname;
  expect(labsAmong(["--inspect", "--x=a.yaml", "requests.ts", "/etc/passwd", "."], here)).toEqual([]);
  expect(labsAmong(["labs/Gone.LAB.YAML"], here)).toEqual([join(here, "labs/Gone.LAB.YAML")]);
});
