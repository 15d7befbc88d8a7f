/** `lastack run`: a lab from start to end, as fast as it goes. */
import type { JournalEntry } from "../contract/command.ts";
import type { RunReport } from "../contract/run-report.ts";
import type { Lab } from "../lab/model.ts";
import { Session } from "../session/session.ts";
import { formatJourney } from "../trace/journey.ts";
import { ConsolePrinter } from "./console-printer.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";
import { guestSupport } from "./guest-support.ts";
import { RunOutputs } from "./outputs.ts";
import { ProgressBar } from "./progress.ts";
import { jsonReport } from "./json-report.ts";
import { loadLab } from "./read-file.ts";
import { runLoop } from "./run-loop.ts";
import { execEntries, type RunOptions } from "./run-options.ts";
import { problemLines, summaryLines, type RunFacts } from "./run-summary.ts";
import { styleFor } from "./style.ts";
import { topologyText } from "./topology-text.ts";

export async function runCommand(path: string, options: RunOptions): Promise<number> {
  if (options.capture !== undefined && options.pcap === undefined) {
    throw new CliFailure(EXIT.usage, "--capture chooses what --pcap FILE writes: give --pcap too");
  }
  const lab = loadLab(path);
  const journal = execEntries(lab, options.exec);
  const guests = await guestSupport(lab);
  const session = new Session(lab, {
    journal,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(guests === undefined ? {} : { guests }),
  });
  const outputs = new RunOutputs(lab, session, options);
  const talks = options.json !== true && options.quiet !== true;
  if (talks) printHead(lab);
  const run = new Run(lab, session, outputs, options);
  await run.toTheEnd(talks);
  return run.conclude();
}

function printHead(lab: Lab): void {
  const style = styleFor(process.stdout);
  const lines = [style.strong(lab.name), "", ...topologyText(lab).map((line) => `  ${line}`), ""];
  process.stdout.write(`${lines.join("\n")}\n`);
}

class Run {
  readonly #lab: Lab;
  readonly #session: Session;
  readonly #outputs: RunOutputs;
  readonly #options: RunOptions;
  #interrupted = false;
  #wallSeconds = 0;

  constructor(lab: Lab, session: Session, outputs: RunOutputs, options: RunOptions) {
    this.#lab = lab;
    this.#session = session;
    this.#outputs = outputs;
    this.#options = options;
  }

  async toTheEnd(talks: boolean): Promise<void> {
    const until = this.#options.until ?? this.#lab.durationNs;
    const progress = new ProgressBar(until, this.#options.quiet !== true);
    const printer = talks ? this.#listen(progress) : null;
    const onInterrupt = (): void => void (this.#interrupted = true);
    process.on("SIGINT", onInterrupt);
    const started = performance.now();
    try {
      await runLoop(this.#session, {
        until,
        shouldStop: () => this.#interrupted || this.#outputs.failure !== null || process.stdout.destroyed,
        onSlice: () => progress.update(this.#session.now, this.#session.eventCount),
      });
    } catch (error) {
      throw withReplay(error, this.#replayCommand());
    } finally {
      this.#wallSeconds = (performance.now() - started) / 1000;
      this.#outputs.finish(this.#session.report().measurements);
      process.off("SIGINT", onInterrupt);
      progress.clear();
      printer?.finish();
    }
  }

  /** Prints the report. @returns the exit code. */
  conclude(): number {
    const report = this.#session.report();
    const { failure } = this.#outputs;
    const exitCode = this.#exitCode(report, failure);
    const facts: RunFacts = {
      report,
      lab: this.#lab,
      wallSeconds: this.#wallSeconds,
      capture: this.#outputs.capture,
      trace: this.#outputs.trace,
      tables: this.#outputs.tables,
    };
    if (this.#options.json === true) process.stdout.write(jsonReport(facts, exitCode, this.#outputs.journey));
    else this.#print(facts);
    if (failure !== null) process.stderr.write(`lastack: ${failure}\n`);
    if (this.#interrupted) process.stderr.write("lastack: interrupted\n");
    return exitCode;
  }

  #print(facts: RunFacts): void {
    const style = styleFor(process.stdout);
    const { journey } = this.#outputs;
    if (journey !== null) process.stdout.write(`\n${formatJourney(journey).join("\n")}\n`);
    const lines = this.#options.quiet === true ? problemLines(facts, style) : summaryLines(facts, style);
    if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
  }

  #exitCode(report: RunReport, failure: string | null): number {
    if (failure !== null) return EXIT.file;
    if (this.#interrupted) return EXIT.interrupted;
    const isSound = report.conservation.problems.length === 0 && report.checks.every(({ passed }) => passed);
    return isSound ? EXIT.ok : EXIT.checkFailed;
  }

  #listen(progress: ProgressBar): ConsolePrinter {
    const printer = new ConsolePrinter({
      write: (text) => {
        progress.clear();
        process.stdout.write(text);
      },
      style: styleFor(process.stdout),
      several: this.#consolesExpected() > 1,
      nodeOf: (console) => this.#session.world.console(console)?.node ?? "?",
      commandOf: (console) => this.#session.world.console(console)?.command ?? "",
    });
    this.#session.onConsole((console, bytes, at) => printer.onBytes(console, bytes, at));
    return printer;
  }

  /** Commands that may print: given here, at boot, on the timeline, and in checks. */
  #consolesExpected(): number {
    const { nodes, timeline, checks } = this.#lab;
    const boot = nodes.reduce((sum, node) => sum + ("run" in node ? node.run.length + node.programs.length : 0), 0);
    const timed = timeline.filter(({ kind }) => kind === "run").length;
    return (this.#options.exec?.length ?? 0) + boot + timed + checks.filter(({ kind }) => kind !== "counter").length;
  }

  #replayCommand(): string {
    const exec = this.#session.journal.flatMap(({ command }: JournalEntry) =>
      command.kind === "exec" ? [` --exec '${command.node}: ${command.command.replaceAll("'", `'\\''`)}'`] : [],
    );
    const until = Math.min(this.#session.now + 1, this.#options.until ?? this.#lab.durationNs);
    return `lastack run ${this.#lab.file} --seed ${this.#session.seed} --until ${until}ns${exec.join("")}`;
  }
}

/** An internal error, with the command that shows it again: a run is a function of lab, seed and journal. */
function withReplay(error: unknown, command: string): unknown {
  if (!(error instanceof Error)) return error;
  error.message += `\n  replay with: ${command}`;
  return error;
}
