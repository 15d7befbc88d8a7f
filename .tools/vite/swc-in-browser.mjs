/**
 * Lets @swc/wasm-typescript, which is made for Node, load in a worker: the two modules of Node's that it asks for have
 * their like in a browser. It stays one text with its WebAssembly inside.
 * @returns {import("vite").Plugin}
 */
export function swcInBrowser() {
  return {
    name: "lastack:swc-in-browser",
    enforce: "pre",
    transform(code, id) {
      if (!/@swc[/\\]wasm-typescript[/\\]wasm\.js/.test(id)) return null;
      const text = code
        .replace("const { TextDecoder, TextEncoder } = require(`util`);", "")
        .replace("const { Buffer } = require('node:buffer');", `const Buffer = { from: ${bytesOf} };`);
      if (text.includes("require(")) this.error("another version of @swc/wasm-typescript: see .tools/vite");
      return {
        code: `const module = { exports: {} };\n${text}\nexport const { transformSync } = module.exports;`,
        map: null,
      };
    },
  };
}

/** Written into the module. `Uint8Array.from` would take half a second for the WebAssembly, which compiles in 15 ms. */
function bytesOf(base64) {
  const units = atob(base64);
  const bytes = new Uint8Array(units.length);
  for (let at = 0; at < units.length; at++) bytes[at] = units.charCodeAt(at);
  return bytes;
}
