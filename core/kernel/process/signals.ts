/**
 * Signals of one process, signal(7): what is done about each, what came and was not looked at yet. A signal number
 * comes once at most until it is taken, as Linux's standard signals do. Left out: masks, handlers that run code in the
 * middle of the program (a program asks with `takeSignal`), real-time signals' queueing and core dumps.
 */
import { E } from "../syscall/errno.ts";
import { SIGNALS, type SignalAction } from "../syscall/sys.ts";

export const SIGNAL_MAX = 64;

const SIGTTIN = 21;
const SIGTTOU = 22;
const SIGURG = 23;
const SIGWINCH = 28;
const IGNORED_BY_DEFAULT: ReadonlySet<number> = new Set([SIGNALS.CHLD, SIGNALS.CONT, SIGURG, SIGWINCH]);
const STOPS_BY_DEFAULT: ReadonlySet<number> = new Set([SIGNALS.STOP, SIGNALS.TSTP, SIGTTIN, SIGTTOU]);

export type SignalEffect = "nothing" | "catch" | "stop" | "terminate";

export class SignalState {
  readonly #actions = new Map<number, SignalAction>();
  /** Caught and not yet taken, oldest first. */
  readonly #caught: number[] = [];
  /** A caught signal came that no blocked call was interrupted for yet. */
  isInterrupted = false;
  /** All of those that came have the action "restart" (SA_RESTART). */
  onlyRestarts = false;
  /** The signal that ends the process as soon as it runs; 0 for none. */
  fatal = 0;

  action(signal: number): SignalAction {
    return this.#actions.get(signal) ?? "default";
  }

  /** sigaction(2). @returns 0 or -EINVAL. */
  setAction(signal: number, action: SignalAction): number {
    if (!isSignal(signal) || signal === SIGNALS.KILL || signal === SIGNALS.STOP) return -E.EINVAL;
    this.#actions.set(signal, action);
    if (action === "catch" || action === "restart") return 0;
    const at = this.#caught.indexOf(signal);
    if (at >= 0) this.#caught.splice(at, 1);
    this.isInterrupted &&= this.#caught.length > 0;
    return 0;
  }

  /** What a signal that comes now does; a caught one is kept. */
  post(signal: number): SignalEffect {
    const action = this.action(signal);
    if (action === "ignore") return "nothing";
    if (action === "catch" || action === "restart") {
      if (!this.#caught.includes(signal)) this.#caught.push(signal);
      this.onlyRestarts = action === "restart" && (!this.isInterrupted || this.onlyRestarts);
      this.isInterrupted = true;
      return "catch";
    }
    if (IGNORED_BY_DEFAULT.has(signal)) return "nothing";
    if (STOPS_BY_DEFAULT.has(signal)) return "stop";
    if (this.fatal === 0 || signal === SIGNALS.KILL) this.fatal = signal;
    return "terminate";
  }

  /** The oldest caught signal, or 0. */
  take(): number {
    const signal = this.#caught.shift() ?? 0;
    if (this.#caught.length === 0) this.isInterrupted = false;
    return signal;
  }

  /** execve(2): ignored signals stay ignored, caught ones go back to their default. */
  inherited(): SignalState {
    const state = new SignalState();
    for (const [signal, action] of this.#actions) if (action === "ignore") state.#actions.set(signal, action);
    return state;
  }
}

export const isSignal = (signal: number): boolean => Number.isInteger(signal) && signal >= 1 && signal <= SIGNAL_MAX;
