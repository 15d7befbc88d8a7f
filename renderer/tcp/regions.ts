/**
 * The lecture's regions of sender and receiver as stretches of a bar: which sequence numbers it shows, and where each
 * region begins and ends. What lies far to either side is cut off, and the bar says so.
 */
import type { ReceiverRegions, SenderRegions, SequenceRange } from "../../core/contract/tcp-view.ts";

export type RegionKind =
  "acknowledged" | "sent" | "usable" | "held-back" | "closed" | "read" | "unread" | "window" | "beyond";

export interface Region extends SequenceRange {
  readonly kind: RegionKind;
  readonly title: string;
}

export type PatchKind = "sacked" | "lost" | "retransmitted" | "out-of-order" | "written";

export interface Patch extends SequenceRange {
  readonly kind: PatchKind;
}

export interface Mark {
  readonly at: number;
  readonly name: string;
}

export interface Bar {
  /** Sequence numbers that the bar spans. */
  readonly from: number;
  readonly to: number;
  readonly regions: readonly Region[];
  readonly patches: readonly Patch[];
  readonly marks: readonly Mark[];
}

/** Part of the bar that what is done with gets, and what cannot be sent yet. */
const MARGIN = 0.16;
/** A bar of nothing still has a width. */
const SPAN_MIN = 1000;

/** @param cwndBytes what congestion control lets be under way: part of the peer's window may be held back by it. */
export function senderBar({ acknowledged, sent, window, written, ...ranges }: SenderRegions, cwndBytes: number): Bar {
  const allowed = Math.min(window, Math.max(sent, acknowledged + cwndBytes));
  const open = Math.max(window, sent);
  const span = Math.max(SPAN_MIN, open - acknowledged);
  const margin = Math.round((span * MARGIN) / (1 - 2 * MARGIN));
  const from = Math.max(0, acknowledged - margin);
  const to = open + margin;
  const regions: Region[] = [
    { kind: "acknowledged", title: "sent and acknowledged", start: from, end: acknowledged },
    { kind: "sent", title: "sent, not acknowledged", start: acknowledged, end: sent },
    { kind: "usable", title: "may be sent now", start: sent, end: Math.max(sent, allowed) },
    { kind: "held-back", title: "held back by cwnd", start: Math.max(sent, allowed), end: open },
    { kind: "closed", title: "may not be sent", start: open, end: to },
  ];
  return {
    ...{ from, to, regions: regions.filter(({ start, end }) => end > start) },
    patches: [
      ...patches("sacked", ranges.sacked),
      ...patches("lost", ranges.lost),
      ...patches("retransmitted", ranges.retransmitted),
      ...(written > sent ? patches("written", [{ start: sent, end: Math.min(written, to) }]) : []),
    ],
    marks: [
      { at: acknowledged, name: "SND.UNA" },
      { at: sent, name: "SND.NXT" },
      { at: window, name: "SND.UNA+SND.WND" },
    ],
  };
}

export function receiverBar({ read, received, window, outOfOrder }: ReceiverRegions): Bar {
  const span = Math.max(SPAN_MIN, window - read);
  const margin = Math.round((span * MARGIN) / (1 - 2 * MARGIN));
  const from = Math.max(0, read - margin);
  const to = Math.max(window, received) + margin;
  const regions: Region[] = [
    { kind: "read", title: "received and read", start: from, end: read },
    { kind: "unread", title: "received, not read", start: read, end: received },
    { kind: "window", title: "window", start: received, end: Math.max(received, window) },
    { kind: "beyond", title: "not accepted", start: Math.max(received, window), end: to },
  ];
  return {
    ...{ from, to, regions: regions.filter(({ start, end }) => end > start) },
    patches: patches("out-of-order", outOfOrder),
    marks: [
      { at: read, name: "read" },
      { at: received, name: "RCV.NXT" },
      { at: window, name: "RCV.NXT+RCV.WND" },
    ],
  };
}

function patches(kind: PatchKind, ranges: readonly SequenceRange[]): Patch[] {
  return ranges.map(({ start, end }) => ({ kind, start, end }));
}

export interface PlacedMark extends Mark {
  /** Part of the bar's width. */
  readonly share: number;
  /** Its label stands at the left of it: at the right there is no room. */
  readonly isLeft: boolean;
  /** Line of labels, so that neighbours do not lie on each other. */
  readonly line: number;
}

/** @param least share of the width that one label takes. */
export function placed({ from, to, marks }: Bar, least: number): PlacedMark[] {
  /** By line: where its last label ends. */
  const ends: number[] = [];
  return [...marks]
    .sort((a, b) => a.at - b.at)
    .map((mark) => {
      const share = Math.max(0, Math.min(1, (mark.at - from) / (to - from)));
      const isLeft = share + least > 1;
      const start = isLeft ? share - least : share;
      let line = ends.findIndex((end) => start >= end);
      if (line < 0) line = ends.length;
      ends[line] = start + least;
      return { ...mark, share, isLeft, line };
    });
}
