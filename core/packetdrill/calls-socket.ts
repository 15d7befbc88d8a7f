/** Calls that make, connect and close sockets, set and read their options. */
import { MICROSECOND, SECOND } from "../base/time.ts";
import { E } from "../kernel/syscall/errno.ts";
import {
  AF,
  O,
  SO,
  SOCK,
  SOL,
  type Call,
  type OptionResult,
  type OptionValue,
  type Sys,
} from "../kernel/syscall/sys.ts";
import { IPV4_ANY } from "../wire/address.ts";
import type { Expression } from "./ast.ts";
import type { Arguments } from "./call-arguments.ts";
import { socketAddress } from "./call-arguments.ts";
import type { CallTable, PreparedCall } from "./call-table.ts";
import { unsupported } from "./problem.ts";
import { ScriptSocket } from "./script-socket.ts";
import { FCNTL } from "./symbols.ts";

const TYPE_MASK = 0xf;

export function prepareSocket(args: Arguments, table: CallTable): PreparedCall {
  args.require(3);
  const domain = args.isAny(0) ? AF.INET : args.number(0);
  const type = args.number(1);
  const protocol = args.number(2);
  const kind = (type & TYPE_MASK) === SOCK.STREAM ? "tcp" : (type & TYPE_MASK) === SOCK.DGRAM ? "udp" : "icmp";
  return {
    files: [],
    job: (sys) => sys.socket(domain, type, protocol),
    opens: () => {
      const socket = new ScriptSocket(kind);
      table.add(socket);
      return socket;
    },
  };
}

export function prepareBind(args: Arguments, table: CallTable): PreparedCall {
  args.require(3);
  const { live, socket } = fileOf(args, table);
  const { localAddress, bindPort } = table.settings;
  const address = args.address(1, { address: localAddress, port: bindPort });
  if (address === null) return answer(live, () => -E.EFAULT);
  return {
    files: [live],
    job: (sys) => sys.bind(live, address),
    check: (result) => {
      const own = address.address === IPV4_ANY ? localAddress : address.address;
      if (result === 0 && socket !== null) socket.local = { address: own, port: address.port };
      return null;
    },
  };
}

export function prepareListen(args: Arguments, table: CallTable): PreparedCall {
  args.require(2);
  const { live, socket } = fileOf(args, table);
  const backlog = args.number(1);
  return {
    files: [live],
    job: (sys) => sys.listen(live, backlog),
    check: (result) => {
      if (result === 0 && socket !== null) socket.phase = "listening";
      return null;
    },
  };
}

/** accept(fd, ..., ...), accept4(fd, ..., ..., flags). */
export function prepareAccept(args: Arguments, table: CallTable): PreparedCall {
  args.require(args.name === "accept4" ? 4 : 3);
  const { live } = fileOf(args, table);
  const from = socketAddress(AF.UNSPEC, IPV4_ANY, 0);
  const flags = args.name === "accept4" ? args.number(3) : 0;
  return {
    files: [live],
    job: (sys) => (flags === 0 ? sys.accept(live, from) : sys.accept4(live, from, flags)),
    opens: () => {
      const isPeer = (socket: ScriptSocket): boolean => socket.scriptFd < 0 && socket.remote.port === from.port;
      return table.sockets.find(isPeer) ?? null;
    },
  };
}

export function prepareConnect(args: Arguments, table: CallTable): PreparedCall {
  args.require(3);
  const { live, socket } = fileOf(args, table);
  const { remoteAddress, connectPort } = table.settings;
  const to = args.address(1, { address: remoteAddress, port: connectPort });
  if (to === null) return answer(live, () => -E.EFAULT);
  const begin = (): void => {
    if (to.family === AF.INET) socket?.connect({ address: to.address, port: to.port });
  };
  if (socket?.phase === "new") begin();
  return {
    files: [live],
    job: (sys) => sys.connect(live, to),
    check: (result) => {
      // Taken apart: what it still sends belongs to the old connection, until there is a new one.
      if (to.family === AF.UNSPEC && result === 0 && socket !== null) socket.phase = "new";
      // After one that failed, a new SYN goes out from a new port.
      else if (result === -E.EINPROGRESS && socket?.phase !== "connecting") begin();
      return null;
    },
  };
}

export function prepareShutdown(args: Arguments, table: CallTable): PreparedCall {
  args.require(2);
  const { live } = fileOf(args, table);
  const how = args.number(1) as 0 | 1 | 2;
  return { files: [live], job: (sys) => sys.shutdown(live, how) };
}

export function prepareClose(args: Arguments, table: CallTable): PreparedCall {
  args.require(1);
  const { live } = fileOf(args, table);
  return {
    files: [live],
    closes: live,
    job: (sys) => sys.close(live),
    check: (result) => {
      if (result === 0) table.close(args.number(0));
      return null;
    },
  };
}

/** fcntl(fd, F_GETFL), fcntl(fd, F_SETFL, flags). */
export function prepareFcntl(
  args: Arguments,
  table: CallTable,
  isNonblocking: (live: number) => boolean,
): PreparedCall {
  args.require(2, 3);
  const { live } = fileOf(args, table);
  const command = args.number(1);
  if (command === FCNTL.GETFL) {
    return answer(live, () => O.RDWR | (isNonblocking(live) ? O.NONBLOCK : 0));
  }
  if (command !== FCNTL.SETFL) throw unsupported(args.line, "fcntl(): F_GETFL or F_SETFL expected");
  const on = (args.number(2) & O.NONBLOCK) !== 0;
  return { files: [live], job: (sys) => sys.fcntlNonblock(live, on) };
}

/** ioctl(fd, SIOCINQ, [bytes]). */
export function prepareIoctl(args: Arguments, table: CallTable): PreparedCall {
  args.require(2, 3);
  const { live } = fileOf(args, table);
  const request = args.number(1);
  let value = 0;
  return {
    files: [live],
    *job(sys: Sys): Call<number> {
      value = yield* sys.ioctl(live, request);
      return Math.min(value, 0);
    },
    check: (result) => {
      if (result < 0 || args.length < 3 || args.isAny(2)) return null;
      const [wanted] = args.list(args.at(2));
      if (wanted === undefined) return null;
      const expected = args.valueOf(wanted);
      return expected === value ? null : `${expected} expected, ${value} found`;
    },
  };
}

/** setsockopt(fd, level, option, [value], length). */
export function prepareSetOption(args: Arguments, table: CallTable): PreparedCall {
  args.require(5);
  const { live } = fileOf(args, table);
  const [level, option] = [args.number(1), args.number(2)];
  const value = optionValue(args, args.at(3), level, option);
  return { files: [live], job: (sys) => sys.setsockopt(live, level, option, value) };
}

function optionValue(args: Arguments, expression: Expression, level: number, option: number): OptionValue {
  if (expression.kind === "string") return expression.text;
  if (expression.kind === "list" && expression.items[0] !== undefined) {
    return optionValue(args, expression.items[0], level, option);
  }
  if (expression.kind !== "struct") return args.valueOf(expression);
  const struct = args.struct(expression);
  if (struct.optional("onoff") !== null) return { on: struct.number("onoff") !== 0, seconds: struct.number("linger") };
  if (struct.optional("l_onoff") !== null) {
    return { on: struct.number("l_onoff") !== 0, seconds: struct.number("l_linger") };
  }
  if (level === SOL.SOCKET && (option === SO.RCVTIMEO || option === SO.SNDTIMEO)) {
    return struct.number("tv_sec") * SECOND + struct.number("tv_usec") * MICROSECOND;
  }
  throw unsupported(struct.line, "setsockopt(): that structure is not known here");
}

/** getsockopt(fd, level, option, [value], [length]). */
export function prepareGetOption(args: Arguments, table: CallTable): PreparedCall {
  args.require(5);
  const { live } = fileOf(args, table);
  const [level, option] = [args.number(1), args.number(2)];
  let read: OptionResult = { error: 0 };
  return {
    files: [live],
    *job(sys: Sys): Call<number> {
      read = yield* sys.getsockopt(live, level, option);
      return "error" in read ? read.error : 0;
    },
    check: (result) => (result < 0 || "error" in read ? null : checkOption(args, read.value)),
  };
}

function checkOption(args: Arguments, actual: Exclude<OptionResult, { error: number }>["value"]): string | null {
  const expression = args.at(3);
  if (expression.kind === "ellipsis") return null;
  if (expression.kind === "string") return expression.text === actual ? null : `"${String(actual)}" found`;
  const [wanted] = args.list(expression);
  if (wanted === undefined || wanted.kind === "ellipsis") return null;
  if (wanted.kind === "struct") {
    if (typeof actual !== "object" || !("on" in actual)) return "a structure expected, none found";
    const struct = args.struct(wanted);
    const [on, seconds] = [struct.number("onoff", Number(actual.on)), struct.number("linger", actual.seconds)];
    const isSame = on === Number(actual.on) && seconds === actual.seconds;
    return isSame ? null : `{onoff=${Number(actual.on)}, linger=${actual.seconds}} found`;
  }
  if (typeof actual !== "number") return `a number expected, ${typeof actual} found`;
  const expected = args.valueOf(wanted);
  if (expected !== actual) return `${expected} expected, ${actual} found`;
  return checkLength(args);
}

/** Options that are numbers are ints. */
function checkLength(args: Arguments): string | null {
  const [length] = args.list(args.at(4));
  if (length === undefined || length.kind === "ellipsis") return null;
  const expected = args.valueOf(length);
  return expected === INT_BYTES ? null : `length ${expected} expected, ${INT_BYTES} found`;
}

const INT_BYTES = 4;

function fileOf(args: Arguments, table: CallTable): { live: number; socket: ScriptSocket | null } {
  const fd = args.number(0);
  return { live: table.live(fd), socket: table.socket(fd) };
}

/** A call that needs nothing of the kernel but to know the descriptor. */
function answer(live: number, value: () => number): PreparedCall {
  return {
    files: [live],
    *job(sys: Sys): Call<number> {
      const known = yield* sys.getsockopt(live, SOL.SOCKET, SO.TYPE);
      if ("error" in known && known.error === -E.EBADF) return -E.EBADF;
      return value();
    },
  };
}
