/**
 * What Node is started with where we start it: `dist/lastack.js` names it in its first line, and the benches run with
 * it. A lab of a thousand machines keeps ten megabytes of connections alive that are over a moment later; with V8's own
 * limit of 16 MB for young objects half of what was allocated was moved to the old ones first (1,000 hosts took 0.89 of
 * the time with 32 MB, and 0.94 of that with 64). They begin with 16 MB: V8 begins with one, and collected eleven times
 * while the first 50 MB of that world were built. The old ones may double, not quadruple, until they are looked
 * through: those that were moved in vain are what they mostly grow by. The window's core is started by Electron or the
 * browser, which have limits of their own.
 */
export const NODE_FLAGS: readonly string[] = [
  "--min-semi-space-size=16",
  "--max-semi-space-size=64",
  "--heap-growing-percent=100",
];
