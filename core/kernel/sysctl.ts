/**
 * Kernel parameters by their sysctl(8) names. A subsystem defines its parameters with default and range when it is
 * built, and reads them through a `Sysctl`, whose `value` is a plain field: reading one per packet costs nothing.
 */
import { assert } from "../base/assert.ts";

export interface Sysctl {
  readonly least: number;
  readonly most: number;
  value: number;
}

/** A parameter of several numbers, such as `net.ipv4.tcp_rmem`. */
export interface VectorSysctl {
  readonly name: string;
  readonly least: number;
  readonly values: number[];
}

/** A parameter whose values are words, such as `net.ipv4.tcp_congestion_control`. */
export interface TextSysctl {
  readonly name: string;
  /** Null takes any text. */
  readonly allowed: readonly string[] | null;
  value: string;
}

/**
 * The place in every machine's list of each parameter that is one number. The names are kept once: a thousand machines
 * have a hundred parameters each.
 */
const places = new Map<string, number>();

function placeOf(name: string): number {
  let place = places.get(name);
  if (place === undefined) {
    place = places.size;
    places.set(name, place);
  }
  return place;
}

/** V8 stores a field whole in the object while every value in it fits 32 bits, else in a box of its own. */
const SMALL_MOST = 2 ** 31 - 1;

/** Nearly all parameters: none of their values needs a box. */
class SmallSysctl implements Sysctl {
  value: number;
  readonly least: number;
  readonly most: number;

  constructor(value: number, least: number, most: number) {
    this.value = value;
    this.least = least;
    this.most = most;
  }
}

export interface SysctlObserver {
  sysctlsChanged(): void;
}

export class SysctlTable {
  /** By `places`. */
  readonly #numbers: (Sysctl | undefined)[] = [];
  readonly #texts = new Map<string, TextSysctl>();
  readonly #vectors = new Map<string, VectorSysctl>();
  readonly #observers: SysctlObserver[] = [];

  /** Hears of every number that is set: who has drawn a conclusion from some draws it anew. */
  observe(observer: SysctlObserver): void {
    this.#observers.push(observer);
  }

  /** @throws AssertionError when the name is taken. */
  define(name: string, value: number, least = 0, most = 2 ** 31 - 1): Sysctl {
    assert(this.get(name) === undefined, "a parameter is defined once");
    const isSmall = least >= -SMALL_MOST && most <= SMALL_MOST;
    const entry = isSmall ? new SmallSysctl(value, least, most) : { value, least, most };
    const place = placeOf(name);
    while (this.#numbers.length < place) this.#numbers.push(undefined);
    this.#numbers[place] = entry;
    return entry;
  }

  defineText(name: string, value: string, allowed: readonly string[] | null): TextSysctl {
    assert(this.get(name) === undefined, "a parameter is defined once");
    const entry: TextSysctl = { name, allowed, value };
    this.#texts.set(name, entry);
    return entry;
  }

  defineVector(name: string, values: readonly number[], least = 0): VectorSysctl {
    assert(this.get(name) === undefined, "a parameter is defined once");
    const entry: VectorSysctl = { name, least, values: [...values] };
    this.#vectors.set(name, entry);
    return entry;
  }

  /** Sorted names. */
  names(): string[] {
    const numbers = [...places.keys()].filter((name) => this.#number(name) !== undefined);
    return [...numbers, ...this.#texts.keys(), ...this.#vectors.keys()].sort();
  }

  /** The value of a parameter that is one number. @throws AssertionError when there is no such parameter. */
  number(name: string): number {
    const entry = this.#number(name);
    assert(entry !== undefined, "a parameter that is one number");
    return entry.value;
  }

  /** Undefined when there is no such parameter. */
  get(name: string): string | undefined {
    const number = this.#number(name);
    if (number !== undefined) return String(number.value);
    return this.#texts.get(name)?.value ?? this.#vectors.get(name)?.values.join("\t");
  }

  /**
   * Why the value is refused, as Linux's errno would: ENOENT no such parameter, EINVAL not a value of it; null when
   * set.
   */
  set(name: string, value: string): "ENOENT" | "EINVAL" | null {
    const number = this.#number(name);
    if (number !== undefined) {
      if (!/^-?\d{1,15}$/.test(value.trim())) return "EINVAL";
      const parsed = Number(value.trim());
      if (parsed < number.least || parsed > number.most) return "EINVAL";
      number.value = parsed;
      for (const observer of this.#observers) observer.sysctlsChanged();
      return null;
    }
    const vector = this.#vectors.get(name);
    if (vector !== undefined) return setVector(vector, value);
    const text = this.#texts.get(name);
    if (text === undefined) return "ENOENT";
    if (text.allowed !== null && !text.allowed.includes(value.trim())) return "EINVAL";
    text.value = value.trim();
    return null;
  }

  #number(name: string): Sysctl | undefined {
    const place = places.get(name);
    return place === undefined ? undefined : this.#numbers[place];
  }
}

/** As proc_dointvec: fewer numbers than there are set the first ones. */
function setVector(vector: VectorSysctl, value: string): "EINVAL" | null {
  const words = value.trim().split(/\s+/);
  if (words.length > vector.values.length) return "EINVAL";
  if (!words.every((word) => /^-?\d{1,15}$/.test(word) && Number(word) >= vector.least)) return "EINVAL";
  for (const [index, word] of words.entries()) vector.values[index] = Number(word);
  return null;
}
