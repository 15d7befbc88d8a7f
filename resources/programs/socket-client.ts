/**
 * The client of the socket lecture: make a socket, connect it to the server, talk, close.
 * Arguments: host name, port, and what to say.
 */
import { args, decode, print } from "lastack";
import {
  AF_INET,
  close,
  connect,
  recv,
  send,
  SHUT_WR,
  shutdown,
  SOCK_STREAM,
  socket,
  type SockAddr,
} from "lastack/socket";

const [hostname = "server", portno = "8080", ...words] = args;

/** Sends one request and prints the answer, until the server says no more. */
async function client(sockfd: number): Promise<void> {
  await send(sockfd, words.length > 0 ? words.join(" ") : "hello");
  // The server sees the end of our request; its answer can still come.
  await shutdown(sockfd, SHUT_WR);
  for (;;) {
    const bytes = await recv(sockfd, 1024);
    if (bytes.length === 0) return;
    print(decode(bytes));
  }
}

const servAddr: SockAddr = { address: hostname, port: Number(portno) };

// Create a TCP socket
const sockfd = await socket(AF_INET, SOCK_STREAM, 0);

// Connect to server on port
await connect(sockfd, servAddr);
print(`Connected to ${hostname}:${portno}`);

// Carry out the client's side of the protocol
await client(sockfd);

// Clean up on termination
await close(sockfd);
