/** `npm run build`: the command line, the window and the desktop app, as far as they are older than their sources. */
import { build, EVERYTHING } from "./builds.mjs";
import { prepare } from "./setup.mjs";

await prepare();
await build(EVERYTHING);
