/** Tables that a run fills: which counters, how often, from when to when. */
import type { LabDraft } from "./draft.ts";
import { LAB_LIMITS as MAX } from "./limits.ts";
import type { LabColumn, LabMeasurement } from "./model.ts";
import { counterOf } from "./resolve-counters.ts";
import type { MeasureFile } from "./schema.ts";

export function resolveMeasurements(draft: LabDraft, durationNs: number): readonly LabMeasurement[] {
  return (draft.file.measure ?? []).map((file, i): LabMeasurement => {
    const path = ["measure", i];
    const fromNs = file.from ?? 0;
    const untilNs = Math.min(file.until ?? durationNs, durationNs);
    if (file.every === 0 || untilNs < fromNs + file.every) {
      draft.problems.error({
        code: "lab/bad-time",
        title: "no row fits between from and until",
        path: [...path, "every"],
      });
    } else if ((untilNs - fromNs) / file.every > MAX.measureRowsMax) {
      const hint = `raise every: at most ${MAX.measureRowsMax} rows`;
      draft.problems.error({ code: "lab/too-many", title: "too many rows", hint, path: [...path, "every"] });
    }
    const columns = Object.entries(file.columns).flatMap(([name, source]) => columnOf(draft, i, name, source));
    return { name: file.name ?? `table ${i + 1}`, fromNs, everyNs: file.every, untilNs, columns };
  });
}

function columnOf(draft: LabDraft, index: number, name: string, source: MeasureFile["columns"][string]): LabColumn[] {
  const [show, text] =
    "rate" in source
      ? (["rate", source.rate] as const)
      : "delta" in source
        ? (["delta", source.delta] as const)
        : (["value", source.value] as const);
  const counter = counterOf(draft, text, ["measure", index, "columns", name, show]);
  return counter === undefined ? [] : [{ name, show, counter }];
}
