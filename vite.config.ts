/** Builds the command line into files that run on any Node from 20.19 on, with nothing installed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { forV8 } from "./.tools/vite/for-v8.mjs";
import { NODE_FLAGS } from "./core/node/node-flags.ts";

/** The sandbox's engine lies beside the command line that loads it, with its terms. */
const quickJs: Plugin = {
  name: "quickjs",
  generateBundle() {
    const folder = join(import.meta.dirname, "resources/engine");
    this.emitFile({ type: "asset", fileName: "quickjs.wasm", source: readFileSync(join(folder, "quickjs.wasm")) });
    this.emitFile({ type: "asset", fileName: "quickjs.LICENSE", source: readFileSync(join(folder, "LICENSE")) });
  },
};

/** `-S` has env(1) take the words apart. */
const FIRST_LINE = `#!/usr/bin/env -S node ${NODE_FLAGS.join(" ")}`;

/** The program is one script, which can be cached; `--mode launcher` builds what loads it (core/node/launch.ts). */
export default defineConfig(({ mode }) => {
  const isLauncher = mode === "launcher";
  return {
    plugins: isLauncher ? [] : [quickJs, forV8()],
    ssr: { noExternal: true },
    build: {
      ssr: isLauncher ? "core/node/launch.ts" : "core/node/cli.ts",
      outDir: "dist",
      // The window and the desktop app are built into folders in it, by themselves.
      emptyOutDir: false,
      target: "node20",
      minify: false,
      sourcemap: !isLauncher,
      rolldownOptions: {
        output: isLauncher
          ? { format: "es", entryFileNames: "lastack.js", banner: FIRST_LINE }
          : { format: "cjs", entryFileNames: "lastack.cjs" },
      },
    },
  };
});
