/** Keys on their way to a console: in order, one request at a time; what is typed meanwhile goes with the next one. */

export class KeyQueue {
  readonly #send: (text: string) => Promise<void>;
  #waiting = "";
  #isBusy = false;

  constructor(send: (text: string) => Promise<void>) {
    this.#send = send;
  }

  type(text: string): void {
    this.#waiting += text;
    if (!this.#isBusy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting !== "") {
      // A paste may be long: the core takes 64 Ki characters at a time.
      const text = this.#waiting.slice(0, PIECE);
      this.#waiting = this.#waiting.slice(text.length);
      try {
        await this.#send(text);
      } catch {
        // `send` has said what is wrong: what was typed for it has no place to go.
        this.#waiting = "";
      }
    }
    this.#isBusy = false;
  }
}

const PIECE = 16_384;
