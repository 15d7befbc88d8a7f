/**
 * System calls of a script: each is made by a process of the machine through its real system call interface, and its
 * result compared. One that the script says to block is made by a second process, which shares the descriptors that it
 * uses, as a second thread would.
 */
import type { VirtualTime } from "../base/time.ts";
import { errnoName } from "../kernel/syscall/errno.ts";
import type { CallAction } from "./ast.ts";
import { Arguments } from "./call-arguments.ts";
import type { CallTable } from "./call-table.ts";
import { type PreparedCall } from "./call-table.ts";
import { Caller } from "./caller.ts";
import { prepareEpollCreate, prepareEpollCtl, prepareEpollWait, preparePoll } from "./calls-poll.ts";
import {
  prepareAccept,
  prepareBind,
  prepareClose,
  prepareConnect,
  prepareFcntl,
  prepareGetOption,
  prepareIoctl,
  prepareListen,
  prepareSetOption,
  prepareShutdown,
  prepareSocket,
} from "./calls-socket.ts";
import { prepareReceive, prepareReceiveMessage, prepareSend, prepareSendMessage } from "./calls-transfer.ts";
import type { Environment } from "./environment.ts";
import { failed, unsupported } from "./problem.ts";
import { errnoValue } from "./symbols.ts";

/** A call under way or finished. */
export interface RunningCall {
  readonly action: CallAction;
  readonly line: number;
  readonly prepared: PreparedCall;
  readonly caller: Caller;
  result: number;
  /** When it returned; null before. */
  endedAt: VirtualTime | null;
}

export class SystemCalls {
  readonly table: CallTable;
  readonly #environment: Environment;
  readonly #main: Caller;
  #thread: Caller | null = null;

  constructor(environment: Environment, table: CallTable) {
    this.#environment = environment;
    this.table = table;
    this.#main = new Caller(environment.kernel, "packetdrill");
  }

  /** Starts a call. @throws RunFailure for a call that is not known or is written wrongly. */
  begin(action: CallAction, line: number): RunningCall {
    const prepared = this.#prepare(new Arguments(action, line));
    const caller = action.end === null ? this.#main : this.#threadFor(prepared);
    const call: RunningCall = { action, line, prepared, caller, result: 0, endedAt: null };
    const { engine } = this.#environment;
    caller.begin(function* (sys) {
      call.result = yield* prepared.job(sys);
      call.endedAt = engine.now;
    });
    return call;
  }

  /** Takes in what a call that has returned has brought. @throws RunFailure when it is not what the script says. */
  finish(call: RunningCall): void {
    const { prepared, result, action, line, caller } = call;
    if (caller === this.#thread) this.#takeOver(call);
    const problem = this.#differs(call);
    if (problem !== null) throw failed(line, `${action.name}(): ${problem}`);
    if (prepared.opens !== undefined && result >= 0) this.#open(call);
    const detail = prepared.check?.(result) ?? null;
    if (detail !== null) throw failed(line, `${action.name}(): ${detail}`);
  }

  /** A reading of the socket under test that costs no time; null when it has no descriptor. */
  read<T>(look: (sys: Parameters<PreparedCall["job"]>[0], live: number) => Generator<number, T, void>): T | null {
    const live = this.table.liveUnderTest;
    if (live < 0 || this.#main.isBusy) return null;
    let value: T | null = null;
    this.#main.begin(function* (sys) {
      value = yield* look(sys, live);
    });
    this.#environment.settle();
    return value;
  }

  /** The second process, with the descriptors that the call uses. */
  #threadFor(prepared: PreparedCall): Caller {
    this.#thread ??= new Caller(this.#environment.kernel, "thread");
    const files = this.#thread.process.files;
    files.closeAll();
    for (const live of prepared.files) {
      const file = this.#main.file(live);
      if (file !== null) files.set(live, file);
      if (live === prepared.closes) this.#main.process.files.close(live);
    }
    return this.#thread;
  }

  /** What the second process opened belongs to the first, and what it was lent it gives back. */
  #takeOver(call: RunningCall): void {
    const opened = call.prepared.opens !== undefined && call.result >= 0 ? call.caller.file(call.result) : null;
    if (opened !== null) call.result = this.#main.process.files.add(opened);
    call.caller.process.files.closeAll();
  }

  #open({ action, result, line, prepared }: RunningCall): void {
    const args = new Arguments(action, line);
    // A number used before stands for the new one from now on, whether the old one was closed or not.
    this.table.open(args.valueOf(action.result), result, prepared.opens?.() ?? null);
  }

  /** @returns what differs between the script's result and the real one. */
  #differs({ action, result, line, prepared }: RunningCall): string | null {
    if (action.result.kind === "ellipsis") return null;
    const expected = new Arguments(action, line).valueOf(action.result);
    const found = result < 0 ? `-1 ${errnoName(result)}` : String(result);
    if (expected < 0) {
      if (result >= 0) return `-1 ${action.errno ?? ""} expected, ${found} found`.replace("  ", " ");
      if (action.errno === null) return null;
      const errno = errnoValue(action.errno);
      if (errno === undefined) throw unsupported(line, `${action.errno} is not known here`);
      return errno === -result ? null : `-1 ${action.errno} expected, ${found} found`;
    }
    // Any new descriptor will do: from now on it goes by the script's number.
    const isGood = prepared.opens !== undefined ? result >= 0 : result === expected;
    return isGood ? null : `${expected} expected, ${found} found`;
  }

  #prepare(args: Arguments): PreparedCall {
    const { table } = this;
    switch (args.name) {
      case "socket":
        return prepareSocket(args, table);
      case "bind":
        return prepareBind(args, table);
      case "listen":
        return prepareListen(args, table);
      case "accept":
      case "accept4":
        return prepareAccept(args, table);
      case "connect":
        return prepareConnect(args, table);
      case "shutdown":
        return prepareShutdown(args, table);
      case "close":
        return prepareClose(args, table);
      case "fcntl":
        return prepareFcntl(args, table, (live) => this.#main.file(live)?.nonblocking ?? false);
      case "ioctl":
        return prepareIoctl(args, table);
      case "setsockopt":
        return prepareSetOption(args, table);
      case "getsockopt":
        return prepareGetOption(args, table);
      case "write":
      case "send":
      case "sendto":
        return prepareSend(args, table);
      case "sendmsg":
      case "writev":
        return prepareSendMessage(args, table);
      case "read":
      case "recv":
      case "recvfrom":
        return prepareReceive(args, table);
      case "recvmsg":
      case "readv":
        return prepareReceiveMessage(args, table);
      case "poll":
        return preparePoll(args, table);
      case "epoll_create":
      case "epoll_create1":
        return prepareEpollCreate(args);
      case "epoll_ctl":
        return prepareEpollCtl(args, table);
      case "epoll_wait":
        return prepareEpollWait(args, table);
      default:
        throw unsupported(args.line, `${args.name}() is not known here`);
    }
  }
}
