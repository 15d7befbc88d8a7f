/** One connection over time, out of the trace's tcp:* events: what the TCP view plots. */
import type { TcpSeries } from "../contract/api/close-view.ts";
import type { TraceEvent, TraceEventName } from "../contract/trace-event.ts";
import type { TraceRecorder } from "../trace/recorder.ts";

/** Kinds that must be recorded for it. */
export const TCP_KINDS: readonly TraceEventName[] = [
  "tcp:step",
  "tcp:tcp_probe",
  "tcp:sender",
  "tcp:sender_buffer",
  "tcp:rtt",
  "tcp:in_flight",
  "tcp:tcp_retransmit_skb",
  "sock:inet_sock_set_state",
];

/** ssthresh that means "none yet" (TCP_INFINITE_SSTHRESH). */
const NO_SSTHRESH = 0x7fffffff;
const EVENTS_MAX = 50_000;
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
];

/** @param since cursor that the last call returned; 0 for all that is still recorded. */
export function tcpSeries(
  trace: TraceRecorder,
  of: { readonly node: string; readonly socket: number },
  since: number,
): TcpSeries {
  const { events, next } = trace.read(since, EVENTS_MAX);
  const series = new SeriesBuilder();
  for (const event of events) {
    if (event.place === of.node && event.fields["sock"] === of.socket) series.add(event);
  }
  return series.value(next);
}

class SeriesBuilder {
  readonly #columns = {
    time: [] as number[],
    cwnd: [] as number[],
    ssthresh: [] as (number | null)[],
    inFlight: [] as number[],
    srtt: [] as number[],
    rto: [] as number[],
    sndNxt: [] as number[],
    sndUna: [] as number[],
    windowEnd: [] as number[],
  };
  readonly #retransmits: { time: number; seq: number; length: number }[] = [];
  readonly #states: { time: number; from: string; to: string; step: string }[] = [];
  /** Values that stay as they are until an event changes them. */
  readonly #now = {
    cwnd: 0,
    ssthresh: null as number | null,
    inFlight: 0,
    srtt: 0,
    rto: 0,
    sndNxt: 0,
    sndUna: 0,
    window: 0,
  };
  #origin: number | null = null;
  #step = "";

  add(event: TraceEvent): void {
    const now = this.#now;
    const number = (name: string): number => Number(event.fields[name] ?? 0);
    switch (event.name) {
      case "tcp:tcp_probe":
        now.cwnd = number("snd_cwnd");
        now.ssthresh = number("ssthresh") >= NO_SSTHRESH ? null : number("ssthresh");
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
        this.#retransmits.push({ time: event.time, seq: this.#relative(number("seq")), length: number("len") });
        return;
      case "tcp:step":
        this.#step = String(event.fields["step"] ?? "");
        return;
      case "sock:inet_sock_set_state":
        this.#states.push({
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

  /** One point an instant: what changed together stands together. */
  #point(time: number): void {
    const columns = this.#columns;
    const now = this.#now;
    const at = columns.time.at(-1) === time ? columns.time.length - 1 : columns.time.length;
    columns.time[at] = time;
    columns.cwnd[at] = now.cwnd;
    columns.ssthresh[at] = now.ssthresh;
    columns.inFlight[at] = now.inFlight;
    columns.srtt[at] = now.srtt;
    columns.rto[at] = now.rto;
    columns.sndNxt[at] = now.sndNxt;
    columns.sndUna[at] = now.sndUna;
    columns.windowEnd[at] = now.sndUna + now.window;
  }

  /** Bytes since the first sequence number seen, modulo 2^32. */
  #relative(seq: number): number {
    this.#origin ??= seq;
    return (seq - this.#origin) >>> 0;
  }

  value(next: number): TcpSeries {
    return { ...this.#columns, retransmits: this.#retransmits, states: this.#states, next };
  }
}
