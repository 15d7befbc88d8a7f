/**
 * Builds the desktop app's own parts into dist/electron: main and the core's process for Electron's Node, and the
 * preload, which must be one file. `--mode preload` builds that one.
 */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { forV8 } from "./.tools/vite/for-v8.mjs";

const OUT = join(import.meta.dirname, "dist/electron");
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8")) as { version: string };

/** The sandbox's engine lies beside the process that loads it, with its terms. */
const quickJs: Plugin = {
  name: "quickjs",
  closeBundle() {
    const folder = join(import.meta.dirname, "resources/engine");
    copyFileSync(join(folder, "quickjs.wasm"), join(OUT, "quickjs.wasm"));
    copyFileSync(join(folder, "LICENSE"), join(OUT, "quickjs.LICENSE"));
  },
};

export default defineConfig(({ mode }) => {
  const isPreload = mode === "preload";
  const input: Record<string, string> = isPreload
    ? { preload: "electron/preload.ts" }
    : { main: "electron/main.ts", core: "core/node/utility-process.ts" };
  return {
    define: { __LASTACK_VERSION__: JSON.stringify(version) },
    plugins: isPreload ? [] : [quickJs, forV8()],
    ssr: { noExternal: true, external: ["electron"] },
    publicDir: false,
    build: {
      ssr: true,
      outDir: OUT,
      emptyOutDir: false,
      // Electron 45 is Node 24.
      target: "node24",
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input,
        external: ["electron"],
        output: isPreload
          ? { format: "cjs", entryFileNames: "[name].cjs", inlineDynamicImports: true }
          : { format: "es", entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
      },
    },
  };
});
