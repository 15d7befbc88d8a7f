/**
 * The desktop app as electron-builder packs it, against a stand-in for Electron's runtime: what goes into app.asar, and
 * what does not. Fuses are left out: they are flipped in the real executable.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ensureDesktopBuilt } from "./built.ts";

const ROOT = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 180_000;
const folder = mkdtempSync(join(tmpdir(), "lastack-package-"));

const { listPackage, extractFile } = createRequire(join(ROOT, "node_modules/app-builder-lib/package.json"))(
  "@electron/asar",
) as {
  listPackage(archive: string, options: object): string[];
  extractFile(archive: string, path: string): Buffer;
};

/** As much of a runtime as electron-builder looks at. */
function stubRuntime(): string {
  const dist = join(folder, "electron-dist");
  for (const part of ["resources", "locales"]) mkdirSync(join(dist, part), { recursive: true });
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules/electron/package.json"), "utf8")) as {
    version: string;
  };
  writeFileSync(join(dist, "electron"), "#!/bin/sh\n");
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
    const { electronFuses: _fuses, ...rest } = config;
    const path = join(folder, "electron-builder.json");
    const stub = { ...rest, electronDist: stubRuntime(), directories: { output: join(folder, "out") } };
    writeFileSync(path, JSON.stringify(stub));
    execFileSync(process.execPath, [builder, "--linux", "dir", "--config", path, "--publish", "never"], {
      cwd: ROOT,
      stdio: "pipe",
    });
  }, TIMEOUT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("holds main, preload, core, engine and window, and nothing else", () => {
    const files = listPackage(archive, {}).map((path) => path.replace(/^\//, ""));
    for (const wanted of [
      "package.json",
      "dist/electron/main.js",
      "dist/electron/preload.cjs",
      "dist/electron/core.js",
      "dist/electron/quickjs.wasm",
      "dist/renderer/index.html",
      "dist/renderer/labs/index.json",
    ]) {
      expect(files).toContain(wanted);
    }
    const strange = files.filter((path) => !/^(package\.json|dist|dist\/(electron|renderer)(\/.*)?)$/.test(path));
    expect(strange).toEqual([]);
    expect(files.filter((path) => /\.map$|\.test\.|node_modules/.test(path))).toEqual([]);
  });

  test("starts at main, and needs no package", () => {
    const packed = JSON.parse(extractFile(archive, "package.json").toString()) as Record<string, unknown>;
    expect(packed).toMatchObject({ name: "lastack", main: "dist/electron/main.js", type: "module" });
    const main = extractFile(archive, "dist/electron/main.js").toString();
    const imports = [...main.matchAll(/^import .* from "([^"]+)"/gm)].map(([, from]) => from ?? "");
    expect(imports.filter((from) => !/^(node:|\.\/|electron$)/.test(from))).toEqual([]);
  });

  test("has its icons, its file type, and every fuse set", () => {
    const config = parse(readFileSync(join(ROOT, "electron-builder.yml"), "utf8")) as {
      electronFuses: Record<string, boolean>;
      fileAssociations: { ext: string }[];
    };
    expect(config.fileAssociations.map(({ ext }) => ext)).toEqual(["lab.yaml"]);
    expect(config.electronFuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
    });
    for (const size of [16, 32, 48, 64, 128, 256, 512, 1024]) {
      const png = readFileSync(join(ROOT, `resources/icons/${size}x${size}.png`));
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
    }
  });
});
