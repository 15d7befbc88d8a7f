/** `lastack run --json`: the run report as data. Its form is described in resources/schema/run-report.schema.json. */
import type { Journey } from "../trace/journey.ts";
import type { RunFacts } from "./run-summary.ts";
import { VERSION } from "./version.ts";

/** One JSON object and a line end. */
export function jsonReport(facts: RunFacts, exitCode: number, journey: Journey | null): string {
  const { report, wallSeconds, capture, trace, tables } = facts;
  const whole = {
    lastack: VERSION,
    exitCode,
    ...report,
    wallSeconds,
    files: { capture, trace, tables },
    ...(journey === null
      ? {}
      : { journey: { packet: journey.packet, origin: journey.origin, events: journey.events, lost: journey.lost } }),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
