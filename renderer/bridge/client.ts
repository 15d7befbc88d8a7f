/**
 * The window's end of the contract (core/contract/api/api.ts): asks the core over a port and hands out its pushes. One
 * push is asked for at a time, after the last one was handled and at most once per animation frame, so a busy core
 * never floods the window. A core that is gone, or answers no ping for seconds, is reported once as lost.
 */
import type { Answer, MethodName, Params } from "../../core/contract/api/api.ts";
import type { ApiProblem } from "../../core/contract/api/problem.ts";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import { ApiError, lostProblem } from "./api-error.ts";
import { browserClock, type ClientClock } from "./client-clock.ts";

/** What is used of a MessagePort; a Worker has it too. */
export interface ClientPort {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
  start?(): void;
  close?(): void;
}

/** Why there is no core any more: it does not answer, or it ended. */
export interface CoreLoss {
  readonly kind: "hung" | "gone";
  /** A sentence. */
  readonly why: string;
}

export interface Client {
  /** Rejects with an ApiError, which is the ApiProblem that the core answered. */
  call<M extends MethodName>(method: M, params: Params<M>): Promise<Answer<M>>;
  /** @returns how to stop. */
  onFrame(listener: (push: FramePush) => void): () => void;
  onLost(listener: (loss: CoreLoss) => void): () => void;
  /** Requests without an answer are rejected; nobody is told of a loss. */
  close(): void;
}

/** Between two pings. */
const PING_MS = 1000;
/** Pings without an answer until the core counts as hung: five seconds' worth. */
const PINGS_MISSED_MAX = 5;
/** The same for one that has never answered: it may still be starting, on a machine that is busy otherwise. */
const FIRST_PINGS_MISSED_MAX = 45;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: ApiError): void;
}

export function connect(port: ClientPort, clock: ClientClock = browserClock): Client {
  return new PortClient(port, clock);
}

class PortClient implements Client {
  readonly #port: ClientPort;
  readonly #clock: ClientClock;
  readonly #waiting = new Map<number, Waiting>();
  readonly #frameListeners = new Set<(push: FramePush) => void>();
  readonly #lossListeners = new Set<(loss: CoreLoss) => void>();
  readonly #stopTicking: () => void;
  #ids = 0;
  #missed = 0;
  #hasAnswered = false;
  #isPinging = false;
  #isAsking = false;
  #problem: ApiProblem | null = null;

  constructor(port: ClientPort, clock: ClientClock) {
    this.#port = port;
    this.#clock = clock;
    port.addEventListener("message", this.#onMessage);
    port.addEventListener("error", this.#onGone);
    port.addEventListener("close", this.#onGone);
    port.start?.();
    this.#stopTicking = clock.every(PING_MS, () => this.#tick());
    this.#askForFrame();
  }

  call<M extends MethodName>(method: M, params: Params<M>): Promise<Answer<M>> {
    const problem = this.#problem;
    if (problem !== null) return Promise.reject(new ApiError(problem));
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Answer<M>), reject });
      this.#port.postMessage({ id, method, params });
    });
  }

  onFrame(listener: (push: FramePush) => void): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  onLost(listener: (loss: CoreLoss) => void): () => void {
    this.#lossListeners.add(listener);
    return () => this.#lossListeners.delete(listener);
  }

  close(): void {
    this.#end(lostProblem("The connection to the core was closed."));
  }

  // The core's part of the contract is trusted: it is our own code, on the other side of a port that only it holds.
  readonly #onMessage = (event: Event): void => {
    const { data } = event as MessageEvent<{ id: number; result: unknown; problem?: ApiProblem }>;
    this.#hasAnswered = true;
    const waiting = this.#waiting.get(data.id);
    this.#waiting.delete(data.id);
    if (data.problem === undefined) waiting?.resolve(data.result);
    else waiting?.reject(new ApiError(data.problem));
  };

  readonly #onGone = (event: Event): void => {
    const { message } = event as Partial<ErrorEvent>;
    this.#lose({
      kind: "gone",
      why: message ? `The core failed: ${message.replace(/[.]?$/, ".")}` : "The core ended.",
    });
  };

  #askForFrame(): void {
    this.#isAsking = true;
    this.call("frame.next", {}).then(
      (push) => {
        for (const listener of this.#frameListeners) guarded(() => listener(push));
        this.#clock.nextFrame(() => this.#askForFrame());
      },
      // The core is gone, or another client has taken over the pushes: the next tick asks again if there is a core.
      () => (this.#isAsking = false),
    );
  }

  /** Missed pings are counted, not timed: after the machine slept, or a debugger held the window, time alone lies. */
  #tick(): void {
    if (!this.#isAsking) this.#askForFrame();
    if (this.#isPinging) {
      const missedMax = this.#hasAnswered ? PINGS_MISSED_MAX : FIRST_PINGS_MISSED_MAX;
      if (++this.#missed < missedMax) return;
      this.#lose({ kind: "hung", why: `The core has not answered for ${missedMax} seconds.` });
      return;
    }
    this.#isPinging = true;
    this.#missed = 0;
    const pong = (): void => void (this.#isPinging = false);
    this.call("host.ping", {}).then(pong, pong);
  }

  #lose(loss: CoreLoss): void {
    if (this.#problem !== null) return;
    this.#end(lostProblem(loss.why));
    for (const listener of this.#lossListeners) guarded(() => listener(loss));
  }

  #end(problem: ApiProblem): void {
    if (this.#problem !== null) return;
    this.#problem = problem;
    this.#stopTicking();
    this.#port.removeEventListener("message", this.#onMessage);
    this.#port.removeEventListener("error", this.#onGone);
    this.#port.removeEventListener("close", this.#onGone);
    this.#port.close?.();
    for (const { reject } of this.#waiting.values()) reject(new ApiError(problem));
    this.#waiting.clear();
  }
}

/** One listener's mistake must not keep the push from the others, nor end the loop. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    reportError(error);
  }
}
