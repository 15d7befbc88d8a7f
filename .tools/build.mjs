/** `npm run build`: the command line, the window and the desktop app, as far as they are older than their sources. */
import { build, EVERYTHING } from "./builds.mjs";
import { commandLine, prepare } from "./setup.mjs";

commandLine(`npm run build
  builds the command line, the window and the desktop app into dist/, each when it is older than its sources`);
await prepare();
await build(EVERYTHING);
