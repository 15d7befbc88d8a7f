/**
 * `process.parentPort` of a utility process, for a plain Node process: messages and the ports that come with them go
 * over the channel between the two processes.
 */
import { EventEmitter } from "node:events";

class Port extends EventEmitter {
  #id;

  constructor(id) {
    super();
    this.#id = id;
  }

  postMessage(data) {
    process.send?.({ port: this.#id, data });
  }

  start() {
    process.send?.({ started: this.#id });
  }
}

const parentPort = new EventEmitter();
const ports = new Map();
/** What came before anybody listened; Electron keeps it, too. */
let early = [];
parentPort.on("newListener", (name) => {
  if (name !== "message") return;
  const waiting = early;
  early = null;
  setImmediate(() => waiting?.forEach((event) => parentPort.emit("message", event)));
});

process.parentPort = parentPort;
process.on("message", (message) => {
  if ("ports" in message) {
    const given = message.ports.map((id) => ports.set(id, new Port(id)).get(id));
    const event = { data: message.data, ports: given };
    if (early === null) parentPort.emit("message", event);
    else early.push(event);
  } else ports.get(message.port)?.emit("message", { data: message.data, ports: [] });
});
// Main is gone, and so is everything that this was for.
process.on("disconnect", () => process.exit(0));
