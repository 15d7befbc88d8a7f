/**
 * Keeps requests back while the sandbox's engine is fetched: it is four megabytes, and only labs with programs need it.
 * What comes meanwhile waits in line, so that nothing overtakes.
 */
export class EngineGate {
  readonly #receive: (message: unknown) => void;
  readonly #load: (done: () => void) => void;
  #isLoaded = false;
  #waiting: unknown[] | null = null;

  /** @param load fetches the engine, and calls back when that has worked or failed. */
  constructor(receive: (message: unknown) => void, load: (done: () => void) => void) {
    this.#receive = receive;
    this.#load = load;
  }

  receive(message: unknown): void {
    if (this.#waiting !== null) {
      this.#waiting.push(message);
      return;
    }
    if (this.#isLoaded || !hasPrograms(message)) {
      this.#receive(message);
      return;
    }
    this.#waiting = [message];
    this.#load(() => this.#open());
  }

  #open(): void {
    this.#isLoaded = true;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const message of waiting) this.#receive(message);
  }
}

/** A lab that mentions programs: a false alarm costs a second, once. Nothing is known yet of what a message is. */
function hasPrograms(message: unknown): boolean {
  const { method, params } = record(message);
  const { text } = record(params);
  return method === "lab.open" && typeof text === "string" && /\bprograms\b/.test(text);
}

function record(
  value: unknown,
): Readonly<Record<string, unknown>> & { method?: unknown; params?: unknown; text?: unknown } {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
