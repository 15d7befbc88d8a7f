/**
 * The desktop app as electron-builder packs it, by the project's own configuration, against a stand-in for Electron's
 * runtime: what goes into app.asar and what does not, the fuses in the executable, and that what was packed runs.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { whyNoChromium } from "../e2e/chromium.ts";
import { Workbench } from "../e2e/workbench-page.ts";
import { AppUnderTest } from "./app-under-test.ts";
import { ensureDesktopBuilt } from "./built.ts";

const ROOT = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 180_000;
const folder = mkdtempSync(join(tmpdir(), "lastack-package-"));
const noChromium = whyNoChromium === null ? "" : ` (SKIPPED: ${whyNoChromium})`;

const requireOfBuilder = createRequire(join(ROOT, "node_modules/app-builder-lib/package.json"));
const { listPackage, extractAll, extractFile } = requireOfBuilder("@electron/asar") as {
  listPackage(archive: string, options: object): string[];
  extractAll(archive: string, to: string): void;
  extractFile(archive: string, path: string): Buffer;
};
const { getCurrentFuseWire } = requireOfBuilder("@electron/fuses") as {
  getCurrentFuseWire(executable: string): Promise<Readonly<Record<string, number>>>;
};

/** Where Electron's executable keeps its fuses: behind this mark stand version, number, and one character each. */
const FUSE_MARK = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";
/** All of them the other way round than in `electron-builder.yml`, and one that is not known yet. */
const FUSES_BEFORE = "101100110";
const FUSES_AFTER = "01001100";

/** As much of a runtime as electron-builder looks at. */
function stubRuntime(): string {
  const dist = join(folder, "electron-dist");
  for (const part of ["resources", "locales"]) mkdirSync(join(dist, part), { recursive: true });
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules/electron/package.json"), "utf8")) as {
    version: string;
  };
  const fuses = `${FUSE_MARK}\u0001${String.fromCharCode(FUSES_BEFORE.length)}${FUSES_BEFORE}`;
  writeFileSync(join(dist, "electron"), `#!/bin/sh\nexit 1 # ${fuses}\n`);
  chmodSync(join(dist, "electron"), 0o755);
  writeFileSync(join(dist, "version"), version);
  for (const file of ["locales/en-US.pak", "LICENSE", "LICENSES.chromium.html", "chrome-sandbox"]) {
    writeFileSync(join(dist, file), "");
  }
  return dist;
}

describe.skipIf(process.platform !== "linux")("the packed desktop app", { timeout: TIMEOUT_MS }, () => {
  const archive = join(folder, "out/linux-unpacked/resources/app.asar");
  beforeAll(async () => {
    await ensureDesktopBuilt();
    const builder = join(ROOT, "node_modules/electron-builder/cli.js");
    const config = parse(readFileSync(join(ROOT, "electron-builder.yml"), "utf8")) as Record<string, unknown>;
    const path = join(folder, "electron-builder.json");
    const stub = { ...config, electronDist: stubRuntime(), directories: { output: join(folder, "out") } };
    writeFileSync(path, JSON.stringify(stub));
    execFileSync(process.execPath, [builder, "--linux", "dir", "--config", path, "--publish", "never"], {
      cwd: ROOT,
      stdio: "pipe",
    });
  }, TIMEOUT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const packed = (path: string): string => extractFile(archive, path).toString();
  const files = (): string[] => listPackage(archive, {}).map((path) => path.replace(/^[/\\]/, ""));

  test("holds main, preload, core, engine and window, and nothing else", () => {
    for (const wanted of [
      "package.json",
      "dist/electron/main.js",
      "dist/electron/preload.cjs",
      "dist/electron/core.js",
      "dist/electron/quickjs.wasm",
      "dist/electron/quickjs.LICENSE",
      "dist/renderer/index.html",
    ]) {
      expect(files()).toContain(wanted);
    }
    const strange = files().filter((path) => !/^(package\.json|dist|dist\/(electron|renderer)(\/.*)?)$/.test(path));
    expect(strange).toEqual([]);
    // No sources, tests, maps, settings or keys of whoever packs it.
    const left = /\.(map|vue|tsx?|pem|key|log)$|\.test\.|node_modules|(^|\/)\./;
    expect(files().filter((path) => left.test(path) && !path.startsWith("dist/renderer/programs/"))).toEqual([]);
    const leaks = files().filter((path) => /\.(js|cjs|json|html|css)$/.test(path) && packed(path).includes(ROOT));
    expect(leaks).toEqual([]);
  });

  test("has every sample lab with its programs, and the declarations that programs are written with", () => {
    const samples = JSON.parse(packed("dist/renderer/labs/index.json")) as { file: string; sources: string[] }[];
    const labs = readdirSync(join(ROOT, "resources/labs")).filter((name) => name.endsWith(".lab.yaml"));
    expect(samples.map(({ file }) => file).sort()).toEqual(labs.sort());
    for (const { file, sources } of samples) {
      for (const path of [file, ...sources]) {
        const original = readFileSync(join(ROOT, "resources/labs", path), "utf8");
        expect(packed(join("dist/renderer/labs", path)), path).toBe(original);
      }
    }
    const scripts = files().filter((path) => /^dist\/renderer\/assets\/.*\.js$/.test(path));
    const texts = scripts.map(packed);
    for (const file of readdirSync(join(ROOT, "resources/programs/lib")).filter((name) => name.endsWith(".d.ts"))) {
      const text = readFileSync(join(ROOT, "resources/programs/lib", file), "utf8");
      const [, opening = ""] = /^\/\*\*[\s*]*([\w ,.'-]{12,})/.exec(text) ?? [];
      expect(opening, file).not.toBe("");
      expect(texts.filter((text) => text.includes(opening)).length, file).toBeGreaterThan(0);
    }
    // The sandbox of the window's own core, the editor's workers, fonts: all there, nothing from elsewhere.
    expect(files().filter((path) => path.endsWith(".wasm")).length).toBeGreaterThan(1);
    expect(scripts.filter((path) => /(ts|editor)\.worker-/.test(path))).toHaveLength(2);
    expect(packed("dist/renderer/index.html")).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  test("starts at main, and needs no package", () => {
    expect(JSON.parse(packed("package.json"))).toMatchObject({
      name: "lastack",
      main: "dist/electron/main.js",
      type: "module",
    });
    const parts = files().filter((path) => /^dist\/electron\/.*\.c?js$/.test(path));
    for (const part of parts) {
      const text = packed(part);
      const imports = [
        ...[...text.matchAll(/^import .* from "([^"]+)"/gm)].map(([, from]) => from ?? ""),
        ...[...text.matchAll(/^(?:var|let|const) .*= require\("([^"]+)"\)/gm)].map(([, from]) => from ?? ""),
      ];
      expect(imports.filter((from) => !/^(node:|\.\.?\/|electron$)/.test(from))).toEqual([]);
    }
    // The sandboxed preload can load nothing but Electron's own part.
    expect([...packed("dist/electron/preload.cjs").matchAll(/require\("([^"]+)"\)/g)].map(([, from]) => from)).toEqual([
      "electron",
    ]);
  });

  test("has every fuse set in its executable", async () => {
    const { version: _, ...wire } = await getCurrentFuseWire(join(folder, "out/linux-unpacked/lastack"));
    const states = Object.entries(wire).map(([fuse, state]) => [Number(fuse), String.fromCharCode(state)] as const);
    const known = states.filter(([fuse]) => fuse < FUSES_AFTER.length).map(([, state]) => state);
    expect(known.join("")).toBe(FUSES_AFTER);
  });

  test("has its icons and its file type", () => {
    const config = parse(readFileSync(join(ROOT, "electron-builder.yml"), "utf8")) as {
      fileAssociations: { ext: string; mimeType: string }[];
    } & Record<"linux" | "win" | "mac", { target: string[] }>;
    expect(config.fileAssociations).toMatchObject([{ ext: "lab.yaml", mimeType: "application/x-lastack-lab" }]);
    expect([...config.linux.target, ...config.win.target, ...config.mac.target]).toEqual([
      "AppImage",
      "deb",
      "nsis",
      "dmg",
    ]);
    for (const size of [16, 32, 48, 64, 128, 256, 512, 1024]) {
      const png = readFileSync(join(ROOT, `resources/icons/${size}x${size}.png`));
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
    }
  });

  test.skipIf(whyNoChromium !== null)(`runs a lab with programs as it was packed${noChromium}`, async () => {
    const unpacked = join(folder, "unpacked");
    extractAll(archive, unpacked);
    const app = new AppUnderTest({ main: join(unpacked, "dist/electron/main.js") });
    try {
      const page = await app.page();
      const workbench = new Workbench(page);
      await workbench.openSample("socket-client-and-server");
      await workbench.run("run.play-max");
      await page.getByText("2 of 2 checks").first().waitFor();
      expect(app.output).toBe("");
    } finally {
      await app.kill();
      app.removeSettings();
    }
  });
});
