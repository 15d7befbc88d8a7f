/** `npm run dev`: the browser edition from its sources, as they change, on loopback. */
import { endWithParent, prepare, tool } from "./setup.mjs";

endWithParent();
await prepare();
const args = ["-c", "vite.renderer.config.ts", "--host", "127.0.0.1", ...process.argv.slice(2)];
process.exitCode = await tool("vite/bin/vite.js", args);
