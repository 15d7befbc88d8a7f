/** Module `lastack/socket`: Berkeley sockets. What each function does is said in socket.d.ts. */
import { dataOf, descriptor, natural, string } from "./check.ts";
import {
  answerB,
  answerC,
  answeredBytes,
  asIs,
  itsBytes,
  nothing,
  OPERATION,
  outward,
  PAYLOAD_BYTES,
  request,
  TEXT_UNITS_MAX,
  type Data,
} from "./kernel.ts";

export interface SockAddr {
  address: string;
  port: number;
}

export const AF_INET = 2;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const INADDR_ANY = "0.0.0.0";
export const INADDR_LOOPBACK = "127.0.0.1";
export const INADDR_BROADCAST = "255.255.255.255";
export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;
export const MSG_PEEK = 2;
export const MSG_DONTWAIT = 0x40;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_BROADCAST = 6;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_KEEPALIVE = 9;
export const TCP_NODELAY = 1;

type Name =
  | "socket"
  | "bind"
  | "listen"
  | "accept"
  | "connect"
  | "send"
  | "sendto"
  | "recv"
  | "recvfrom"
  | "shutdown"
  | "close"
  | "getsockname"
  | "getpeername"
  | "setsockopt"
  | "getsockopt"
  | "gethostbyname";
const OP = OPERATION as Record<Name, number>;
const { send: OP_SEND, sendto: OP_SENDTO, recv: OP_RECV, recvfrom: OP_RECVFROM } = OP;

// Addresses: numbers below, text above; both ways are remembered.

const numbers = new Map<string, number>();
const texts = new Map<number, string>();
const REMEMBERED_MAX = 4096;

function remember(text: string, number: number): number {
  if (numbers.size >= REMEMBERED_MAX) numbers.clear();
  numbers.set(text, number);
  return number;
}

function quad(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let part = 1; part <= 4; part++) {
    const number = Number(match[part]);
    if (number > 255) return undefined;
    value = value * 256 + number;
  }
  return value;
}

function addressText(number: number): string {
  let text = texts.get(number);
  if (text === undefined) {
    text = `${Math.floor(number / 0x1000000)}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
    if (texts.size >= REMEMBERED_MAX) texts.clear();
    texts.set(number, text);
  }
  return text;
}

/** The number of an address, or of a name that was looked up before; undefined for another name. */
function known(text: string): number | undefined {
  const found = numbers.get(text);
  if (found !== undefined) return found;
  const number = quad(text);
  return number === undefined ? undefined : remember(text, number);
}

const lookUp = (name: string): Promise<number> =>
  request(OP.gethostbyname, () => remember(name, answerB()), undefined, name);

/** The port of an address that a program gave. On the way of every datagram: texts are put together when needed. */
function portOf(addr: SockAddr, call: string): number {
  const { address, port } = addr;
  if (typeof address === "string" && typeof port === "number" && port >= 0 && port <= 65_535 && port % 1 === 0) {
    return port;
  }
  string(address, `${call}: the address`);
  throw new TypeError(`${call}: the port is ${natural(port, `${call}: the port`)}`);
}

/** A call with an address, for which a name may have to be looked up first. */
function addressed<T>(text: string, call: (address: number) => Promise<T>): Promise<T> {
  const number = known(text);
  return number === undefined ? outward(lookUp(text).then(call)) : call(number);
}

export function gethostbyname(name: string): Promise<string> {
  const number = known(string(name, "gethostbyname: the name"));
  return number === undefined ? outward(lookUp(name).then(addressText)) : Promise.resolve(addressText(number));
}

// Calls

export function socket(domain: number, type: number, protocol = 0): Promise<number> {
  const kind = natural(type, "socket: the type");
  return request(
    OP.socket,
    asIs,
    undefined,
    undefined,
    natural(domain, "socket: the domain"),
    kind,
    natural(protocol, "socket: the protocol"),
  );
}

export function bind(sockfd: number, addr: SockAddr): Promise<void> {
  const fd = descriptor(sockfd, "bind");
  const port = portOf(addr, "bind");
  return addressed(addr.address, (address) => request(OP.bind, nothing, undefined, undefined, fd, address, port));
}

export function connect(sockfd: number, addr: SockAddr): Promise<void> {
  const fd = descriptor(sockfd, "connect");
  const port = portOf(addr, "connect");
  return addressed(addr.address, (address) => request(OP.connect, nothing, undefined, undefined, fd, address, port));
}

export function listen(sockfd: number, backlog: number): Promise<void> {
  return request(
    OP.listen,
    nothing,
    undefined,
    undefined,
    descriptor(sockfd, "listen"),
    natural(backlog, "listen: the backlog"),
  );
}

/** Fills `addr` in from the answer. */
function fill(addr: SockAddr | undefined): void {
  if (addr === undefined) return;
  addr.address = addressText(answerB());
  addr.port = answerC();
}

function accepted(fd: number, cliAddr: SockAddr | undefined): number {
  fill(cliAddr);
  return fd;
}

function receivedFrom(_length: number, from: SockAddr): Uint8Array {
  fill(from);
  return answeredBytes();
}

export function accept(sockfd: number, cliAddr?: SockAddr): Promise<number> {
  return request(OP.accept, accepted, cliAddr, undefined, descriptor(sockfd, "accept"));
}

// The next four are on the way of every message. What is as it should be is not handed to a function to be checked, and
// not compared as text (`typeof`): a whole number is itself after `| 0`, a port after `& 0xffff`, and what has a length
// that fits is a string or a Uint8Array, or an error of the engine's.

export function send(sockfd: number, data: Data, flags = 0): Promise<number> {
  if ((sockfd | 0) === sockfd && data?.length <= TEXT_UNITS_MAX && flags === 0) {
    return request(OP_SEND, asIs, undefined, data, sockfd);
  }
  const fd = descriptor(sockfd, "send");
  const bytes = dataOf(data, "send");
  const bits = natural(flags, "send: flags");
  if (bytes.length <= PAYLOAD_BYTES) return request(OP_SEND, asIs, undefined, bytes, fd, bits);
  return outward(sendPieces(fd, bytes as Uint8Array, bits));
}

async function sendPieces(fd: number, bytes: Uint8Array, flags: number): Promise<number> {
  for (let at = 0; at < bytes.length; at += PAYLOAD_BYTES) {
    await request(OP.send, asIs, undefined, bytes.subarray(at, at + PAYLOAD_BYTES), fd, flags);
  }
  return bytes.length;
}

export function sendto(sockfd: number, data: Data, addr: SockAddr, flags = 0): Promise<number> {
  const { address, port } = addr;
  const number = numbers.get(address);
  const isPlain = (sockfd | 0) === sockfd && (port & 0xffff) === port && flags === 0;
  if (isPlain && number !== undefined && data?.length <= TEXT_UNITS_MAX) {
    return request(OP_SENDTO, asIs, undefined, data, sockfd, 0, number, port);
  }
  return sendChecked(sockfd, data, addr, flags);
}

function sendChecked(sockfd: number, data: Data, addr: SockAddr, flags: number): Promise<number> {
  const fd = descriptor(sockfd, "sendto");
  const bytes = dataOf(data, "sendto");
  const port = portOf(addr, "sendto");
  const bits = natural(flags, "sendto: flags");
  if (bytes.length > PAYLOAD_BYTES) throw new TypeError(`sendto: ${bytes.length} bytes do not fit a datagram`);
  return addressed(addr.address, (address) => request(OP_SENDTO, asIs, undefined, bytes, fd, bits, address, port));
}

export function recv(sockfd: number, length: number, flags = 0): Promise<Uint8Array> {
  const fd = (sockfd | 0) === sockfd ? sockfd : descriptor(sockfd, "recv");
  const most = (length & 0xffff) === length ? length : mostOf(length, "recv");
  const bits = flags === 0 ? 0 : natural(flags, "recv: flags");
  return request(OP_RECV, itsBytes, undefined, undefined, fd, most, bits);
}

export function recvfrom(sockfd: number, length: number, from?: SockAddr, flags = 0): Promise<Uint8Array> {
  const fd = (sockfd | 0) === sockfd ? sockfd : descriptor(sockfd, "recvfrom");
  const most = (length & 0xffff) === length ? length : mostOf(length, "recvfrom");
  const bits = flags === 0 ? 0 : natural(flags, "recvfrom: flags");
  if (from === undefined) return request(OP_RECVFROM, itsBytes, undefined, undefined, fd, most, bits);
  return request(OP_RECVFROM, receivedFrom, from, undefined, fd, most, bits);
}

/** How many bytes a call may bring. */
function mostOf(length: number, call: string): number {
  return Math.min(natural(length, `${call}: the length`), PAYLOAD_BYTES);
}

export function shutdown(sockfd: number, how: number): Promise<void> {
  return request(
    OP.shutdown,
    nothing,
    undefined,
    undefined,
    descriptor(sockfd, "shutdown"),
    natural(how, "shutdown: how"),
  );
}

export function close(fd: number): Promise<void> {
  return request(OP.close, nothing, undefined, undefined, descriptor(fd, "close"));
}

const answeredAddress = (): SockAddr => ({ address: addressText(answerB()), port: answerC() });

export function getsockname(sockfd: number): Promise<SockAddr> {
  return request(OP.getsockname, answeredAddress, undefined, undefined, descriptor(sockfd, "getsockname"));
}

export function getpeername(sockfd: number): Promise<SockAddr> {
  return request(OP.getpeername, answeredAddress, undefined, undefined, descriptor(sockfd, "getpeername"));
}

export function setsockopt(sockfd: number, level: number, name: number, value: number | boolean): Promise<void> {
  const fd = descriptor(sockfd, "setsockopt");
  if (typeof value !== "number" && typeof value !== "boolean")
    throw new TypeError(`setsockopt: the value is ${typeof value}`);
  const option = natural(name, "setsockopt: the name");
  return request(
    OP.setsockopt,
    nothing,
    undefined,
    undefined,
    fd,
    natural(level, "setsockopt: the level"),
    option,
    Number(value),
  );
}

export function getsockopt(sockfd: number, level: number, name: number): Promise<number> {
  const option = natural(name, "getsockopt: the name");
  return request(
    OP.getsockopt,
    answerB,
    undefined,
    undefined,
    descriptor(sockfd, "getsockopt"),
    natural(level, "getsockopt: the level"),
    option,
  );
}
