/**
 * Zero for fields that come to hold more than 31 bits and a sign: addresses, timestamps, instants of virtual time. V8
 * lays an object out by what its fields hold first. Where one that began as a small integer widens, all objects of its
 * class get another layout, and all code that was compiled for it is thrown away. Read from an array of doubles, zero
 * is wide from the start, and equal to 0 all the same.
 */
export const WIDE_ZERO: number = new Float64Array(1)[0] ?? 0;
