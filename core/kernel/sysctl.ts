/**
 * Kernel parameters by their sysctl(8) names. A subsystem defines its parameters with default and range when it is
 * built, and reads them through a `Sysctl`, whose `value` is a plain field: reading one per packet costs nothing.
 */
import { assert } from "../base/assert.ts";

export interface Sysctl {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  value: number;
}

/** A parameter whose values are words, such as `net.ipv4.tcp_congestion_control`. */
export interface TextSysctl {
  readonly name: string;
  readonly allowed: readonly string[];
  value: string;
}

export class SysctlTable {
  readonly #numbers = new Map<string, Sysctl>();
  readonly #texts = new Map<string, TextSysctl>();

  /** @throws AssertionError when the name is taken. */
  define(name: string, value: number, least = 0, most = 2 ** 31 - 1): Sysctl {
    assert(!this.#numbers.has(name) && !this.#texts.has(name), `${name} is defined once`);
    const entry: Sysctl = { name, least, most, value };
    this.#numbers.set(name, entry);
    return entry;
  }

  defineText(name: string, value: string, allowed: readonly string[]): TextSysctl {
    assert(!this.#numbers.has(name) && !this.#texts.has(name), `${name} is defined once`);
    const entry: TextSysctl = { name, allowed, value };
    this.#texts.set(name, entry);
    return entry;
  }

  /** Sorted names. */
  names(): string[] {
    return [...this.#numbers.keys(), ...this.#texts.keys()].sort();
  }

  /** Undefined when there is no such parameter. */
  get(name: string): string | undefined {
    const number = this.#numbers.get(name);
    return number === undefined ? this.#texts.get(name)?.value : String(number.value);
  }

  /**
   * Why the value is refused, as Linux's errno would: ENOENT no such parameter, EINVAL not a value of it; null when
   * set.
   */
  set(name: string, value: string): "ENOENT" | "EINVAL" | null {
    const number = this.#numbers.get(name);
    if (number !== undefined) {
      if (!/^-?\d{1,15}$/.test(value.trim())) return "EINVAL";
      const parsed = Number(value.trim());
      if (parsed < number.least || parsed > number.most) return "EINVAL";
      number.value = parsed;
      return null;
    }
    const text = this.#texts.get(name);
    if (text === undefined) return "ENOENT";
    if (!text.allowed.includes(value.trim())) return "EINVAL";
    text.value = value.trim();
    return null;
  }
}
