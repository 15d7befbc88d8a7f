/**
 * Kernel parameters by their sysctl(8) names. Those that are one number are plain fields of a subsystem's own object,
 * as they are variables on Linux: reading one per packet costs nothing, and a thousand machines with a hundred of them
 * each keep no more than the numbers. A list says what their names and ranges are, as ctl_table does
 * (include/linux/sysctl.h).
 */
import { assert } from "../base/assert.ts";

/** Where a parameter that is one number is to be found, and what it may be. */
interface NumberSysctl {
  readonly list: number;
  readonly field: string;
  readonly least: number;
  readonly most: number;
}

/** Names and ranges of the parameters that are fields of one class; its objects have the defaults in them. */
export interface SysctlList<Field extends string> {
  /** Among all lists. */
  readonly place: number;
  readonly fields: readonly Field[];
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

const INT_MAX = 2 ** 31 - 1;

const numbers = new Map<string, NumberSysctl>();
let lists = 0;

/**
 * @param prefix of all names, such as `net.ipv4.`.
 * @param rows by field: the rest of the name, and the range, which is 0 to INT_MAX unless it says otherwise.
 * @throws AssertionError when a name is taken.
 */
export function sysctlList<Field extends string>(
  prefix: string,
  rows: Readonly<Record<Field, readonly [name: string, least?: number, most?: number]>>,
): SysctlList<Field> {
  const list = lists++;
  const fields = Object.keys(rows) as Field[];
  for (const field of fields) {
    const [rest, least = 0, most = INT_MAX] = rows[field];
    assert(!numbers.has(prefix + rest), "a parameter is defined once");
    numbers.set(prefix + rest, { list, field, least, most });
  }
  return { place: list, fields };
}

export interface SysctlObserver {
  sysctlsChanged(): void;
}

export class SysctlTable {
  /** By a list's place: the object whose fields its parameters are. */
  readonly #homes: (Record<string, number> | undefined)[] = [];
  readonly #texts = new Map<string, TextSysctl>();
  readonly #vectors = new Map<string, VectorSysctl>();
  readonly #observers: SysctlObserver[] = [];

  /** Hears of every number that is set: who has drawn a conclusion from some draws it anew. */
  observe(observer: SysctlObserver): void {
    this.#observers.push(observer);
  }

  /** The fields of `home` are those parameters from now on. @throws AssertionError when others are already. */
  define<Field extends string>(list: SysctlList<Field>, home: Record<Field, number>): void {
    while (this.#homes.length <= list.place) this.#homes.push(undefined);
    assert(this.#homes[list.place] === undefined, "a list of parameters has one home");
    this.#homes[list.place] = home;
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
    const those = [...numbers].filter(([, { list }]) => this.#homes[list] !== undefined).map(([name]) => name);
    return [...those, ...this.#texts.keys(), ...this.#vectors.keys()].sort();
  }

  /** The value of a parameter that is one number. @throws AssertionError when there is no such parameter. */
  number(name: string): number {
    const value = this.#number(name);
    assert(value !== undefined, "a parameter that is one number");
    return value;
  }

  /** Undefined when there is no such parameter. */
  get(name: string): string | undefined {
    const number = this.#number(name);
    if (number !== undefined) return String(number);
    return this.#texts.get(name)?.value ?? this.#vectors.get(name)?.values.join("\t");
  }

  /**
   * Why the value is refused, as Linux's errno would: ENOENT no such parameter, EINVAL not a value of it; null when
   * set.
   */
  set(name: string, value: string): "ENOENT" | "EINVAL" | null {
    const number = numbers.get(name);
    const home = number === undefined ? undefined : this.#homes[number.list];
    if (number !== undefined && home !== undefined) {
      if (!/^-?\d{1,15}$/.test(value.trim())) return "EINVAL";
      const parsed = Number(value.trim());
      if (parsed < number.least || parsed > number.most) return "EINVAL";
      home[number.field] = parsed;
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

  #number(name: string): number | undefined {
    const number = numbers.get(name);
    return number === undefined ? undefined : this.#homes[number.list]?.[number.field];
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
