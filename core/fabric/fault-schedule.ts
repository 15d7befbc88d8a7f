/**
 * Random faults, drawn in advance: a list of what breaks when and when it is mended, a pure function of plan and
 * stream. Gaps and lengths are exponential, so faults come as a Poisson process. A target that is broken is left alone
 * until it is mended, so that mending always restores what was there before. Applying the list is the world's work.
 */
import { assert } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import { MICROSECOND, MILLISECOND, type Nanoseconds } from "../base/time.ts";
import { drawExponential } from "./distributions.ts";
import type { ImpairmentSettings } from "./impairment.ts";
import { SCHEDULED_FAULTS_MAX } from "./limits.ts";

export type FaultKind =
  | "link-down"
  | "one-way-down"
  | "loss"
  | "delay"
  | "duplicate"
  | "reorder"
  | "corrupt"
  | "partition"
  | "crash"
  | "reboot"
  | "pause";

export interface FaultPlan {
  readonly fromNs: Nanoseconds;
  readonly untilNs: Nanoseconds;
  /** Means: from one fault's start to the next one's, and of a fault's length. */
  readonly meanGapNs: Nanoseconds;
  readonly meanLengthNs: Nanoseconds;
  readonly kinds: readonly FaultKind[];
  readonly nodes: readonly string[];
  /** `between` names the nodes at the ends: what a partition needs to know. */
  readonly links: readonly { readonly name: string; readonly between: readonly [string, string] }[];
  /** Mend everything by `untilNs`; otherwise a late fault may outlast it. */
  readonly heal: boolean;
}

/** What breaks, and at the healing instant is put back. */
export type FaultAction =
  /** `Cable.setPlugged(false)`. */
  | { readonly kind: "link-down"; readonly link: string }
  /** `Cable.setWhole(direction, false)`. */
  | { readonly kind: "one-way-down"; readonly link: string; readonly direction: 0 | 1 }
  /** `Cable.configure` of both directions, and back to what it was. */
  | { readonly kind: "impair"; readonly link: string; readonly changes: Partial<ImpairmentSettings> }
  /** All links between `side` and the rest. */
  | { readonly kind: "partition"; readonly side: readonly string[]; readonly links: readonly string[] }
  /** Off, and on again; a `reboot` is a crash that is over at once. */
  | { readonly kind: "crash" | "pause"; readonly node: string };

export interface ScheduledFault {
  readonly atNs: Nanoseconds;
  /** At least `atNs`. */
  readonly healAtNs: Nanoseconds;
  readonly action: FaultAction;
}

/** Faults in the order of their starts; at most `SCHEDULED_FAULTS_MAX`. */
export function scheduleFaults(random: Random, plan: FaultPlan): ScheduledFault[] {
  assert(plan.fromNs <= plan.untilNs, "a schedule does not end before it starts");
  const faults: ScheduledFault[] = [];
  /** Until when each broken link or node stays so. */
  const brokenUntil = new Map<string, Nanoseconds>();
  if (plan.kinds.length === 0) return faults;
  let at = plan.fromNs;
  // Bounded also when every draw finds nothing left to break.
  for (let draws = 0; draws < SCHEDULED_FAULTS_MAX; draws++) {
    at += Math.max(1, drawExponential(random, plan.meanGapNs));
    if (at >= plan.untilNs) break;
    const start = at;
    const length = Math.max(1, drawExponential(random, plan.meanLengthNs));
    const kind = random.pick(plan.kinds);
    const action = drawAction(random, kind, plan, (name) => (brokenUntil.get(name) ?? -1) < start);
    if (action === null) continue;
    const end = kind === "reboot" ? start : start + length;
    const healAtNs = plan.heal ? Math.min(end, plan.untilNs) : end;
    for (const name of targetsOf(action)) brokenUntil.set(name, healAtNs);
    faults.push({ atNs: start, healAtNs, action });
  }
  return faults;
}

const targetsOf = (action: FaultAction): readonly string[] =>
  action.kind === "partition" ? action.links : "link" in action ? [action.link] : [action.node];

/** Null when there is nothing whole of the kind that could break. */
function drawAction(
  random: Random,
  kind: FaultKind,
  plan: FaultPlan,
  isWhole: (name: string) => boolean,
): FaultAction | null {
  if (kind === "crash" || kind === "reboot" || kind === "pause") {
    const nodes = plan.nodes.filter(isWhole);
    return nodes.length === 0 ? null : { kind: kind === "pause" ? "pause" : "crash", node: random.pick(nodes) };
  }
  const links = plan.links.filter((link) => isWhole(link.name));
  if (links.length === 0) return null;
  if (kind === "partition") return drawPartition(random, links);
  const link = random.pick(links).name;
  if (kind === "link-down") return { kind, link };
  if (kind === "one-way-down") return { kind, link, direction: random.below(2) === 0 ? 0 : 1 };
  return { kind: "impair", link, changes: drawImpairment(random, kind) };
}

function drawPartition(random: Random, links: FaultPlan["links"]): FaultAction | null {
  const nodes = [...new Set(links.flatMap((link) => link.between))];
  const side = nodes.filter(() => random.below(2) === 0);
  const members = new Set(side);
  const cut = links.filter(({ between: [a, b] }) => members.has(a) !== members.has(b)).map((link) => link.name);
  return cut.length === 0 ? null : { kind: "partition", side, links: cut };
}

/** Bad enough to be seen, and not so bad that nothing gets through. */
function drawImpairment(
  random: Random,
  kind: "loss" | "delay" | "duplicate" | "reorder" | "corrupt",
): Partial<ImpairmentSettings> {
  const share = (1 + random.below(30)) / 100; // 1 % to 30 %
  switch (kind) {
    case "loss":
      return { loss: { kind: "independent", probability: share } };
    case "delay":
      return { delayNs: (1 + random.below(100)) * MILLISECOND };
    case "duplicate":
      return { duplicate: share };
    case "corrupt":
      return { corrupt: share };
    case "reorder":
      // Without a delay nothing could overtake; jitter and `reorder` together shuffle.
      return {
        jitter: { spreadNs: (1 + random.below(1000)) * MICROSECOND, distribution: "uniform" },
        reorder: { probability: share, gapFrames: 1, earlyByNs: Infinity },
      };
  }
}
