/** What a new program may begin as: the programs of the lecture, out of resources/programs. */
import coordinator from "../../resources/programs/two-phase-commit/coordinator.ts?raw";
import messages from "../../resources/programs/two-phase-commit/messages.ts?raw";
import worker from "../../resources/programs/two-phase-commit/worker.ts?raw";
import socketClient from "../../resources/programs/socket-client.ts?raw";
import socketServer from "../../resources/programs/socket-server-v1.ts?raw";

export interface ProgramTemplate {
  readonly id: string;
  readonly title: string;
  /** Name of the command that starts it. */
  readonly name: string;
  /** A single text goes into the lab itself; several become files beside it, the first of them the program. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly args: readonly string[];
}

const EMPTY = `import { args, host, print, sleep, state } from "lastack";

print(\`\${host} is up\`, ...args);
state("READY");
await sleep(1000);
`;

const FOLDER = "programs/two-phase-commit";

export const TEMPLATES: readonly ProgramTemplate[] = [
  { id: "empty", title: "Empty program", name: "main", files: [{ path: "main.ts", text: EMPTY }], args: [] },
  {
    ...{ id: "server", title: "Socket server", name: "server", args: ["8080"] },
    files: [{ path: "server.ts", text: socketServer }],
  },
  {
    ...{ id: "client", title: "Socket client", name: "client", args: ["server", "8080", "hello"] },
    files: [{ path: "client.ts", text: socketClient }],
  },
  {
    ...{ id: "coordinator", title: "Two-phase commit: coordinator", name: "coordinator", args: ["worker1", "worker2"] },
    files: [
      { path: `${FOLDER}/coordinator.ts`, text: coordinator },
      { path: `${FOLDER}/messages.ts`, text: messages },
    ],
  },
  {
    ...{ id: "worker", title: "Two-phase commit: worker", name: "worker", args: ["coordinator", "worker1", "worker2"] },
    files: [
      { path: `${FOLDER}/worker.ts`, text: worker },
      { path: `${FOLDER}/messages.ts`, text: messages },
    ],
  },
];
