/** `npm run dev`: the browser edition from its sources, as they change, on loopback. */
import { commandLine, endWithParent, prepare, tool } from "./setup.mjs";

const { values } = commandLine(
  `npm run dev [-- --port N]
  serves the workbench from its sources at http://127.0.0.1:5173/, and reloads it as they change; Ctrl-C ends it
  --port N  another port`,
  { port: { type: "string" } },
);
endWithParent();
await prepare();
const port = values.port === undefined ? [] : ["--port", values.port];
process.exitCode = await tool("vite/bin/vite.js", ["-c", "vite.renderer.config.ts", "--host", "127.0.0.1", ...port]);
