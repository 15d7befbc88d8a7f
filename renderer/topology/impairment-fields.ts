/** One direction of a link as fields of a form: texts as lab files write them, and back. */
import { bad, good, type Result } from "../../core/base/result.ts";
import { formatDuration } from "../../core/base/time.ts";
import type { DirectionChange } from "../../core/contract/command.ts";
import type { Loss } from "../../core/contract/impairment.ts";
import type { DirectionView } from "../../core/contract/api/lab-view.ts";
import { formatRate, readDelay, readPercent, readRate } from "../../core/lab/scalars.ts";

export type LossKind = "none" | "independent" | "bursts";
export type Distribution = "uniform" | "normal" | "pareto";

export interface Fields {
  rate: string;
  delay: string;
  jitter: string;
  distribution: Distribution;
  lossKind: LossKind;
  loss: string;
  /** Gilbert-Elliott: into a burst, out of it, lost in it. */
  burstStart: string;
  burstEnd: string;
  burstLoss: string;
  duplicate: string;
  reorder: string;
  corrupt: string;
  queue: string;
}

export type FieldName = keyof Fields;

export function fieldsOf(direction: DirectionView): Fields {
  const { loss, jitter, reorder } = direction;
  const bursts = loss?.kind === "gilbert-elliott" ? loss : null;
  return {
    rate: formatRate(direction.rateBps),
    delay: formatDuration(direction.delayNs),
    jitter: formatDuration(jitter?.spreadNs ?? 0),
    distribution: jitter?.distribution ?? "uniform",
    lossKind: loss === null ? "none" : loss.kind === "independent" ? "independent" : "bursts",
    loss: percent(loss?.kind === "independent" ? loss.probability : 0.01),
    burstStart: percent(bursts?.p ?? 0.01),
    burstEnd: percent(bursts?.r ?? 0.25),
    burstLoss: percent(bursts?.lossBad ?? 1),
    duplicate: percent(direction.duplicate),
    reorder: percent(reorder?.probability ?? 0),
    corrupt: percent(direction.corrupt),
    queue: String(direction.queueFrames),
  };
}

/** Exact to the 12 digits that lab files have, without a tail like 0.30000000000000004. */
function percent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(12))}%`;
}

/** `1` and `1 %` mean 1%. */
function readShare(text: string): Result<number, string> {
  const plain = text.trim();
  return readPercent(plain.endsWith("%") ? plain : `${plain}%`);
}

/** A bare number is milliseconds: what people mean by a delay of 20. */
function readTime(text: string): Result<number, string> {
  const plain = text.trim().replace("µ", "u");
  return readDelay(/^\d+(\.\d+)?$/.test(plain) && plain !== "0" ? `${plain}ms` : plain);
}

function readQueue(text: string): Result<number, string> {
  const frames = Number(text.trim());
  return Number.isInteger(frames) && frames >= 1 && frames <= 1_000_000 ? good(frames) : bad("1 to 1000000 frames");
}

/** What is wrong with each field; fields that do not count at the moment are not looked at. */
export function faultsOf(fields: Fields): Partial<Record<FieldName, string>> {
  const faults: Partial<Record<FieldName, string>> = {};
  const check = (name: FieldName, result: Result<number, string>): void => {
    if (!result.ok) faults[name] = `Expected ${result.error}.`;
  };
  check("rate", readRate(fields.rate));
  check("delay", readTime(fields.delay));
  check("jitter", readTime(fields.jitter));
  if (fields.lossKind === "independent") check("loss", readShare(fields.loss));
  if (fields.lossKind === "bursts") {
    for (const name of ["burstStart", "burstEnd", "burstLoss"] as const) check(name, readShare(fields[name]));
  }
  for (const name of ["duplicate", "reorder", "corrupt"] as const) check(name, readShare(fields[name]));
  check("queue", readQueue(fields.queue));
  return faults;
}

const valueOf = (result: Result<number, string>): number => (result.ok ? result.value : 0);

/** Only for fields without faults. */
export function changeOf(fields: Fields, gap: number): DirectionChange {
  const spreadNs = valueOf(readTime(fields.jitter));
  const reorder = valueOf(readShare(fields.reorder));
  return {
    rateBps: valueOf(readRate(fields.rate)),
    delayNs: valueOf(readTime(fields.delay)),
    jitter: spreadNs === 0 ? null : { spreadNs, distribution: fields.distribution },
    loss: lossOf(fields),
    duplicate: valueOf(readShare(fields.duplicate)),
    reorder: reorder === 0 ? null : { probability: reorder, gap },
    corrupt: valueOf(readShare(fields.corrupt)),
    queueFrames: valueOf(readQueue(fields.queue)),
  };
}

function lossOf(fields: Fields): Loss | null {
  if (fields.lossKind === "none") return null;
  if (fields.lossKind === "independent") {
    const probability = valueOf(readShare(fields.loss));
    return probability === 0 ? null : { kind: "independent", probability };
  }
  return {
    kind: "gilbert-elliott",
    p: valueOf(readShare(fields.burstStart)),
    r: valueOf(readShare(fields.burstEnd)),
    lossGood: 0,
    lossBad: valueOf(readShare(fields.burstLoss)),
  };
}

/** What a lab file says for it. What is as a perfect cable has it is left out. */
export function settingsOf(change: DirectionChange): Record<string, unknown> {
  const { loss, jitter, reorder } = change;
  const settings: Record<string, unknown> = {
    rate: formatRate(change.rateBps ?? 0),
    delay: formatDuration(change.delayNs ?? 0),
  };
  if (jitter !== undefined && jitter !== null) {
    const spread = formatDuration(jitter.spreadNs);
    settings["jitter"] = jitter.distribution === "uniform" ? spread : { spread, distribution: jitter.distribution };
  }
  if (loss?.kind === "independent") settings["loss"] = percent(loss.probability);
  else if (loss !== undefined && loss !== null) {
    settings["loss"] = {
      "gilbert-elliott": { p: percent(loss.p), r: percent(loss.r), "loss-bad": percent(loss.lossBad) },
    };
  }
  if ((change.duplicate ?? 0) > 0) settings["duplicate"] = percent(change.duplicate ?? 0);
  if (reorder !== undefined && reorder !== null) {
    settings["reorder"] = { probability: percent(reorder.probability), gap: reorder.gap };
  }
  if ((change.corrupt ?? 0) > 0) settings["corrupt"] = percent(change.corrupt ?? 0);
  settings["queue"] = change.queueFrames;
  return settings;
}

/** Well-known kinds of links, as a start. */
export const PRESETS: Readonly<Record<string, Partial<Fields>>> = {
  "Perfect cable": clean({ rate: "1Gbps", delay: "10us" }),
  "Home DSL": clean({ rate: "16Mbps", delay: "12ms", jitter: "2ms", queue: "100" }),
  "Busy Wi-Fi": clean({
    rate: "40Mbps",
    delay: "3ms",
    jitter: "4ms",
    lossKind: "bursts",
    burstStart: "1%",
    burstEnd: "30%",
    burstLoss: "60%",
  }),
  Satellite: clean({ rate: "10Mbps", delay: "280ms", jitter: "5ms", lossKind: "independent", loss: "0.5%" }),
  "Very lossy": clean({ lossKind: "independent", loss: "20%" }),
};

function clean(own: Partial<Fields>): Partial<Fields> {
  return {
    jitter: "0ns",
    distribution: "uniform",
    lossKind: "none",
    duplicate: "0%",
    reorder: "0%",
    corrupt: "0%",
    ...own,
  };
}
