/** What a scenario's own process prints: one JSON line, with the names that the ns-3 programs use. */

export interface ScenarioResult {
  readonly name: string;
  /** Wall seconds of the simulation alone, and of the whole process so far. */
  readonly run_s: number;
  readonly total_s: number;
  /** CPU seconds of the whole process: what a busy machine does not falsify. */
  readonly user_s: number;
  readonly sys_s: number;
  /** Largest resident set of the process, MiB. */
  readonly rss_mb: number;
  readonly events: number;
  /** What tells that the work was done: packets received and the like. */
  readonly facts: Readonly<Record<string, number>>;
}

/** Times `run` and prints the result line. */
export function measure(name: string, run: () => { events: number; facts: Record<string, number> }): void {
  const start = process.hrtime.bigint();
  const { events, facts } = run();
  const cpu = process.cpuUsage();
  const result: ScenarioResult = {
    name,
    run_s: Number(process.hrtime.bigint() - start) / 1e9,
    total_s: process.uptime(),
    user_s: cpu.user / 1e6,
    sys_s: cpu.system / 1e6,
    rss_mb: process.resourceUsage().maxRSS / 1024,
    events,
    facts,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
