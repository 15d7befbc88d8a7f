/** One TCP connection over time: columns of points, retransmissions, changes of state. */
import type { TcpSeries } from "../contract/api/close-view.ts";
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";
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

/** Steps at which a record takes over from the socket (enterTimeWait). */
const RECORDS: ReadonlySet<string> = new Set(["time-wait", "fin-wait-2"]);

type Point = Readonly<
  Record<"time" | "cwnd" | "inFlight" | "srtt" | "rto" | "sndNxt" | "sndUna" | "windowEnd", number>
> & {
  readonly ssthresh: number | null;
};

/** Values that stay as they are until an event changes them. */
interface Now {
  cwnd: number;
  ssthresh: number | null;
  inFlight: number;
  srtt: number;
  rto: number;
  sndNxt: number;
  sndUna: number;
  window: number;
  /** First sequence number seen. */
  origin: number | null;
}

const CHANGES: Partial<Record<TraceEventName, (now: Now, event: TraceEvent) => void>> = {
  "tcp:tcp_probe": (now, event) => {
    now.cwnd = number(event, "snd_cwnd");
    const ssthresh = number(event, "ssthresh");
    now.ssthresh = ssthresh >= NO_SSTHRESH ? null : ssthresh;
  },
  "tcp:sender": (now, event) => {
    now.sndUna = relative(now, number(event, "snd_una"));
    now.sndNxt = relative(now, number(event, "snd_nxt"));
  },
  "tcp:sender_buffer": (now, event) => {
    now.window = number(event, "snd_wnd");
  },
  "tcp:rtt": (now, event) => {
    now.srtt = number(event, "srtt");
    now.rto = number(event, "rto");
  },
  "tcp:in_flight": (now, event) => {
    now.inFlight = number(event, "packets_out");
  },
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
  readonly #now: Now = {
    cwnd: 0,
    ssthresh: null,
    inFlight: 0,
    srtt: 0,
    rto: 0,
    sndNxt: 0,
    sndUna: 0,
    window: 0,
    origin: null,
  };
  #step = "";
  #peer: { readonly localPort: number; readonly address: number; readonly port: number } | null = null;
  readonly #marks: Partial<Record<TraceEventName, (event: TraceEvent) => void>> = {
    "tcp:connection": (event) => {
      const ports = number(event, "lport_dport");
      this.#peer = { localPort: Math.floor(ports / 65_536), port: ports % 65_536, address: number(event, "daddr") };
    },
    "tcp:step": ({ fields }) => (this.#step = String(fields["step"])),
    "tcp:tcp_retransmit_skb": (event) =>
      this.#mark(this.#retransmits, {
        time: event.time,
        seq: relative(this.#now, number(event, "seq")),
        length: number(event, "len"),
      }),
    "sock:inet_sock_set_state": (event) =>
      this.#mark(this.#states, {
        time: event.time,
        from: STATES[number(event, "oldstate")] ?? "",
        to: STATES[number(event, "newstate")] ?? "",
        step: this.#step,
      }),
  };

  /** Its other end, and the port of this one; null before it has one. */
  get peer(): { readonly localPort: number; readonly address: number; readonly port: number } | null {
    return this.#peer;
  }

  /**
   * What was heard of it last. A socket that leaves a record of its state behind is closed, but its connection is not.
   */
  get state(): string {
    const last = this.#states.at(-1)?.value;
    return (RECORDS.has(last?.step ?? "") ? last?.from : last?.to) ?? "";
  }

  add(event: TraceEvent): void {
    const change = CHANGES[event.name];
    if (change !== undefined) {
      change(this.#now, event);
      this.#point(event.time);
    } else this.#marks[event.name]?.(event);
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
    const { window, origin: _origin, ...same } = this.#now;
    const value = { time, ...same, windowEnd: same.sndUna + window };
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
}

/** Bytes since the first sequence number seen, modulo 2^32. */
function relative(now: Now, seq: number): number {
  now.origin ??= seq;
  return (seq - now.origin) >>> 0;
}

const number = (event: TraceEvent, name: string): number => Number(event.fields[name] ?? 0);

const after = <T>(numbered: readonly Numbered<T>[], since: number): T[] =>
  numbered.filter(({ number }) => number >= since).map(({ value }) => value);
