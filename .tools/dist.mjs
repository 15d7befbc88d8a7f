/**
 * `npm run dist`: a package that installs without dependencies, out/lastack-VERSION.tgz, with the command line and the
 * browser edition (`npm install -g` takes it); and, where Electron's runtime is, installers of the desktop app for this
 * system in out/desktop.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, EVERYTHING } from "./builds.mjs";
import { electronRuntime, fetchRuntime } from "./electron-runtime.mjs";
import { commandLine, fail, packageJson, prepare, ROOT, run, tool } from "./setup.mjs";

commandLine(`npm run dist
  packs the command line and the browser edition into out/lastack-VERSION.tgz, which npm installs without dependencies,
  and, where Electron's runtime is or can be fetched, installers of the desktop app for this system into out/desktop`);

await prepare();
await build(EVERYTHING);
const staging = join(ROOT, "out/package");
rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });
for (const part of ["dist", "resources", "README.md"]) {
  cpSync(join(ROOT, part), join(staging, part), { recursive: true, filter: (path) => !isLeftOut(path) });
}
const { name, version, description, license, type, engines, bin } = packageJson();
// Everything it needs is bundled into dist/lastack.js, so it depends on nothing.
const published = { name, version, description, license, type, engines, bin, files: ["dist", "resources"] };
writeFileSync(join(staging, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
const output = [];
const code = await run("npm", ["pack", "./out/package", "--pack-destination", "out", "--loglevel=error"], {
  onOutput: (chunk) => output.push(chunk),
});
if (code !== 0) fail(`npm pack failed:\n${Buffer.concat(output)}`);
const archive = `out/${name}-${version}.tgz`;
console.log(`${archive} is ready: npm install --global ${archive}`);
await packDesktop();

/** The desktop app is packed by itself, maps are for whoever has the sources, and caches for this Node alone. */
function isLeftOut(path) {
  return /dist[/\\]electron/.test(path) || /\.(map|v8-cache)$/.test(path);
}

async function packDesktop() {
  const why = await fetchRuntime();
  if (why !== null) {
    console.log(`No installers of the desktop app: ${why}.`);
    return;
  }
  if (electronRuntime() === null) fail("Electron's runtime is not where it was");
  const packed = await tool("electron-builder/cli.js", ["--publish", "never"]);
  if (packed !== 0) fail("electron-builder failed: the reason is above");
  console.log("The installers of the desktop app are in out/desktop.");
}
