/**
 * The lab that is open, as the workbench draws it: nodes, links and interfaces go by their index. Times are virtual ns,
 * rates bit/s, probabilities fractions of 1.
 */
import type { Jitter, Loss } from "../impairment.ts";

export type NodeKind = "host" | "router" | "switch" | "hub";

export interface NicView {
  readonly name: string;
  readonly mac: string;
  /** `10.0.0.1/24`. */
  readonly addresses: readonly string[];
  /** Index of its link; null without a cable. */
  readonly link: number | null;
}

export interface NodeView {
  readonly index: number;
  readonly name: string;
  readonly kind: NodeKind;
  /** Place on the canvas in pixels; null leaves it to the layout. */
  readonly at: { readonly x: number; readonly y: number } | null;
  readonly nics: readonly NicView[];
  /** CPUs of a machine; 0 of a switch or hub. */
  readonly cpus: number;
  /** Where it stands in the lab file. */
  readonly line: number;
}

export interface DirectionView {
  readonly rateBps: number;
  readonly delayNs: number;
  readonly jitter: Jitter | null;
  readonly loss: Loss | null;
  readonly duplicate: number;
  readonly reorder: { readonly probability: number; readonly gap: number } | null;
  readonly corrupt: number;
  readonly mtuBytes: number;
  readonly queueFrames: number;
}

export interface LinkView {
  readonly index: number;
  readonly name: string;
  readonly ends: readonly [LinkEndView, LinkEndView];
  readonly forward: DirectionView;
  readonly backward: DirectionView;
  /** Has settings of its own: not a cable of a hub. */
  readonly hasSettings: boolean;
}

export interface LinkEndView {
  readonly node: number;
  readonly nic: string;
}

export interface LabView {
  readonly file: string;
  readonly name: string;
  /** Markdown for the reader. */
  readonly text: string;
  readonly seed: number;
  readonly durationNs: number;
  readonly nodes: readonly NodeView[];
  readonly links: readonly LinkView[];
}
