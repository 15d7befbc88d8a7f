/** `npm run dist`: a package that installs without dependencies, out/lastack-VERSION.tgz; `npm install -g` takes it. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, packageJson, ROOT, run, setUp } from "./setup.mjs";

await setUp();
const staging = join(ROOT, "out/package");
rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });
for (const part of ["dist", "resources", "README.md"]) {
  cpSync(join(ROOT, part), join(staging, part), { recursive: true });
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
console.log(`${archive} is ready: npm install --global ${archive}
The desktop installer comes with the workbench; until then this package is the product.`);
