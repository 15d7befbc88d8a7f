/** One random stream per purpose, named: a new draw somewhere moves no other stream. */
import { Random } from "../base/random.ts";

export class RandomStreams {
  readonly #seed: number;
  readonly #streams = new Map<string, Random>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The stream of that name, for instance `link:h1-s1/forward/loss`; the same one at every call. */
  get(name: string): Random {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new Random(this.#seed, name);
      this.#streams.set(name, stream);
    }
    return stream;
  }
}
