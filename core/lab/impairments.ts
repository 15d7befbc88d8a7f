/** What a cable does to frames: from the words of the file to the model, on top of defaults. */
import type { Jitter, Loss } from "../contract/impairment.ts";
import type { LabDirection, LabReorder } from "./model.ts";
import type { ImpairmentsFile } from "./schema.ts";

/** A quiet cable of 2 km that nobody has described: a gigabit, light in fibre, the usual MTU. */
export const CABLE_DEFAULT: LabDirection = {
  rateBps: 1_000_000_000,
  delayNs: 10_000,
  jitter: null,
  loss: null,
  duplicate: 0,
  reorder: null,
  corrupt: 0,
  bitErrorRate: 0,
  mtuBytes: 1500,
  queueFrames: 1000,
};

/** What is written, and nothing else, so that it can be laid over something. */
export function impairmentsOf(file: ImpairmentsFile): Partial<LabDirection> {
  return {
    ...(file.rate !== undefined && { rateBps: file.rate }),
    ...(file.delay !== undefined && { delayNs: file.delay }),
    ...(file.jitter !== undefined && { jitter: jitterOf(file.jitter) }),
    ...(file.loss !== undefined && { loss: lossOf(file.loss) }),
    ...(file.duplicate !== undefined && { duplicate: file.duplicate }),
    ...(file.reorder !== undefined && { reorder: reorderOf(file.reorder) }),
    ...(file.corrupt !== undefined && { corrupt: file.corrupt }),
    ...(file["bit-error-rate"] !== undefined && { bitErrorRate: file["bit-error-rate"] }),
    ...(file.mtu !== undefined && { mtuBytes: file.mtu }),
    ...(file.queue !== undefined && { queueFrames: file.queue }),
  };
}

function jitterOf(file: NonNullable<ImpairmentsFile["jitter"]>): Jitter | null {
  const { spread, distribution = "uniform" } = typeof file === "number" ? { spread: file } : file;
  return spread === 0 ? null : { spreadNs: spread, distribution };
}

function lossOf(file: NonNullable<ImpairmentsFile["loss"]>): Loss | null {
  if (typeof file === "number") return file === 0 ? null : { kind: "independent", probability: file };
  const { p, r, "loss-good": lossGood = 0, "loss-bad": lossBad = 1 } = file["gilbert-elliott"];
  return { kind: "gilbert-elliott", p, r, lossGood, lossBad };
}

function reorderOf(file: NonNullable<ImpairmentsFile["reorder"]>): LabReorder | null {
  const { probability, gap = 1 } = typeof file === "number" ? { probability: file } : file;
  return probability === 0 ? null : { probability, gap };
}
