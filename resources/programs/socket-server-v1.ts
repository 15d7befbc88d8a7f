/**
 * The server of the socket lecture, version 1: one client after the other. While it serves one, the others wait in
 * the queue of the listening socket.
 * Argument: port.
 */
import { args, decode, print } from "lastack";
import {
  accept,
  AF_INET,
  bind,
  close,
  INADDR_ANY,
  listen,
  recv,
  send,
  SO_REUSEADDR,
  SOCK_STREAM,
  socket,
  SOL_SOCKET,
  setsockopt,
  type SockAddr,
} from "lastack/socket";

const MAXQUEUE = 5;
const [portno = "8080"] = args;

/** Answers one client: what it said, in capitals. */
async function server(consockfd: number): Promise<void> {
  for (;;) {
    const bytes = await recv(consockfd, 1024);
    if (bytes.length === 0) return;
    await send(consockfd, decode(bytes).toUpperCase());
  }
}

// Create socket to receive requests
const ltnsockfd = await socket(AF_INET, SOCK_STREAM, 0);
await setsockopt(ltnsockfd, SOL_SOCKET, SO_REUSEADDR, true);

// Bind socket to port
const servAddr: SockAddr = { address: INADDR_ANY, port: Number(portno) };
await bind(ltnsockfd, servAddr);

// Listen for incoming connections
await listen(ltnsockfd, MAXQUEUE);
print(`Listening on port ${portno}`);

while (true) {
  // Accept incoming connection, obtaining a new socket for it
  const cliAddr: SockAddr = { address: "", port: 0 };
  const consockfd = await accept(ltnsockfd, cliAddr);
  print(`Connection from ${cliAddr.address}:${cliAddr.port}`);

  await server(consockfd);

  await close(consockfd);
}
