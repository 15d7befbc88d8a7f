/**
 * The state diagram of RFC 9293, figure 5: where its boxes and arrows are drawn, and which of them a connection took.
 * The states go by the names that `ss` gives them. Moves that the figure does not have (a reset, a time-out) are drawn
 * as they happen.
 */
import type { TcpSeries } from "../../core/contract/api/close-view.ts";

export interface StateBox {
  /** Of `ss`; the figure has CLOSED twice. */
  readonly state: string;
  readonly id: string;
  readonly title: string;
  readonly x: number;
  readonly y: number;
}

export const BOX = { width: 92, height: 28 } as const;
export const DIAGRAM = { width: 560, height: 486 } as const;

const LEFT = 66;
const MIDDLE = 280;
const RIGHT = 494;

export const BOXES: readonly StateBox[] = [
  { id: "CLOSED", state: "CLOSED", title: "CLOSED", x: MIDDLE, y: 22 },
  { id: "LISTEN", state: "LISTEN", title: "LISTEN", x: MIDDLE, y: 92 },
  { id: "SYN-RECV", state: "SYN-RECV", title: "SYN RCVD", x: LEFT, y: 162 },
  { id: "SYN-SENT", state: "SYN-SENT", title: "SYN SENT", x: RIGHT, y: 162 },
  { id: "ESTAB", state: "ESTAB", title: "ESTAB", x: MIDDLE, y: 240 },
  { id: "FIN-WAIT-1", state: "FIN-WAIT-1", title: "FIN WAIT-1", x: LEFT, y: 310 },
  { id: "CLOSE-WAIT", state: "CLOSE-WAIT", title: "CLOSE WAIT", x: RIGHT, y: 310 },
  { id: "FIN-WAIT-2", state: "FIN-WAIT-2", title: "FIN WAIT-2", x: LEFT, y: 388 },
  { id: "CLOSING", state: "CLOSING", title: "CLOSING", x: MIDDLE, y: 388 },
  { id: "LAST-ACK", state: "LAST-ACK", title: "LAST-ACK", x: RIGHT, y: 388 },
  { id: "TIME-WAIT", state: "TIME-WAIT", title: "TIME-WAIT", x: MIDDLE, y: 462 },
  { id: "CLOSED-END", state: "CLOSED", title: "CLOSED", x: RIGHT, y: 462 },
];

export interface StateArrow {
  readonly from: string;
  readonly to: string;
  readonly event: string;
  /** Below the line, as in the figure; "x" does nothing. */
  readonly action: string;
  readonly path: string;
  /** Middle of the label. */
  readonly label: readonly [x: number, y: number];
}

const half = { x: BOX.width / 2, y: BOX.height / 2 } as const;
const [l, m, r] = [LEFT, MIDDLE, RIGHT];
const line = (...points: (readonly [number, number])[]): string => `M${points.map(([x, y]) => `${x} ${y}`).join("L")}`;

export const ARROWS: readonly StateArrow[] = [
  arrow("CLOSED", "LISTEN", "passive OPEN", "create TCB", line([m - 14, 36], [m - 14, 78]), [m - 58, 57]),
  arrow("LISTEN", "CLOSED", "CLOSE", "delete TCB", line([m + 14, 78], [m + 14, 36]), [m + 52, 57]),
  arrow("CLOSED", "SYN-SENT", "active OPEN", "snd SYN", line([m + half.x, 22], [r, 22], [r, 148]), [r - 44, 62]),
  arrow("SYN-SENT", "CLOSED", "CLOSE", "delete TCB", line([r - 30, 148], [r - 90, 92], [m + half.x, 30]), [
    r - 108,
    104,
  ]),
  arrow("LISTEN", "SYN-RECV", "rcv SYN", "snd SYN,ACK", line([m - half.x, 98], [l + 20, 148]), [m - 124, 108]),
  arrow("LISTEN", "SYN-SENT", "SEND", "snd SYN", line([m + half.x, 100], [r - half.x, 152]), [m + 92, 138]),
  arrow("SYN-RECV", "LISTEN", "rcv RST", "", line([l - 10, 148], [l - 10, 86], [m - half.x, 86]), [l + 34, 78]),
  arrow("SYN-SENT", "SYN-RECV", "rcv SYN", "snd SYN,ACK", line([r - half.x, 164], [l + half.x, 164]), [m, 164]),
  arrow("SYN-RECV", "ESTAB", "rcv ACK of SYN", "x", line([l + half.x, 172], [m - 20, 226]), [l + 102, 212]),
  arrow("SYN-SENT", "ESTAB", "rcv SYN,ACK", "snd ACK", line([r - half.x, 172], [m + 20, 226]), [r - 102, 212]),
  arrow("SYN-RECV", "FIN-WAIT-1", "CLOSE", "snd FIN", line([l - 20, 176], [l - 20, 296]), [l + 10, 262]),
  arrow("ESTAB", "FIN-WAIT-1", "CLOSE", "snd FIN", line([m - half.x, 246], [l + half.x, 304]), [m - 96, 262]),
  arrow("ESTAB", "CLOSE-WAIT", "rcv FIN", "snd ACK", line([m + half.x, 246], [r - half.x, 304]), [m + 98, 262]),
  arrow("FIN-WAIT-1", "CLOSING", "rcv FIN", "snd ACK", line([l + half.x, 318], [m - 30, 374]), [m - 74, 336]),
  arrow("FIN-WAIT-1", "FIN-WAIT-2", "rcv ACK of FIN", "x", line([l - 10, 324], [l - 10, 374]), [l + 40, 352]),
  arrow("CLOSE-WAIT", "LAST-ACK", "CLOSE", "snd FIN", line([r, 324], [r, 374]), [r - 32, 349]),
  arrow("FIN-WAIT-2", "TIME-WAIT", "rcv FIN", "snd ACK", line([l, 402], [l, 462], [m - half.x, 462]), [l + 72, 462]),
  arrow("CLOSING", "TIME-WAIT", "rcv ACK of FIN", "x", line([m, 402], [m, 448]), [m + 50, 425]),
  arrow("LAST-ACK", "CLOSED-END", "rcv ACK of FIN", "x", line([r, 402], [r, 448]), [r - 50, 425]),
  arrow("TIME-WAIT", "CLOSED-END", "2 MSL over", "delete TCB", line([m + half.x, 462], [r - half.x, 462]), [
    m + 106,
    462,
  ]),
];

function arrow(
  ...[from, to, event, action, path, label]: [string, string, string, string, string, readonly [number, number]]
): StateArrow {
  return { from, to, event, action, path, label };
}

export type StateMove = TcpSeries["states"][number];

export interface Travelled {
  /** Box where the connection is; "" before it has one. */
  readonly current: string;
  /** Boxes that it was in. */
  readonly boxes: ReadonlySet<string>;
  /** Arrows that it took, as `from>to` by box. */
  readonly arrows: ReadonlySet<string>;
  /** Moves that the figure does not have, from box to box. */
  readonly others: readonly (readonly [from: StateBox, to: StateBox])[];
}

/** Steps at which a record takes over from the socket: the connection stays in its state. */
const RECORDS: ReadonlySet<string> = new Set(["time-wait", "fin-wait-2"]);
/** 2 MSL as Linux has it. */
const TIME_WAIT_NS = 60e9;

/** @param now what has happened by then; a TIME-WAIT is over after 2 MSL. */
export function travelled(moves: readonly StateMove[], now: number): Travelled {
  const boxes = new Set<string>();
  const arrows = new Set<string>();
  const others: [StateBox, StateBox][] = [];
  let current = "";
  const go = (from: string, to: string): void => {
    boxes.add(from).add(to);
    current = to;
    const [one, other] = [boxOf(from), boxOf(to)];
    if (ARROWS.some((each) => each.from === from && each.to === to)) arrows.add(`${from}>${to}`);
    else if (one !== undefined && other !== undefined) others.push([one, other]);
  };
  for (const move of moves) {
    // A connection that a listener made begins where the listener is.
    let from = current === "" && move.to === "SYN-RECV" ? "LISTEN" : current === "" ? move.from : current;
    if (from === "NEW-SYN-RECV") from = "LISTEN";
    if (RECORDS.has(move.step)) {
      if (move.from === "TIME-WAIT" && now >= move.time + TIME_WAIT_NS) go("TIME-WAIT", "CLOSED-END");
      continue;
    }
    const isEnd = move.to === "CLOSED" && ["LAST-ACK", "TIME-WAIT"].includes(from);
    go(from, isEnd ? "CLOSED-END" : move.to);
  }
  return { current, boxes, arrows, others };
}

function boxOf(id: string): StateBox | undefined {
  return BOXES.find((box) => box.id === id);
}

/** `RFC 9293, 3.10.7.4, fifth check`; what is no section is said as it is. */
export function stepText(step: string): string {
  const [, section, check] = /^(\d+(?:\.\d+)+)(?:-(\w+))?/.exec(step) ?? [];
  if (section === undefined) return step === "" ? "" : step;
  const call = /^[\d.]+ ([A-Z]+)/.exec(step)?.[1];
  return `RFC 9293 §${section}${check === undefined ? "" : `, ${check}`}${call === undefined ? "" : ` (${call} call)`}`;
}
