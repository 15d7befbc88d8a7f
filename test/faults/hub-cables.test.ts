/** Cables of a hub are one medium: what cannot be done to one of them is refused or warned of, never ignored. */
import { expect, test } from "vitest";
import { Session } from "../../core/session/session.ts";
import { readLab } from "../real/probe.ts";

const LAB = `
lastack: 1
nodes: { a: { kind: host }, b: { kind: host }, u: { kind: hub }, v: { kind: hub } }
links:
  - { name: near, ends: [a, u], delay: 1us }
  - { name: between, ends: [u, v], delay: 1us }
  - { name: far, ends: [v, b], delay: 1us }
`;

test("settings are refused, a plug is not, and the cable between two hubs has neither", () => {
  const session = new Session(readLab(LAB));
  const set = (link: string) => session.inject({ kind: "link-set", link, forward: { duplicate: 1 }, backward: {} });
  const unplug = (link: string) => session.inject({ kind: "link", link, action: "down" });
  expect([set("near"), set("between"), unplug("between"), unplug("near"), unplug("none")]).toEqual([
    { ok: false, error: "near is a cable of a hub: all of them are one medium, which has no settings" },
    { ok: false, error: "between joins two hubs: it is part of one medium" },
    { ok: false, error: "between joins two hubs: it is part of one medium" },
    { ok: true, value: undefined },
    { ok: false, error: "there is no link none" },
  ]);
  expect(session.journal.length).toBe(1);
});

test("a timeline that tries is warned", () => {
  const lab = readLab(`${LAB}timeline:\n  - { at: 1s, link: far, do: { set: { loss: 5% } } }\n`);
  expect(lab.warnings.map(({ code, line, column }) => `${line}:${column} ${code}`)).toEqual(["9:30 lab/hub-cable"]);
});
