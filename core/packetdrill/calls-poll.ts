/** poll and epoll. */
import { MILLISECOND } from "../base/time.ts";
import { EPOLL_CTL, type EpollEvent, type PollFd } from "../kernel/syscall/sys.ts";
import type { Expression } from "./ast.ts";
import type { Arguments } from "./call-arguments.ts";
import type { CallTable, PreparedCall } from "./call-table.ts";
import { failed } from "./problem.ts";

/** ms as the calls take them: negative waits for ever. */
const timeoutOf = (ms: number): number => (ms < 0 ? -1 : ms * MILLISECOND);

/** poll([{fd=3, events=POLLIN, revents=POLLIN}], 1, timeout). */
export function preparePoll(args: Arguments, table: CallTable): PreparedCall {
  args.require(3);
  const wanted = args.list(args.at(0)).map((expression) => args.struct(expression));
  if (wanted.length !== args.number(1)) {
    throw failed(args.line, `poll(): ${wanted.length} structures, not as many as it says`);
  }
  const entries: PollFd[] = wanted.map((struct) => ({
    fd: table.live(struct.number("fd")),
    events: struct.number("events"),
    revents: 0,
  }));
  const timeout = timeoutOf(args.number(2));
  return {
    files: entries.map((entry) => entry.fd),
    job: (sys) => sys.poll(entries, timeout),
    check: (result) => {
      if (result < 0) return null;
      for (const [index, struct] of wanted.entries()) {
        const expected = struct.number("revents", 0);
        const actual = entries[index]?.revents ?? 0;
        if (expected !== actual) return `revents 0x${expected.toString(16)} expected, 0x${actual.toString(16)} found`;
      }
      return null;
    },
  };
}

/** epoll_create(size), epoll_create1(flags). */
export function prepareEpollCreate(args: Arguments): PreparedCall {
  args.require(1);
  return { files: [], job: (sys) => sys.epollCreate(), opens: () => null };
}

/** epoll_ctl(epfd, EPOLL_CTL_ADD, fd, {events=EPOLLIN, fd=4}). */
export function prepareEpollCtl(args: Arguments, table: CallTable): PreparedCall {
  args.require(4);
  const epoll = table.live(args.number(0));
  const operation = args.number(1);
  const live = table.live(args.number(2));
  const event = operation === EPOLL_CTL.DEL ? { events: 0, data: 0 } : eventOf(args, args.at(3));
  return { files: [epoll, live], job: (sys) => sys.epollCtl(epoll, operation, live, event) };
}

/** epoll_wait(epfd, {events=EPOLLIN, fd=4} or a list of such, most, timeout). */
export function prepareEpollWait(args: Arguments, table: CallTable): PreparedCall {
  args.require(4);
  const epoll = table.live(args.number(0));
  const wanted = args.isAny(1) ? [] : args.list(args.at(1));
  const most = args.number(2);
  const found: EpollEvent[] = Array.from({ length: Math.max(0, most) }, () => ({ events: 0, data: 0 }));
  const timeout = timeoutOf(args.number(3));
  return {
    files: [epoll],
    job: (sys) => sys.epollWait(epoll, found, timeout),
    check: (result) => {
      for (let index = 0; index < Math.min(result, wanted.length); index++) {
        const problem = checkEvent(args, wanted[index] as Expression, found[index] as EpollEvent);
        if (problem !== null) return problem;
      }
      return null;
    },
  };
}

function checkEvent(args: Arguments, wanted: Expression, actual: EpollEvent): string | null {
  const { events, data } = eventOf(args, wanted);
  if (events !== actual.events) {
    return `events 0x${events.toString(16)} expected, 0x${actual.events.toString(16)} found`;
  }
  return data === actual.data ? null : `data ${data} expected, ${actual.data} found`;
}

/** The program's own word may be called fd, ptr, u32 or u64. */
function eventOf(args: Arguments, expression: Expression): EpollEvent {
  const struct = args.struct(expression);
  const data = ["fd", "ptr", "u32", "u64"].map((name) => struct.optional(name)).find((value) => value !== null);
  return { events: struct.number("events"), data: data === undefined || data === null ? 0 : args.valueOf(data) };
}
