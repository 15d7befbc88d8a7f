/** poll(2) and epoll(7): waiting for any of several files. */
import type { Nanoseconds } from "../../base/time.ts";
import { POLL_FDS_MAX } from "../process/limits.ts";
import { BLOCKED } from "../process/process.ts";
import { EpollFile } from "../vfs/epoll.ts";
import { E } from "./errno.ts";
import { SocketCalls } from "./socket-calls.ts";
import { POLL, type Call, type EpollEvent, type PollFd } from "./sys.ts";

export class PollCalls extends SocketCalls {
  *poll(fds: PollFd[], timeout: Nanoseconds): Call<number> {
    const price = this.enter("poll", -1, 0);
    if (price > 0) yield price;
    if (fds.length > POLL_FDS_MAX) return this.exit("poll", -E.EINVAL);
    const process = this.process;
    let ready = this.#scan(fds);
    if (ready > 0 || timeout === 0) return this.exit("poll", ready);
    process.timedOut = false;
    if (timeout > 0) process.startTimeout(timeout);
    do {
      if (process.takeInterrupt()) {
        ready = -E.EINTR;
        break;
      }
      for (const entry of fds) {
        const file = process.files.get(entry.fd);
        if (file !== null) process.alsoWait(file.waiters);
      }
      yield BLOCKED;
      process.finishWait();
      ready = this.#scan(fds);
    } while (ready === 0 && !process.timedOut);
    if (timeout > 0) process.stopTimeout();
    return this.exit("poll", ready);
  }

  /** Fills in `revents`. @returns how many have any. */
  #scan(fds: PollFd[]): number {
    let ready = 0;
    for (const entry of fds) {
      entry.revents = 0;
      if (entry.fd < 0) continue;
      const file = this.process.files.get(entry.fd);
      // ERR and HUP are reported whether they were asked for or not.
      if (file === null) entry.revents = POLL.NVAL;
      else entry.revents = file.pollMask() & (entry.events | POLL.ERR | POLL.HUP);
      if (entry.revents !== 0) ready++;
    }
    return ready;
  }

  *epollCreate(): Call<number> {
    const price = this.enter("epoll_create1", -1, 0);
    if (price > 0) yield price;
    return this.exit("epoll_create1", this.install(new EpollFile()));
  }

  *epollCtl(epfd: number, operation: number, fd: number, event: EpollEvent): Call<number> {
    const price = this.enter("epoll_ctl", epfd, 0);
    if (price > 0) yield price;
    const { files } = this.process;
    const epoll = files.get(epfd);
    const file = files.get(fd);
    if (epoll === null || file === null) return this.exit("epoll_ctl", -E.EBADF);
    // Regular files and directories are always ready, and nothing to wait for.
    if (file.kind === "file" || file.kind === "directory") return this.exit("epoll_ctl", -E.EPERM);
    if (!(epoll instanceof EpollFile) || epoll === file) return this.exit("epoll_ctl", -E.EINVAL);
    return this.exit("epoll_ctl", epoll.control(operation, fd, file, event));
  }

  *epollWait(epfd: number, events: EpollEvent[], timeout: Nanoseconds): Call<number> {
    const price = this.enter("epoll_wait", epfd, 0);
    if (price > 0) yield price;
    const process = this.process;
    const epoll = process.files.get(epfd);
    if (epoll === null) return this.exit("epoll_wait", -E.EBADF);
    if (!(epoll instanceof EpollFile) || events.length === 0) return this.exit("epoll_wait", -E.EINVAL);
    let count = epoll.take(events);
    if (count > 0 || timeout === 0) return this.exit("epoll_wait", count);
    process.timedOut = false;
    if (timeout > 0) process.startTimeout(timeout);
    do {
      if (process.takeInterrupt()) {
        count = -E.EINTR;
        break;
      }
      process.prepareWait(epoll.waiters);
      yield BLOCKED;
      process.finishWait();
      count = epoll.take(events);
    } while (count === 0 && !process.timedOut);
    if (timeout > 0) process.stopTimeout();
    return this.exit("epoll_wait", count);
  }
}
