/**
 * What guests ask of sockets, as system calls. All sockets of a guest are non-blocking: whoever would block waits in
 * the program's loop (guest-process.ts), so that any number of calls may be under way.
 */
import { E } from "../kernel/syscall/errno.ts";
import { AF, MSG, SO, SOCK, SOL, type Call, type SocketAddress, type Sys } from "../kernel/syscall/sys.ts";
import type { Request } from "./request.ts";

/** The address of a request, or room for one in an answer; used within one call of the kernel only. */
function addressRecord(address: number, port: number): SocketAddress {
  return {
    family: AF.INET,
    address: (address >>> 0) as SocketAddress["address"],
    port: port & 0xffff,
    device: 0,
    protocol: 0,
    packetType: 0,
  };
}

export function* socket(sys: Sys, request: Request): Call<number> {
  return yield* sys.socket(request.a, request.b | SOCK.NONBLOCK, request.c);
}

export function* bind(sys: Sys, request: Request): Call<number> {
  return yield* sys.bind(request.a, addressRecord(request.b, request.c));
}

export function* listen(sys: Sys, request: Request): Call<number> {
  return yield* sys.listen(request.a, Math.min(request.b, 0x7fffffff));
}

export function* shutdown(sys: Sys, request: Request): Call<number> {
  const how = request.b;
  return how === 0 || how === 1 || how === 2 ? yield* sys.shutdown(request.a, how) : -E.EINVAL;
}

export function* connect(sys: Sys, request: Request): Call<number> {
  if (request.isBegun) {
    const error = yield* sys.getsockopt(request.a, SOL.SOCKET, SO.ERROR);
    if ("error" in error) return error.error;
    return typeof error.value === "number" ? -error.value : -E.EINVAL;
  }
  const result = yield* sys.connect(request.a, addressRecord(request.b, request.c));
  if (result !== -E.EINPROGRESS) return result;
  request.isBegun = true;
  request.wait("writable");
  return 0;
}

export function* accept(sys: Sys, request: Request): Call<number> {
  const from = addressRecord(0, 0);
  const fd = yield* sys.accept4(request.a, from, SOCK.NONBLOCK);
  if (fd === -E.EAGAIN) request.wait("readable");
  request.answerB = from.address;
  request.answerC = from.port;
  return fd;
}

/** Goes on until all is sent, as a blocking socket does. */
export function* send(sys: Sys, request: Request): Call<number> {
  const flags = request.b | MSG.NOSIGNAL;
  const rest = request.done === 0 ? request.data : request.data.subarray(request.done);
  const result = yield* sys.sendto(request.a, rest, flags | MSG.DONTWAIT, null);
  if (result >= 0) request.done += result;
  if (result < 0 && result !== -E.EAGAIN) return request.done > 0 ? request.done : result;
  const isComplete = request.done >= request.data.length;
  if (isComplete || (flags & MSG.DONTWAIT) !== 0) return request.done > 0 || isComplete ? request.done : result;
  request.wait("writable");
  return 0;
}

export function* sendto(sys: Sys, request: Request): Call<number> {
  const flags = request.b | MSG.NOSIGNAL | MSG.DONTWAIT;
  const result = yield* sys.sendto(request.a, request.data, flags, addressRecord(request.c, request.d));
  if (result === -E.EAGAIN && (request.b & MSG.DONTWAIT) === 0) request.wait("writable");
  return result;
}

export function* recv(sys: Sys, request: Request): Call<number> {
  return yield* receive(sys, request, null);
}

export function* recvfrom(sys: Sys, request: Request): Call<number> {
  const from = addressRecord(0, 0);
  const result = yield* receive(sys, request, from);
  request.answerB = from.address;
  request.answerC = from.port;
  return result;
}

/** Bytes asked for at most; a guest that asks for more gets less, as from any socket. */
const RECEIVE_BYTES_MAX = 65_536;
/** Received into, and copied from: programs ask for much more than comes. */
const buffer = new Uint8Array(RECEIVE_BYTES_MAX);

function* receive(sys: Sys, request: Request, from: SocketAddress | null): Call<number> {
  const into = buffer.subarray(0, Math.min(request.b, RECEIVE_BYTES_MAX));
  const result = yield* sys.recvfrom(request.a, into, request.c | MSG.DONTWAIT, from);
  if (result === -E.EAGAIN && (request.c & MSG.DONTWAIT) === 0) request.wait("readable");
  if (result > 0) request.bytes = into.slice(0, result);
  return result;
}

export function* getsockname(sys: Sys, request: Request): Call<number> {
  const address = addressRecord(0, 0);
  const result = yield* sys.getsockname(request.a, address);
  request.answerB = address.address;
  request.answerC = address.port;
  return result;
}

export function* getpeername(sys: Sys, request: Request): Call<number> {
  const address = addressRecord(0, 0);
  const result = yield* sys.getpeername(request.a, address);
  request.answerB = address.address;
  request.answerC = address.port;
  return result;
}

export function* setsockopt(sys: Sys, request: Request): Call<number> {
  return yield* sys.setsockopt(request.a, request.b, request.c, request.d);
}

export function* getsockopt(sys: Sys, request: Request): Call<number> {
  const result = yield* sys.getsockopt(request.a, request.b, request.c);
  if ("error" in result) return result.error;
  if (typeof result.value !== "number") return -E.EINVAL;
  request.answerB = result.value;
  return 0;
}
