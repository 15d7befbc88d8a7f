/**
 * packetdrill (google/packetdrill), interpreted: runs a script against a fresh machine in virtual time and says whether
 * the stack did what the script expects. A script's outcome is a function of its text and settings.
 */
import type { Script, ScriptFlag } from "./ast.ts";
import { parseFlagsOf, parseScript } from "./parse.ts";
import { SyntaxProblem } from "./problem.ts";
import { explainRun, Runner } from "./run.ts";
import { applyFlag, DEFAULT_SETTINGS, type Settings } from "./settings.ts";
import { timelineLine, type TimelineEntry } from "./timeline.ts";

export type { TimelineEntry } from "./timeline.ts";

export interface ScriptOutcome {
  readonly status: "pass" | "fail" | "parse-error" | "unsupported";
  /** Where in the script; 0 for nowhere. */
  readonly line: number;
  readonly column: number;
  readonly reason: string;
  /** Every packet, as far as the run came. */
  readonly packets: readonly TimelineEntry[];
  /** What code of the script printed. */
  readonly output: readonly string[];
}

/** An option as the command line has it: it beats the script's own. */
export interface OptionOverride {
  readonly name: string;
  readonly value: string;
}

export function runPacketdrill(text: string, overrides: readonly OptionOverride[] = []): ScriptOutcome {
  let settings: Settings;
  let script: Script;
  try {
    settings = settingsFor(text, overrides);
    script = parseScript(text, settings.definitions);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const { line, column } = error.place;
    return { status: "parse-error", line, column, reason: error.message, packets: [], output: [] };
  }
  let runner: Runner | null = null;
  try {
    runner = new Runner(script, settings);
    runner.run();
    return { status: "pass", line: 0, column: 0, reason: "", packets: runner.timeline.entries, output: runner.output };
  } catch (error) {
    const { kind, line, reason } = explainRun(error);
    const { timeline, output } = runner ?? { timeline: { entries: [] }, output: [] };
    return { status: kind, line, column: 0, reason, packets: timeline.entries, output };
  }
}

function settingsFor(text: string, overrides: readonly OptionOverride[]): Settings {
  const flags: ScriptFlag[] = [
    ...parseFlagsOf(text),
    ...overrides.map(({ name, value }) => ({ name, value, line: 0, column: 0 })),
  ];
  return flags.reduce(applyFlag, DEFAULT_SETTINGS);
}

/** One packet as a line: script time, direction, packet. */
export const packetLine = (entry: TimelineEntry): string => timelineLine(entry);
