/** Module hooks of register.mjs: `electron` is the stand-in. */
const STAND_IN = new URL("./electron.ts", import.meta.url).href;

export function resolve(specifier, context, next) {
  return next(specifier === "electron" ? STAND_IN : specifier, context);
}
