/**
 * httpd: a web server for static files, HTTP/1.1 with persistent connections (RFC 9110, 9112), many clients at once in
 * one process by epoll. Left out: ranges, conditional requests, compression, scripts, TLS, names of virtual hosts.
 */
import { SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { AF, EPOLL, EPOLL_CTL, SO, SOCK, SOL, type Call, type EpollEvent, type Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4, IPV4_ANY, parseIpv4, type Ipv4Address } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";
import { command, fail, usageError, type CommandSpec } from "../lib/command.ts";
import { parseInteger } from "../lib/numbers.ts";
import { print } from "../lib/output.ts";
import { catchInterrupt, interrupted } from "../lib/signals.ts";
import { HTTP_CONNECTIONS_MAX } from "../limits.ts";
import { Connection, type Wants } from "./httpd-connection.ts";

const HTTPD: CommandSpec = {
  name: "httpd",
  usage: [
    "usage: httpd [-p port] [-d directory] [-b address]",
    "  -p #    port to listen on (default 80)",
    "  -d dir  directory to serve (default the current one)",
    "  -b ip   address to listen on (default all)",
  ].join("\n"),
  short: "p:d:b:h",
  usageOnError: true,
};

const BACKLOG = 511;
/** How long a connection may be silent. */
const IDLE = 15 * SECOND;
const EVENTS = 64;

export const httpd = command(HTTPD, function* (sys, args) {
  if (args.has("h")) {
    yield* print(sys, `${HTTPD.usage}\n`);
    return 0;
  }
  const port = parseInteger(args.value("p") ?? "80", 1, 65_535);
  const address = parseIpv4(args.value("b") ?? "0.0.0.0");
  const directory = args.value("d") ?? args.operand(0) ?? ".";
  if (port === null) return yield* usageError(sys, HTTPD, `bad port: ${args.value("p") ?? ""}`);
  if (!address.ok) return yield* usageError(sys, HTTPD, `bad address: ${args.value("b") ?? ""}`);
  const stat = yield* sys.stat(directory);
  if (typeof stat === "number") return yield* fail(sys, `httpd: ${directory}: ${strerror(stat)}`);
  if (stat.kind !== "directory") return yield* fail(sys, `httpd: ${directory}: ${strerror(E.ENOTDIR)}`);
  const listener = yield* listenOn(sys, address.value, port);
  if (listener < 0) return yield* fail(sys, `httpd: bind to port ${port}: ${strerror(listener)}`);
  yield* catchInterrupt(sys);
  yield* print(sys, `httpd: serving ${directory} on ${formatIpv4(address.value)} port ${port}\n`);
  return yield* new Server(sys, listener, directory.replace(/\/+$/, "")).run();
});

function* listenOn(sys: Sys, address: Ipv4Address, port: number): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.STREAM | SOCK.NONBLOCK, 0);
  if (fd < 0) return fd;
  yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
  const bound = yield* sys.bind(fd, inetAddress(address, port));
  if (bound < 0) return bound;
  const listening = yield* sys.listen(fd, BACKLOG);
  return listening < 0 ? listening : fd;
}

const EVENTS_OF: Readonly<Record<Wants, number>> = { read: EPOLL.IN, write: EPOLL.OUT, nothing: 0 };

class Server {
  readonly #sys: Sys;
  readonly #listener: number;
  readonly #root: string;
  #epoll = -1;
  /** By descriptor; in the order of their deadlines, as all may be silent for equally long. */
  readonly #connections = new Map<number, Connection>();
  #isAccepting = true;

  constructor(sys: Sys, listener: number, root: string) {
    this.#sys = sys;
    this.#listener = listener;
    this.#root = root;
  }

  *run(): Call<number> {
    const sys = this.#sys;
    this.#epoll = yield* sys.epollCreate();
    if (this.#epoll < 0) return yield* fail(sys, `httpd: epoll_create: ${strerror(this.#epoll)}`);
    yield* this.#watch(EPOLL_CTL.ADD, this.#listener, EPOLL.IN);
    const events: EpollEvent[] = Array.from({ length: EVENTS }, () => ({ events: 0, data: 0 }));
    for (;;) {
      const count = yield* sys.epollWait(this.#epoll, events, this.#timeout());
      if (count === -E.EINTR && (yield* interrupted(sys))) return 0;
      for (const { data } of events.slice(0, Math.max(0, count))) {
        if (data === this.#listener) yield* this.#accept();
        else yield* this.#serve(data);
      }
      yield* this.#expire();
    }
  }

  #watch(operation: number, fd: number, events: number): Call<number> {
    return this.#sys.epollCtl(this.#epoll, operation, fd, { events, data: fd });
  }

  #timeout(): number {
    for (const { deadline } of this.#connections.values()) return Math.max(0, deadline - this.#sys.now());
    return -1;
  }

  *#accept(): Call<void> {
    const sys = this.#sys;
    while (this.#connections.size < HTTP_CONNECTIONS_MAX) {
      const peer = inetAddress(IPV4_ANY);
      const fd = yield* sys.accept4(this.#listener, peer, SOCK.NONBLOCK);
      // One that was reset before it was accepted is no reason to stop.
      if (fd === -E.ECONNABORTED || fd === -E.EINTR) continue;
      if (fd < 0) return;
      this.#connections.set(fd, new Connection(sys, fd, this.#root, peer.address));
      yield* this.#watch(EPOLL_CTL.ADD, fd, EPOLL.IN);
      yield* this.#serve(fd);
    }
    // Full: the others wait in the kernel's queue until one goes.
    this.#isAccepting = false;
    yield* this.#watch(EPOLL_CTL.MOD, this.#listener, 0);
  }

  *#serve(fd: number): Call<void> {
    const connection = this.#connections.get(fd);
    if (connection === undefined) return;
    this.#connections.delete(fd);
    connection.deadline = this.#sys.now() + IDLE;
    this.#connections.set(fd, connection);
    yield* this.#follow(connection, yield* connection.advance());
  }

  *#follow(connection: Connection, wants: Wants): Call<void> {
    const { fd } = connection;
    if (wants !== "nothing") {
      if (wants !== connection.registered) yield* this.#watch(EPOLL_CTL.MOD, fd, EVENTS_OF[wants]);
      connection.registered = wants;
      return;
    }
    this.#connections.delete(fd);
    yield* connection.close();
    if (this.#isAccepting) return;
    this.#isAccepting = true;
    yield* this.#watch(EPOLL_CTL.MOD, this.#listener, EPOLL.IN);
  }

  *#expire(): Call<void> {
    for (const connection of this.#connections.values()) {
      if (connection.deadline > this.#sys.now()) return;
      this.#connections.delete(connection.fd);
      connection.deadline = this.#sys.now() + IDLE;
      this.#connections.set(connection.fd, connection);
      yield* this.#follow(connection, yield* connection.expire());
    }
  }
}
