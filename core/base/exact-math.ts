/**
 * Logarithm and exponential out of +, -, *, / and shifts of the exponent alone. IEEE 754 fixes the result of those four
 * to the last bit, so these agree on every machine, which Math.log and Math.exp do not promise (ECMA-262, 21.3.2).
 * Accuracy about 1e-14 relative: ample for drawing random delays.
 */
import { assert } from "./assert.ts";

const LN2 = 0.6931471805599453;

/** Natural logarithm of a positive finite number. */
export function exactLog(value: number): number {
  assert(value > 0 && value < Infinity, "logarithm of a positive number");
  let exponent = 0;
  let mantissa = value;
  while (mantissa >= 1.4142135623730951) {
    mantissa /= 2;
    exponent++;
  }
  while (mantissa < 0.7071067811865476) {
    mantissa *= 2;
    exponent--;
  }
  // ln m = 2 atanh((m - 1) / (m + 1)); |s| <= 0.1716, so 12 odd terms reach 1e-19.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let k = 23; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return 2 * s * sum + exponent * LN2;
}

/** e to the power of `value`, for |value| <= 700. */
export function exactExp(value: number): number {
  assert(value >= -700 && value <= 700, "exponent in the range of a double");
  const halvings = Math.round(value / LN2);
  const rest = value - halvings * LN2; // |rest| <= 0.3466
  let sum = 1;
  for (let k = 18; k >= 1; k--) sum = 1 + (sum * rest) / k;
  let result = sum;
  for (let i = 0; i < Math.abs(halvings); i++) result = halvings > 0 ? result * 2 : result / 2;
  return result;
}
