/**
 * Assertions stay on in every build: what only a bug can cause stops the run instead of bending it (STYLE: failure).
 */

/** A broken invariant. Nothing in the core catches it; the host of the session reports it and stops. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

/** @throws AssertionError when `condition` is false. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, which the caller knows to be there. @throws AssertionError when it is not. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new AssertionError(`${what} is missing`);
  return value;
}

/** For the end of a switch over a closed union: does not compile while a case is left out. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
