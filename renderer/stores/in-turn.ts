/** One change of the lab after the other: a second one works on what the first has made of it. */
let turn: Promise<unknown> = Promise.resolve();

/** Not from within another one, which would wait for itself. */
export function inTurn<T>(change: () => Promise<T>): Promise<T> {
  const result = turn.then(change);
  turn = result.catch(() => undefined);
  return result;
}
