/** Calls that move bytes: read, write and their relatives, with what is to be in the bytes. */
import { concatBytes } from "../base/bytes.ts";
import { E } from "../kernel/syscall/errno.ts";
import { MSG, SOL, type Call, type Message, type SocketAddress, type Sys } from "../kernel/syscall/sys.ts";
import { IPV4_ANY } from "../wire/address.ts";
import type { Arguments } from "./call-arguments.ts";
import { socketAddress, type BufferArgument } from "./call-arguments.ts";
import type { CallTable, PreparedCall } from "./call-table.ts";
import { failed } from "./problem.ts";
import type { ScriptSocket } from "./script-socket.ts";
import { checkControl } from "./control-message.ts";

/** The bytes that a write of `length` has. */
function outgoing(buffer: BufferArgument, length: number, socket: ScriptSocket | null): Uint8Array {
  if (buffer.kind === "text") {
    const bytes = new Uint8Array(length);
    bytes.set(buffer.bytes.subarray(0, length));
    if (socket !== null) socket.sent.write(startOf(socket, socket.writtenBytes), bytes);
    return bytes;
  }
  return socket === null ? new Uint8Array(length) : socket.sent.read(startOf(socket, socket.writtenBytes), length);
}

/** A stream goes on where it was, a datagram begins anew. */
const startOf = (socket: ScriptSocket, place: number): number => (socket.protocol === "tcp" ? place : 0);

function noteWritten(socket: ScriptSocket | null, result: number): null {
  if (socket !== null && result > 0) socket.writtenBytes += result;
  return null;
}

/** @returns what is wrong with the bytes that were read. */
function checkRead(
  socket: ScriptSocket | null,
  bytes: Uint8Array,
  flags: number,
  wanted: BufferArgument,
): string | null {
  if (wanted.kind === "text") {
    const same = wanted.bytes.every((byte, index) => byte === bytes[index]);
    if (!same || (!wanted.open && wanted.bytes.length !== bytes.length)) {
      return "other bytes than the script's were read";
    }
  }
  if (socket === null || (flags & MSG.ERRQUEUE) !== 0) return null;
  const start = startOf(socket, socket.readBytes);
  if ((flags & MSG.PEEK) === 0) socket.readBytes += bytes.length;
  // A stream that is asked to throw its bytes away fills no buffer.
  if (socket.protocol === "tcp" && (flags & MSG.TRUNC) !== 0) return null;
  const at = socket.received.differsAt(start, bytes);
  return at < 0 ? null : `the byte ${at} of the stream is not the one that was sent`;
}

/** NULL where bytes should be: the kernel faults when it comes to copy them. */
function faulting(live: number): PreparedCall {
  return {
    files: [live],
    *job(sys: Sys): Call<number> {
      const isOpen = yield* sys.getsockopt(live, SOL.SOCKET, 3);
      return "error" in isOpen && isOpen.error === -E.EBADF ? -E.EBADF : -E.EFAULT;
    },
  };
}

interface Transfer {
  readonly live: number;
  readonly socket: ScriptSocket | null;
  readonly buffer: BufferArgument;
  readonly length: number;
}

/** fd, buffer, length. */
function transferOf(args: Arguments, table: CallTable): Transfer {
  const fd = args.number(0);
  return { live: table.live(fd), socket: table.socket(fd), buffer: args.buffer(1), length: args.size(2) };
}

/** write(fd, buffer, n), send(fd, buffer, n, flags), sendto(fd, buffer, n, flags, address, length). */
export function prepareSend(args: Arguments, table: CallTable): PreparedCall {
  if (args.name === "write") args.require(3);
  else if (args.name === "send") args.require(4);
  else args.require(6);
  const { live, socket, buffer, length } = transferOf(args, table);
  if (buffer.kind === "null" && length > 0) return faulting(live);
  const bytes = outgoing(buffer, length, socket);
  const flags = args.name === "write" ? 0 : args.number(3);
  const to = args.name === "sendto" ? destinationOf(args, flags, table, socket) : null;
  return {
    files: [live],
    job: (sys) => (args.name === "write" ? sys.write(live, bytes) : sys.sendto(live, bytes, flags, to)),
    check: (result) => noteWritten(socket, result),
  };
}

/** Where to: a fast open is a connect too. */
function destinationOf(
  args: Arguments,
  flags: number,
  table: CallTable,
  socket: ScriptSocket | null,
): SocketAddress | null {
  const { remoteAddress, connectPort } = table.settings;
  const to = args.address(4, { address: remoteAddress, port: connectPort });
  if (to !== null && (flags & MSG.FASTOPEN) !== 0 && socket?.phase === "new") {
    socket.connect({ address: to.address, port: to.port });
  }
  return to;
}

/** read(fd, buffer, n), recv(fd, buffer, n, flags), recvfrom(fd, buffer, n, flags, address, length). */
export function prepareReceive(args: Arguments, table: CallTable): PreparedCall {
  if (args.name === "read") args.require(3);
  else if (args.name === "recv") args.require(4);
  else args.require(6);
  const { live, socket, buffer, length } = transferOf(args, table);
  if (buffer.kind === "null" && length > 0) return faulting(live);
  const flags = args.name === "read" ? 0 : args.number(3);
  const bytes = new Uint8Array(length);
  return {
    files: [live],
    job: (sys) => (args.name === "read" ? sys.read(live, bytes) : sys.recvfrom(live, bytes, flags, null)),
    check: (result) =>
      result < 0 ? null : checkRead(socket, bytes.subarray(0, Math.min(result, length)), flags, buffer),
  };
}

/** sendmsg(fd, {msg_name(...)=..., msg_iov(n)=[{..., length}], msg_flags=0}, flags), writev(fd, [{..., length}], n). */
export function prepareSendMessage(args: Arguments, table: CallTable): PreparedCall {
  args.require(3);
  const fd = args.number(0);
  const [live, socket] = [table.live(fd), table.socket(fd)];
  const isVector = args.name === "writev";
  const flags = isVector ? 0 : args.number(2);
  const pieces = isVector ? piecesOf(args, 1) : messagePieces(args, 1);
  const to = (flags & MSG.FASTOPEN) === 0 ? null : fastOpenTarget(table, socket);
  const whole = outgoing(
    { kind: "any" },
    pieces.reduce((sum, piece) => sum + piece, 0),
    socket,
  );
  let at = 0;
  const buffers = pieces.map((length) => whole.subarray(at, (at += length)));
  return {
    files: [live],
    job: (sys) => sys.sendmsg(live, buffers, flags, to),
    check: (result) => noteWritten(socket, result),
  };
}

function fastOpenTarget(table: CallTable, socket: ScriptSocket | null): SocketAddress {
  const { remoteAddress: address, connectPort: port } = table.settings;
  if (socket?.phase === "new") {
    socket.connect({ address, port });
  }
  return socketAddress(2, address, port);
}

/** Lengths of the buffers of a msghdr. */
function messagePieces(args: Arguments, index: number): number[] {
  const struct = args.struct(args.at(index));
  const vector = struct.optional("msg_iov");
  if (vector === null) throw failed(struct.line, `${args.name}(): msg_iov= expected in the structure`);
  return args.list(vector).map((piece) => pieceLength(args, piece));
}

const piecesOf = (args: Arguments, index: number): number[] =>
  args.list(args.at(index)).map((piece) => pieceLength(args, piece));

/** `{..., 1000}` or `{iov_base=..., iov_len=1000}`. */
function pieceLength(args: Arguments, piece: ReturnType<Arguments["at"]>): number {
  const struct = args.struct(piece);
  const length = struct.optional("iov_len") ?? struct.unnamed[1];
  if (length === undefined) throw failed(struct.line, `${args.name}(): {..., LENGTH} expected`);
  return args.valueOf(length);
}

/** recvmsg(fd, {msg_name(...)=..., msg_iov(n)=[...], msg_flags=..., msg_control=[...]}, flags), and readv. */
export function prepareReceiveMessage(args: Arguments, table: CallTable): PreparedCall {
  args.require(3);
  const fd = args.number(0);
  const [live, socket] = [table.live(fd), table.socket(fd)];
  const isVector = args.name === "readv";
  const flags = isVector ? 0 : args.number(2);
  const pieces = isVector ? piecesOf(args, 1) : messagePieces(args, 1);
  const bytes = concatBytes(pieces.map((length) => new Uint8Array(length)));
  const message: Message = {
    from: socketAddress(0, IPV4_ANY, 0),
    flags: 0,
    ttl: null,
    tos: null,
    timestamp: null,
    error: null,
  };
  return {
    files: [live],
    job: (sys) => sys.recvmsg(live, bytes, flags, message),
    check: (result) => {
      if (result < 0) return null;
      const problem = checkRead(socket, bytes.subarray(0, Math.min(result, bytes.length)), flags, { kind: "any" });
      return problem ?? (isVector ? null : checkMessage(args, message));
    },
  };
}

function checkMessage(args: Arguments, message: Message): string | null {
  const struct = args.struct(args.at(1));
  const wanted = struct.optional("msg_flags");
  const flags = wanted === null ? message.flags : args.valueOf(wanted);
  if (flags !== message.flags) {
    return `msg_flags 0x${flags.toString(16)} expected, 0x${message.flags.toString(16)} found`;
  }
  const control = struct.optional("msg_control");
  return control === null ? null : checkControl(args, args.list(control), message);
}
