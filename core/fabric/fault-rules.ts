/**
 * Ordered fault rules. Every part of the fabric asks `judge` at its fault points - a direction of a cable, the edge
 * between a cable and a node, a port of a switch or hub - and the first rule with a verdict decides. With no rule
 * installed the question is one read of `active`.
 *
 * Rules live at names. A fault point answers to several, from coarse to fine: a cable direction to `h1-s1` and
 * `h1-s1/forward`, the edge of a NIC to `h1`, `h1:eth0`, and both again with `/in` or `/out`, a switch port to `s1` and
 * `s1:eth2`. A rule on `*` holds on every cable and hub segment, once per crossing.
 */
import { assert } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import type { Nanoseconds } from "../base/time.ts";
import type { Engine } from "../engine/engine.ts";
import type { Frame } from "../wire/frame.ts";
import { FrameMatcher, type FrameMatch } from "./frame-matcher.ts";
import { DELAY_NS_MAX, FAULT_RULES_MAX } from "./limits.ts";

export type FaultVerdict =
  /** Takes the frame out of the reach of later rules. */
  | { readonly kind: "pass" }
  | { readonly kind: "drop" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "corrupt" }
  /** Frames behind it may overtake. */
  | { readonly kind: "delay"; readonly delayNs: Nanoseconds };

export interface FaultRule {
  /** Name of a link, direction, node, NIC or port, or `*`. */
  readonly on: string;
  readonly match: FrameMatch;
  /** Of the frames that match: the first `skip` pass, */
  readonly skip: number;
  /** then every so-manieth is hit, */
  readonly every: number;
  /** until this many were; null for no end. */
  readonly count: number | null;
  /** Of those, with this probability, which does not change what counts as the n-th. */
  readonly probability: number;
  readonly verdict: FaultVerdict;
  readonly fromNs: Nanoseconds;
  /** Exclusive; null for the end of the run. */
  readonly untilNs: Nanoseconds | null;
}

/** Everything that a rule need not say: it hits every frame from now to the end. */
export const FAULT_RULE_DEFAULTS: Omit<FaultRule, "on" | "verdict"> = {
  match: {},
  skip: 0,
  every: 1,
  count: null,
  probability: 1,
  fromNs: 0,
  untilNs: null,
};

/** Answers of `judge`. Numbers, since they are asked for per frame. */
export const VERDICT = { pass: 0, drop: 1, duplicate: 2, corrupt: 3, delay: 4 } as const;

/** A point at which rules are asked, with the names it answers to. */
export class FaultPoint {
  readonly #namesOf: () => readonly string[];
  /** What applies here, as of `version`. */
  rules: readonly ActiveRule[] = [];
  version = 0;

  /** @param namesOf asked for when there are rules: few labs have any, and there are six names a point. */
  constructor(namesOf: () => readonly string[]) {
    this.#namesOf = namesOf;
  }

  get names(): readonly string[] {
    return this.#namesOf();
  }
}

/** Names of the edge between a cable or hub and a node's NIC. */
export function edgeNames(node: string, nic: string, way: "in" | "out"): string[] {
  return [node, `${node}/${way}`, `${node}:${nic}`, `${node}:${nic}/${way}`];
}

/** What a rule did so far. */
export interface FaultRuleState {
  readonly id: number;
  readonly rule: FaultRule;
  /** Frames that fitted place, time and predicate, and how many of them got the verdict. */
  readonly matched: number;
  readonly hits: number;
}

class ActiveRule {
  readonly id: number;
  readonly rule: FaultRule;
  readonly #matcher: FrameMatcher;
  readonly #random: Random;
  matched = 0;
  /** Frames chosen by `skip` and `every`, whatever the dice said then. */
  #chosen = 0;
  hits = 0;

  constructor(id: number, rule: FaultRule, random: Random) {
    this.id = id;
    this.rule = rule;
    this.#matcher = new FrameMatcher(rule.match);
    this.#random = random;
  }

  hit(frame: Frame, now: number): boolean {
    const { fromNs, untilNs, skip, every, count, probability } = this.rule;
    if (now < fromNs || (untilNs !== null && now >= untilNs)) return false;
    if (!this.#matcher.matches(frame)) return false;
    this.matched++;
    if (this.matched <= skip || (this.matched - skip) % every !== 0) return false;
    if (count !== null && this.#chosen >= count) return false;
    this.#chosen++;
    if (!this.#random.chance(probability)) return false;
    this.hits++;
    return true;
  }
}

export class FaultRules {
  /** False while there is no rule at all: hot code asks this first. */
  active = false;
  /** Of the last `delay` verdict, in ns. */
  delayNs = 0;
  readonly #engine: Engine;
  readonly #rules: ActiveRule[] = [];
  #version = 1;
  #newestId = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Adds a rule behind the others.
   * @returns its id, or null when `FAULT_RULES_MAX` rules are there already.
   */
  install(rule: FaultRule): number | null {
    assert(Number.isSafeInteger(rule.every) && rule.every >= 1, "every n-th frame, n at least 1");
    assert(rule.probability >= 0 && rule.probability <= 1, "a probability lies in 0 .. 1");
    const { verdict } = rule;
    if (verdict.kind === "delay") {
      const { delayNs } = verdict;
      assert(Number.isSafeInteger(delayNs) && delayNs >= 0 && delayNs <= DELAY_NS_MAX, "a delay is whole ns");
    }
    if (this.#rules.length >= FAULT_RULES_MAX) return null;
    const id = ++this.#newestId;
    this.#rules.push(new ActiveRule(id, rule, this.#engine.streams.get(`fault-rule:${id}`)));
    this.#changed();
    return id;
  }

  /** False when there is no such rule (any more). */
  remove(id: number): boolean {
    const index = this.#rules.findIndex((active) => active.id === id);
    if (index < 0) return false;
    this.#rules.splice(index, 1);
    this.#changed();
    return true;
  }

  list(): FaultRuleState[] {
    return this.#rules.map(({ id, rule, matched, hits }) => ({ id, rule, matched, hits }));
  }

  /** What happens to `frame` at `point`: one of `VERDICT`; after `VERDICT.delay`, `delayNs` says how long. */
  judge(point: FaultPoint, frame: Frame): number {
    if (!this.active) return VERDICT.pass;
    if (point.version !== this.#version) this.#refresh(point);
    const now = this.#engine.now;
    for (const active of point.rules) {
      if (!active.hit(frame, now)) continue;
      const { verdict } = active.rule;
      if (verdict.kind === "delay") this.delayNs = verdict.delayNs;
      return VERDICT[verdict.kind];
    }
    return VERDICT.pass;
  }

  #changed(): void {
    this.#version++;
    this.active = this.#rules.length > 0;
  }

  #refresh(point: FaultPoint): void {
    const { names } = point;
    point.rules = this.#rules.filter(({ rule }) => names.includes(rule.on));
    point.version = this.#version;
  }
}
