/** One TCP connection over time: columns of points, retransmissions, changes of state. */
import type { TcpSeries } from "../contract/api/close-view.ts";
import type { TraceEvent } from "../contract/trace-event.ts";
import { TCP_MARKS_MAX, TCP_POINTS_MAX } from "./limits.ts";

/** ssthresh that means "none yet" (TCP_INFINITE_SSTHRESH). */
const NO_SSTHRESH = 0x7fffffff;

/** By Linux's number (include/net/tcp_states.h), as `ss` names them. */
const STATES = [
  "",
  "ESTAB",
  "SYN-SENT",
  "SYN-RECV",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "TIME-WAIT",
  "CLOSED",
  "CLOSE-WAIT",
  "LAST-ACK",
  "LISTEN",
  "CLOSING",
  "NEW-SYN-RECV",
] as const;

type Point = Readonly<
  Record<"time" | "cwnd" | "inFlight" | "srtt" | "rto" | "sndNxt" | "sndUna" | "windowEnd", number>
> & {
  readonly ssthresh: number | null;
};

/** Everything that is handed out has a number that counts up over the connection: the cursor is one of them. */
interface Numbered<T> {
  readonly number: number;
  readonly value: T;
}

export class TcpHistory {
  #points: Numbered<Point>[] = [];
  readonly #retransmits: Numbered<TcpSeries["retransmits"][number]>[] = [];
  readonly #states: Numbered<TcpSeries["states"][number]>[] = [];
  #next = 0;
  /** What has been handed out must not change any more. */
  #handedOut = 0;
  /** Values that stay as they are until an event changes them. */
  readonly #now = { cwnd: 0, inFlight: 0, srtt: 0, rto: 0, sndNxt: 0, sndUna: 0, window: 0 };
  #ssthresh: number | null = null;
  #origin: number | null = null;
  #step = "";

  add(event: TraceEvent): void {
    const now = this.#now;
    const number = (name: string): number => Number(event.fields[name] ?? 0);
    switch (event.name) {
      case "tcp:tcp_probe":
        now.cwnd = number("snd_cwnd");
        this.#ssthresh = number("ssthresh") >= NO_SSTHRESH ? null : number("ssthresh");
        break;
      case "tcp:sender":
        now.sndUna = this.#relative(number("snd_una"));
        now.sndNxt = this.#relative(number("snd_nxt"));
        break;
      case "tcp:sender_buffer":
        now.window = number("snd_wnd");
        break;
      case "tcp:rtt":
        now.srtt = number("srtt");
        now.rto = number("rto");
        break;
      case "tcp:in_flight":
        now.inFlight = number("packets_out");
        break;
      case "tcp:tcp_retransmit_skb":
        this.#mark(this.#retransmits, {
          time: event.time,
          seq: this.#relative(number("seq")),
          length: number("len"),
        });
        return;
      case "tcp:step":
        this.#step = String(event.fields["step"] ?? "");
        return;
      case "sock:inet_sock_set_state":
        this.#mark(this.#states, {
          time: event.time,
          from: STATES[number("oldstate")] ?? "",
          to: STATES[number("newstate")] ?? "",
          step: this.#step,
        });
        return;
      default:
        return;
    }
    this.#point(event.time);
  }

  series(since: number): TcpSeries {
    const points = after(this.#points, since);
    const column = <K extends keyof Point>(name: K): Point[K][] => points.map((point) => point[name]);
    this.#handedOut = this.#next;
    return {
      time: column("time"),
      cwnd: column("cwnd"),
      ssthresh: column("ssthresh"),
      inFlight: column("inFlight"),
      srtt: column("srtt"),
      rto: column("rto"),
      sndNxt: column("sndNxt"),
      sndUna: column("sndUna"),
      windowEnd: column("windowEnd"),
      retransmits: after(this.#retransmits, since),
      states: after(this.#states, since),
      next: this.#next,
    };
  }

  /** One point an instant: what changed together stands together. */
  #point(time: number): void {
    const { cwnd, inFlight, srtt, rto, sndNxt, sndUna, window } = this.#now;
    const value = {
      time,
      cwnd,
      ssthresh: this.#ssthresh,
      inFlight,
      srtt,
      rto,
      sndNxt,
      sndUna,
      windowEnd: sndUna + window,
    };
    const last = this.#points.at(-1);
    if (last?.value.time === time && last.number >= this.#handedOut) {
      this.#points[this.#points.length - 1] = { number: last.number, value };
      return;
    }
    if (this.#points.length >= TCP_POINTS_MAX) this.#points = this.#points.filter((_, at) => at % 2 === 0);
    this.#points.push({ number: this.#next++, value });
  }

  #mark<T>(marks: Numbered<T>[], value: T): void {
    if (marks.length >= TCP_MARKS_MAX) marks.shift();
    marks.push({ number: this.#next++, value });
  }

  /** Bytes since the first sequence number seen, modulo 2^32. */
  #relative(seq: number): number {
    this.#origin ??= seq;
    return (seq - this.#origin) >>> 0;
  }
}

const after = <T>(numbered: readonly Numbered<T>[], since: number): T[] =>
  numbered.filter(({ number }) => number >= since).map(({ value }) => value);
