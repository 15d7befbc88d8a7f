/** The tables of a lab's `measure`: rows of counters, sampled as events of the run. */
import { instant, SECOND } from "../base/time.ts";
import type { Measurement } from "../contract/run-report.ts";
import type { EventHandler } from "../engine/event-queue.ts";
import { WORLD_TIMER } from "../engine/rank.ts";
import type { LabMeasurement } from "../lab/model.ts";
import type { World } from "./world.ts";

interface Table {
  readonly lab: LabMeasurement;
  readonly rows: number[][];
  /** Counters at the row before. */
  before: number[];
}

export class Measurements implements EventHandler {
  readonly #world: World;
  readonly #tables: readonly Table[];

  constructor(world: World) {
    this.#world = world;
    this.#tables = world.lab.measurements.map((lab) => ({ lab, rows: [], before: [] }));
    this.#tables.forEach(({ lab }, index) => world.engine.at(instant(lab.fromNs), WORLD_TIMER, this, index));
  }

  tables(): Measurement[] {
    return this.#tables.map(({ lab, rows }) => ({
      name: lab.name,
      columns: ["time", ...lab.columns.map((column) => column.name)],
      rows,
    }));
  }

  onEvent(index: number): void {
    const table = this.#tables[index];
    if (table === undefined) return;
    const { lab, rows, before } = table;
    const now = this.#world.engine.now;
    // A counter of a machine that is off stands still: as 0 it would jump.
    const counters = lab.columns.map(({ counter }, at) => this.#world.counter(counter) ?? before[at] ?? 0);
    if (before.length > 0) {
      const values = lab.columns.map(({ show }, at) => {
        const value = counters[at] as number;
        const delta = value - (before[at] as number);
        return show === "value" ? value : show === "delta" ? delta : (delta * SECOND) / lab.everyNs;
      });
      rows.push([now, ...values]);
    }
    table.before = counters;
    if (now + lab.everyNs <= lab.untilNs) this.#world.engine.after(lab.everyNs, WORLD_TIMER, this, index);
  }
}
