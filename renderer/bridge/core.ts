/**
 * The core as the window uses it: a client that outlives the process behind it. When the core is lost it is started
 * again, the lab opened, and the journal run to where the run was last said to be: it is a function of lab, seed and
 * journal. It stays paused there, since whatever killed it may lie ahead.
 */
import type { Answer, MethodName, Params } from "../../core/contract/api/api.ts";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import { ApiError, lostProblem } from "./api-error.ts";
import { connect, type Client, type ClientPort } from "./client.ts";
import { browserClock, type ClientClock } from "./client-clock.ts";
import { RunRecord } from "./run-record.ts";

export type CoreStatus =
  | { readonly kind: "running" }
  /** Lost, and on its way back: calls wait. */
  | { readonly kind: "restarting"; readonly why: string }
  /** Back. `time`: where it stands; not where it was when that instant could not be reached again. */
  | { readonly kind: "restored"; readonly why: string; readonly time: number; readonly isWhereItWas: boolean }
  /** Lost again and again: `restart` tries anew. */
  | { readonly kind: "failed"; readonly why: string };

export interface Core {
  call<M extends MethodName>(method: M, params: Params<M>): Promise<Answer<M>>;
  onFrame(listener: (push: FramePush) => void): () => void;
  onStatus(listener: (status: CoreStatus) => void): () => void;
  readonly status: CoreStatus;
  /** Ends the core and starts it again, as after a loss: for one that is busy with something nobody wants. */
  restart(): void;
  close(): void;
}

/** A running core process. */
export interface CoreProcess {
  readonly port: ClientPort;
  /** Ends it, also when it hangs. */
  stop(): void;
}

export type CoreStarter = () => Promise<CoreProcess>;

/** A starting process that says nothing for so long will not come. */
const START_MS = 45_000;

export function superviseCore(start: CoreStarter, clock: ClientClock = browserClock): Core {
  return new SupervisedCore(start, clock);
}

class SupervisedCore implements Core {
  readonly #start: CoreStarter;
  readonly #clock: ClientClock;
  readonly #frameListeners = new Set<(push: FramePush) => void>();
  readonly #statusListeners = new Set<(status: CoreStatus) => void>();
  #status: CoreStatus = { kind: "running" };
  #open: RunRecord | null = null;
  #live: { readonly process: CoreProcess; readonly client: Client } | null = null;
  #client: Promise<Client>;
  #isClosed = false;

  constructor(start: CoreStarter, clock: ClientClock) {
    this.#start = start;
    this.#clock = clock;
    this.#client = this.#launch();
    this.#client.catch((error: unknown) => this.#setStatus({ kind: "failed", why: messageOf(error) }));
  }

  get status(): CoreStatus {
    return this.#status;
  }

  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Answer<M>> {
    if (this.#isClosed) throw new ApiError(lostProblem("The core was closed."));
    const client = await this.#client;
    const answer = await client.call(method, params);
    if (method === "lab.open") this.#remember(params as Params<"lab.open">, answer as Answer<"lab.open">);
    else this.#open?.onAnswer(method, params, answer);
    return answer;
  }

  onFrame(listener: (push: FramePush) => void): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  onStatus(listener: (status: CoreStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  restart(): void {
    this.#restore("The core was restarted.");
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #stop(): void {
    this.#live?.client.close();
    this.#live?.process.stop();
    this.#live = null;
  }

  /** Starts a process and listens to it. */
  async #launch(): Promise<Client> {
    const process = await withinTime(this.#start(), START_MS).catch((error: unknown) => {
      throw new ApiError(lostProblem(`The core did not start: ${messageOf(error)}`));
    });
    const client = connect(process.port, this.#clock);
    this.#live = { process, client };
    if (this.#isClosed) this.#stop();
    client.onFrame((push) => {
      // On the way back the first pushes stand at time 0, which is not where it was.
      if (this.#status.kind !== "restarting") this.#open?.onPush(push);
      for (const listener of this.#frameListeners) listener(push);
    });
    client.onLost(({ why }) => this.#restore(why));
    return client;
  }

  #restore(why: string): void {
    if (this.#isClosed) return;
    this.#stop();
    // Lost on the way back: whoever is bringing it back sees that as a rejected call, and tries the next thing.
    if (this.#status.kind === "restarting") return;
    this.#setStatus({ kind: "restarting", why });
    const restored = this.#bringBack(why);
    this.#client = restored.then(({ client }) => client);
    // Told by the status as well, when nobody calls.
    this.#client.catch(() => undefined);
    restored.then(
      ({ status }) => this.#setStatus(status),
      (error: unknown) => this.#setStatus({ kind: "failed", why: messageOf(error) }),
    );
  }

  async #bringBack(why: string): Promise<{ client: Client; status: CoreStatus }> {
    const open = this.#open;
    if (open === null) {
      return { client: await this.#launch(), status: { kind: "restored", why, time: 0, isWhereItWas: true } };
    }
    try {
      return await this.#reopen(why, open.whereItWas);
    } catch {
      // The way there kills it. The lab is still worth having at its start, with what was done to it forgotten.
      return this.#reopen(why, open.atItsStart);
    }
  }

  async #reopen(why: string, params: Params<"lab.open">): Promise<{ client: Client; status: CoreStatus }> {
    const client = await this.#launch();
    const answer = await client.call("lab.open", params);
    this.#remember(params, answer);
    const isWhereItWas = params.journal !== undefined;
    return { client, status: { kind: "restored", why, time: answer.run?.time ?? 0, isWhereItWas } };
  }

  #remember(params: Params<"lab.open">, { lab, run }: Answer<"lab.open">): void {
    // A text with problems leaves the lab that was open as it is.
    if (lab !== null) this.#open = new RunRecord(params, run);
  }

  #setStatus(status: CoreStatus): void {
    if (this.#isClosed) return;
    this.#status = status;
    for (const listener of this.#statusListeners) listener(status);
  }
}

function withinTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it does not answer")), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
