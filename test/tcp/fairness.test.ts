/** Ten equal flows share a link: Jain's index over the second half of the sample lab (Jain, Chiu and Hawe, 1984). */
import { expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import { Session } from "../../core/session/session.ts";
import { sampleLab } from "./sample.ts";

/** 1 for equal shares, 1/n when one has it all. */
export const jain = (shares: readonly number[]): number =>
  shares.reduce((sum, share) => sum + share, 0) ** 2 / (shares.length * shares.reduce((sum, x) => sum + x * x, 0));

test("Jain's index itself", () => {
  expect(jain([1, 1, 1, 1])).toBe(1);
  expect(jain([1, 0, 0, 0])).toBe(0.25);
  expect(jain([2, 1])).toBeCloseTo(0.9);
});

test("ten equal flows have equal shares: Jain's index is above 0.9", { timeout: 120_000 }, () => {
  const session = new Session(sampleLab("tcp-fairness"));
  session.advance(session.lab.durationNs as VirtualTime);
  const table = session.report().measurements[0];
  if (table === undefined) throw new Error("the lab measures");
  const second = table.rows.slice(table.rows.length / 2);
  const flows = table.columns.flatMap((name, at) => (/^s\d+$/.test(name) ? [{ name, at }] : []));
  const shares = flows.map(({ at }) => second.reduce((sum, row) => sum + (row[at] ?? 0), 0) / second.length);
  const total = shares.reduce((sum, share) => sum + share, 0);
  console.log(
    `shares in kB/s: ${shares.map((share) => (share / 1000).toFixed(0)).join(" ")}; ` +
      `sum ${(total / 1000).toFixed(0)}; Jain's index ${jain(shares).toFixed(3)}`,
  );
  expect(flows.length).toBe(10);
  expect(jain(shares)).toBeGreaterThan(0.9);
  // 10 Mbit/s less headers.
  expect(total).toBeGreaterThan(0.9 * 1_250_000);
});
