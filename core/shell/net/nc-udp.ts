/**
 * netcat over UDP. The server answers the first peer it hears, as netcat does by connecting to it; -k keeps it
 * listening to all. There is no end of a stream to be seen: what ends a session is -w, -W, -q, or an error.
 */
import { utf8Encode } from "../../base/bytes.ts";
import { SECOND } from "../../base/time.ts";
import { E, strerror } from "../../kernel/syscall/errno.ts";
import { POLL, type Call, type PollFd, type Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4 } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";
import { fail } from "../lib/command.ts";
import { warn, writeAll } from "../lib/output.ts";
import { UDP_PAYLOAD_MAX } from "../limits.ts";
import type { NcSettings } from "./nc.ts";

const SCAN_SECONDS = 3;

/** Takes the first datagram and answers its sender. @param fd a bound socket. @returns the exit status. */
export function* listenUdp(sys: Sys, fd: number, settings: NcSettings): Call<number> {
  const peer = inetAddress();
  const buffer = new Uint8Array(UDP_PAYLOAD_MAX);
  const count = yield* sys.recvfrom(fd, buffer, 0, peer);
  if (count < 0) return yield* fail(sys, `nc: recvfrom: ${strerror(count)}`);
  if (settings.verbose) yield* warn(sys, `Connection received on ${formatIpv4(peer.address)} ${peer.port}\n`);
  if (!settings.keeps) yield* sys.connect(fd, peer);
  yield* writeAll(sys, 1, buffer.subarray(0, count));
  if (settings.limit === 1) return 0;
  return yield* relayUdp(sys, fd, { ...settings, limit: settings.limit - 1 });
}

/**
 * A closed UDP port betrays itself by an ICMP error: Debian's netcat writes twice, then once a second while it waits
 * (-w, else three seconds). The other side sees the X's.
 */
export function* isOpenUdp(sys: Sys, fd: number, idle: number): Call<boolean> {
  const probe = utf8Encode("X");
  const seconds = idle < 0 ? SCAN_SECONDS : Math.floor(idle / SECOND);
  for (let i = 0; i < 2 + seconds; i++) {
    if (i >= 2 && (yield* sys.nanosleep(SECOND)) < 0) return false;
    if ((yield* sys.sendto(fd, probe, 0, null)) < 0) return false;
  }
  return true;
}

/** Standard input to the socket and the socket to standard output, until one ends or it stays silent for too long. */
export function* relayUdp(sys: Sys, fd: number, settings: NcSettings): Call<number> {
  const network: PollFd = { fd, events: POLL.IN, revents: 0 };
  const input: PollFd = { fd: 0, events: POLL.IN, revents: 0 };
  const buffer = new Uint8Array(UDP_PAYLOAD_MAX);
  let received = 0;
  let inputOpen = true;
  for (;;) {
    const ready = yield* sys.poll(inputOpen ? [network, input] : [network], settings.idle);
    if (ready === 0) return 0;
    if (ready < 0) return ready === -E.EINTR ? 130 : 1;
    if (network.revents !== 0) {
      const count = yield* sys.recvfrom(fd, buffer, 0, null);
      // An error of the network ends the connection as its end would.
      if (count < 0) return 0;
      yield* writeAll(sys, 1, buffer.subarray(0, count));
      if (++received >= settings.limit) return 0;
    }
    if (inputOpen && input.revents !== 0) {
      const count = yield* sys.read(0, buffer.subarray(0, 16_384));
      if (count <= 0) {
        // UDP has no end to send: without a time-out netcat waits on for answers.
        inputOpen = false;
        if (settings.idle < 0 && count < 0) return 1;
      } else {
        const sent = yield* sys.sendto(fd, buffer.slice(0, count), 0, null);
        if (sent < 0 && sent !== -E.EDESTADDRREQ) return 0;
      }
    }
  }
}
