/** Names of signals, and the way a long-running command lets Ctrl-C end its loop in good order. */
import { SIGNALS, type Call, type Sys } from "../../kernel/syscall/sys.ts";

const BY_NAME = new Map<string, number>(Object.entries(SIGNALS));
const BY_NUMBER = new Map<number, string>(Object.entries(SIGNALS).map(([name, number]) => [number, name]));

/** What a shell says when a foreground process died of it; SIGINT and SIGPIPE pass in silence. */
export const SIGNAL_TEXTS: ReadonlyMap<number, string> = new Map([
  [SIGNALS.HUP, "Hangup"],
  [SIGNALS.QUIT, "Quit"],
  [SIGNALS.KILL, "Killed"],
  [SIGNALS.USR1, "User defined signal 1"],
  [SIGNALS.USR2, "User defined signal 2"],
  [11, "Segmentation fault"],
  [SIGNALS.ALRM, "Alarm clock"],
  [SIGNALS.TERM, "Terminated"],
]);

/** `TERM`, `SIGTERM` or `15`; null when there is no such signal. */
export function parseSignal(text: string): number | null {
  if (/^\d{1,2}$/.test(text)) {
    const number = Number(text);
    return number === 0 || BY_NUMBER.has(number) ? number : null;
  }
  return BY_NAME.get(text.toUpperCase().replace(/^SIG/, "")) ?? null;
}

export const signalName = (number: number): string => BY_NUMBER.get(number) ?? String(number);

export const signalNames = (): readonly (readonly [number, string])[] =>
  [...BY_NUMBER].sort(([a], [b]) => a - b).map(([number, name]) => [number, name] as const);

/** From here on SIGINT makes blocked calls return -EINTR instead of killing the process. */
export function* catchInterrupt(sys: Sys): Call<void> {
  yield* sys.sigaction(SIGNALS.INT, "catch");
}

/** Whether SIGINT has come since it was last asked. Other caught signals are taken and dropped. */
export function* interrupted(sys: Sys): Call<boolean> {
  for (;;) {
    const signal = yield* sys.takeSignal();
    if (signal === SIGNALS.INT) return true;
    if (signal === 0) return false;
  }
}
