/** Builds the command line into one file that runs on any Node from 20.19 on, with nothing installed. */
import { defineConfig } from "vite";

export default defineConfig({
  ssr: { noExternal: true },
  build: {
    ssr: "core/node/cli.ts",
    outDir: "dist",
    target: "node20",
    minify: false,
    sourcemap: true,
    rolldownOptions: { output: { format: "es", entryFileNames: "lastack.js", banner: "#!/usr/bin/env node" } },
  },
});
