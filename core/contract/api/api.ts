/**
 * The contract between the workbench and the core: what may be asked (Request), what is answered (Response) and what
 * comes unasked (Push). Everything is plain data and crosses a MessagePort. The client is renderer/bridge/client.ts,
 * the host core/session/host.ts; both are typed by `Api`.
 */
import type { Command, JournalEntry } from "../command.ts";
import type { RunReport } from "../run-report.ts";
import type { TcpView } from "../tcp-view.ts";
import type { TraceEvent } from "../trace-event.ts";
import type { LabView } from "./lab-view.ts";
import type { PacketDetail, PacketPage, PacketRow } from "./packet-view.ts";
import type { ApiProblem } from "./problem.ts";
import type { FramePush, RunState, Speed } from "./run-view.ts";
import type { KernelTimeline, TcpSeries, TcpSocketRow } from "./close-view.ts";

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

interface Method<Params, Result> {
  readonly params: Params;
  readonly result: Result;
}

export interface Api {
  /**
   * Reads a lab and builds its world at time 0; with `time`, and a journal, it is brought to where it was. A lab with
   * problems leaves the one that was open as it is. Warnings, and entries of the journal that do not fit the lab any
   * more, are problems too.
   */
  "lab.open": Method<
    {
      text: string;
      file: string;
      /** Programs of the lab that stand in files of their own; paths are relative to the lab. */
      sources?: readonly SourceFile[];
      seed?: number;
      journal?: readonly JournalEntry[];
      /** Everything up to and including that instant has happened; with `events`, only so many of its events. */
      time?: number;
      events?: number;
    },
    { lab: LabView | null; problems: readonly ApiProblem[]; run: RunState | null }
  >;
  "run.play": Method<{ speed: Speed }, RunState>;
  /** Ends a seek on its way, too. */
  "run.pause": Method<Record<string, never>, RunState>;
  /** One event, up to the next frame that passes an interface, or that many ns. */
  "run.step": Method<{ unit: "event" | "packet" | "time"; ns?: number }, RunState>;
  /** To where the run stood before the last step, seek or play. */
  "run.stepBack": Method<Record<string, never>, RunState>;
  "run.seek": Method<{ time: number }, RunState>;
  "run.inject": Method<{ command: Command }, RunState>;
  "run.report": Method<Record<string, never>, RunReport>;
  /** Opens an interactive shell; output comes with pushes, keys go by `run.inject`. */
  "console.open": Method<{ node: string }, { console: number; run: RunState }>;
  "console.complete": Method<
    { console: number; line: string; cursor: number },
    { from: number; words: readonly string[] }
  >;
  /** Rows from one on, or the last ones there are. */
  "packets.page": Method<{ filter: string; from: number | "end"; count: number }, PacketPage>;
  "packets.detail": Method<{ number: number }, PacketDetail>;
  /** The same packet at every interface it passed. */
  "packets.follow": Method<{ packet: number }, { rows: readonly PacketRow[] }>;
  "capture.export": Method<{ interfaces: readonly string[] | null }, { bytes: Uint8Array; frames: number }>;
  /** Also connections that are over, while they are remembered: `local` then has the node's name for its address. */
  "tcp.list": Method<Record<string, never>, { sockets: readonly TcpSocketRow[] }>;
  "tcp.view": Method<{ node: string; socket: number; since: number }, { view: TcpView | null; series: TcpSeries }>;
  "kernel.timeline": Method<{ node: string; from: number; to: number }, KernelTimeline>;
  "trace.read": Method<{ cursor: number; limit: number }, { events: readonly TraceEvent[]; next: number }>;
  /**
   * The next push: answered at once when something has changed, else when it has. At most one is asked for at a time.
   */
  "frame.next": Method<Record<string, never>, FramePush>;
  /** Answered at once by a host that is alive. */
  "host.ping": Method<Record<string, never>, { time: number }>;
}

export type MethodName = keyof Api;
export type Params<M extends MethodName> = Api[M]["params"];
export type Answer<M extends MethodName> = Api[M]["result"];

export interface Request {
  readonly id: number;
  readonly method: MethodName;
  readonly params: unknown;
}

export type Response =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly problem: ApiProblem };
