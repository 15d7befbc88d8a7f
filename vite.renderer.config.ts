/** Builds the workbench (the browser edition, and what Electron shows) into dist/renderer: static files, any server. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import { forV8 } from "./.tools/vite/for-v8.mjs";
import { swcInBrowser } from "./.tools/vite/swc-in-browser.mjs";
import { treeValue } from "./core/lab/tree.ts";
import { readDocument } from "./core/lab/document.ts";
import { collectSources } from "./core/sandbox/collect-sources.ts";
import { programFilesOf } from "./renderer/labs/program-files.ts";

const LABS = join(import.meta.dirname, "resources/labs");

export default defineConfig(({ command }) => {
  // Started by a test, a build has the test's environment, and would be one for development.
  if (command === "build") process.env["NODE_ENV"] = "production";
  return settings;
});

const settings: UserConfig = {
  root: join(import.meta.dirname, "renderer"),
  // Relative, so that the same files work from any folder of any server and under Electron's own protocol.
  base: "./",
  plugins: [vue(), sampleLabs(), swcInBrowser(), forV8()],
  worker: { format: "es", plugins: () => [swcInBrowser(), forV8()] },
  // Bundled ahead for the dev server it would miss what the plugin does to it.
  optimizeDeps: { exclude: ["@swc/wasm-typescript"] },
  build: {
    outDir: join(import.meta.dirname, "dist/renderer"),
    emptyOutDir: true,
    // Electron 45's Chromium is newer; so is every browser that people still update.
    target: "chrome128",
    sourcemap: true,
    chunkSizeWarningLimit: 1500,
  },
};

/** Serves resources/labs as `labs/*` with `labs/index.json`, which names and describes them, and their programs. */
function sampleLabs(): Plugin {
  return {
    name: "lastack:sample-labs",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "labs/index.json", source: labIndex() });
      for (const file of labFiles()) {
        this.emitFile({ type: "asset", fileName: `labs/${file}`, source: readFileSync(join(LABS, file)) });
      }
      for (const path of allPrograms()) {
        this.emitFile({ type: "asset", fileName: join("labs", path), source: readFileSync(join(LABS, path)) });
      }
    },
    configureServer(server) {
      server.middlewares.use("/labs", (request, response, next) => {
        const file = decodeURIComponent((request.url ?? "").replace(/^\//, "").replace(/\?.*$/, ""));
        if (file !== "index.json" && !labFiles().includes(file)) return next();
        response.setHeader("Content-Type", file === "index.json" ? "application/json" : "text/plain; charset=utf-8");
        response.end(file === "index.json" ? labIndex() : readFileSync(join(LABS, file)));
      });
      server.middlewares.use("/programs", (request, response, next) => {
        const file = decodeURIComponent((request.url ?? "").replace(/^\//, "").replace(/\?.*$/, ""));
        if (!allPrograms().includes(`../programs/${file}`)) return next();
        response.setHeader("Content-Type", "text/plain; charset=utf-8");
        response.end(readFileSync(join(LABS, "../programs", file)));
      });
    },
  };
}

function labFiles(): string[] {
  return readdirSync(LABS)
    .filter((name) => name.endsWith(".lab.yaml"))
    .sort();
}

/** What the sample labs run, with all that it imports; paths from resources/labs. */
function allPrograms(): string[] {
  return [...new Set(labFiles().flatMap((file) => programsOf(readFileSync(join(LABS, file), "utf8"))))];
}

function programsOf(text: string): string[] {
  const read = (path: string): string | null => {
    const file = join(LABS, path);
    return existsSync(file) ? readFileSync(file, "utf8") : null;
  };
  const { sources, missing } = collectSources(programFilesOf(text), read);
  if (missing.length > 0) throw new Error(`no program ${missing.join(", ")}`);
  return [...sources.keys()];
}

function labIndex(): string {
  return JSON.stringify(
    labFiles().map((file) => ({ file, ...describe(readFileSync(join(LABS, file), "utf8"), file) })),
  );
}

/** What the welcome page shows of a lab: also its shape, to be drawn small. */
function describe(text: string, file: string): object {
  const document = readDocument(text, file);
  if (!document.ok) throw new Error(`${file} is not a lab`);
  const lab = treeValue(document.value.tree) as {
    name?: string;
    text?: string;
    nodes?: Record<string, { kind: string; at?: [number, number] }>;
    links?: { ends: [string, string] }[];
  };
  const nodes = Object.entries(lab.nodes ?? {});
  const index = new Map(nodes.map(([name], at) => [name, at]));
  const endOf = (end: string): number => index.get(end.split(":")[0] ?? "") ?? 0;
  return {
    name: lab.name ?? file,
    summary: ((lab.text ?? "").split(/\n\s*\n/)[0] ?? "").replaceAll("\n", " ").replace(/[*`]/g, "").trim(),
    nodes: nodes.length,
    links: lab.links?.length ?? 0,
    sources: programsOf(text),
    shape: {
      nodes: nodes.map(([, { kind, at }]) => ({ kind, at: at ?? [0, 0] })),
      links: (lab.links ?? []).map(({ ends: [a, b] }) => [endOf(a), endOf(b)]),
    },
  };
}
