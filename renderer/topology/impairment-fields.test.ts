/** Fields of the impairment dialog: what a link has comes back unchanged, wrong texts are named, labs can read it. */
import { expect, test } from "vitest";
import type { DirectionView } from "../../core/contract/api/lab-view.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { changeOf, faultsOf, fieldsOf, PRESETS, settingsOf } from "./impairment-fields.ts";

const PLAIN: DirectionView = {
  rateBps: 100_000_000,
  delayNs: 1_500_000,
  jitter: null,
  loss: null,
  duplicate: 0,
  reorder: null,
  corrupt: 0,
  mtuBytes: 1500,
  queueFrames: 1000,
};

const BAD: DirectionView = {
  ...PLAIN,
  jitter: { spreadNs: 250_000, distribution: "pareto" },
  loss: { kind: "gilbert-elliott", p: 0.01, r: 0.3, lossGood: 0, lossBad: 0.6 },
  duplicate: 0.003,
  reorder: { probability: 0.1, gap: 5 },
  corrupt: 0.0001,
};

test.each([PLAIN, BAD])("there and back", (direction) => {
  const fields = fieldsOf(direction);
  expect(faultsOf(fields)).toEqual({});
  const { mtuBytes: _, ...expected } = direction;
  expect(changeOf(fields, direction.reorder?.gap ?? 1)).toEqual(expected);
});

test("people leave units out, and mean something", () => {
  const fields = { ...fieldsOf(PLAIN), delay: "20", duplicate: "5" };
  expect(faultsOf(fields)).toEqual({});
  expect(changeOf(fields, 1)).toMatchObject({ delayNs: 20_000_000, duplicate: 0.05 });
});

test("what is wrong is named, and only where it counts", () => {
  const fields = { ...fieldsOf(PLAIN), rate: "fast", corrupt: "200%", loss: "much", queue: "0" };
  expect(Object.keys(faultsOf(fields)).sort()).toEqual(["corrupt", "queue", "rate"]);
  expect(faultsOf({ ...fields, lossKind: "independent" }).loss).toContain("percentage");
});

test.each(Object.entries(PRESETS))("%s is something a lab file can say", (_, preset) => {
  const fields = { ...fieldsOf(PLAIN), ...preset };
  expect(faultsOf(fields)).toEqual({});
  const settings = JSON.stringify({ ends: ["a", "b"], ...settingsOf(changeOf(fields, 1)) });
  const lab = parseLab(`lastack: 1\nnodes: { a: { kind: host }, b: { kind: host } }\nlinks: [${settings}]\n`, "x");
  expect(lab.ok ? [] : lab.error.map(({ title }) => title)).toEqual([]);
});
