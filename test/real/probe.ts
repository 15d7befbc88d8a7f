/**
 * Two programs that measure round trips to the nanosecond, where ping shows three digits, and how to run them on a lab.
 * `probe` sends echo requests at a steady pace, answered or not; `visit` goes round a list of targets, one after the
 * other, and asks each of them twice, so that the second round trip finds every neighbour resolved.
 */
import { put16, u16, u8, utf8Encode } from "../../core/base/bytes.ts";
import { SECOND } from "../../core/base/time.ts";
import {
  AF,
  MSG,
  POLL,
  SOCK,
  type Call,
  type PollFd,
  type Program,
  type SocketAddress,
  type Sys,
} from "../../core/kernel/syscall/sys.ts";
import { formatProblem } from "../../core/lab/problem.ts";
import type { Lab } from "../../core/lab/model.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { parseIpv4 } from "../../core/wire/address.ts";
import { ICMP, ICMP_HEADER_BYTES, ICMP_TYPE } from "../../core/wire/icmp.ts";
import { IPPROTO_ICMP } from "../../core/wire/ipv4.ts";

/** Payload of an echo request, as ping sends it. */
export const ECHO_BYTES = 56;
const ANSWER_WITHIN = 3 * SECOND;
/** After the last request of a stream. */
const LATE = SECOND / 2;

function socketAddress(text: string): SocketAddress {
  const address = parseIpv4(text);
  if (!address.ok) throw new Error(address.error);
  return { family: AF.INET, address: address.value, port: 0, device: 0, protocol: 0, packetType: 0 };
}

function* openEcho(sys: Sys, source: string): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, IPPROTO_ICMP);
  if (source !== "any") yield* sys.bind(fd, socketAddress(source));
  return fd;
}

function echoRequest(sequence: number, payload: number): Uint8Array {
  const bytes = new Uint8Array(ICMP_HEADER_BYTES + payload);
  bytes[ICMP.type] = ICMP_TYPE.ECHO;
  put16(bytes, ICMP.sequence, sequence);
  return bytes;
}

function* print(sys: Sys, line: string): Call<void> {
  yield* sys.write(1, utf8Encode(`${line}\n`));
}

/** `probe SOURCE TARGET COUNT GAP_NS BYTES`: prints `sequence rtt-in-ns` for every reply, in the order of arrival. */
function* probe(sys: Sys, argv: readonly string[]): Call<number> {
  const [, source = "any", target = "", count = "1", gap = "1", payload = String(ECHO_BYTES)] = argv;
  const fd = yield* openEcho(sys, source);
  const to = socketAddress(target);
  const polled: PollFd[] = [{ fd, events: POLL.IN, revents: 0 }];
  const buffer = new Uint8Array(65_536);
  const sentAt: number[] = [];
  let next = sys.now();
  let answered = 0;
  // The last turn only waits for what is still under way.
  for (let turn = 0; turn <= Number(count); turn++) {
    while (sys.now() < next) {
      yield* sys.poll(polled, next - sys.now());
      for (;;) {
        const length = yield* sys.recvfrom(fd, buffer, MSG.DONTWAIT, null);
        if (length < 0) break;
        if (u8(buffer, ICMP.type) !== ICMP_TYPE.ECHOREPLY) continue;
        const sequence = u16(buffer, ICMP.sequence);
        answered++;
        yield* print(sys, `${sequence} ${sys.now() - (sentAt[sequence] ?? 0)}`);
      }
    }
    if (turn < Number(count)) {
      sentAt.push(sys.now());
      yield* sys.sendto(fd, echoRequest(turn, Number(payload)), 0, to);
    }
    next += turn + 1 === Number(count) ? Math.max(Number(gap), LATE) : Number(gap);
  }
  return answered === 0 ? 1 : 0;
}

/** `visit SOURCE TARGET...`: prints `target first-rtt second-rtt`, with `-` for no answer within three seconds. */
function* visit(sys: Sys, argv: readonly string[]): Call<number> {
  const fd = yield* openEcho(sys, argv[1] ?? "any");
  let sequence = 0;
  let silent = 0;
  for (const target of argv.slice(2)) {
    const times: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const time = yield* roundTrip(sys, fd, socketAddress(target), sequence++ & 0xffff);
      if (time === null) silent++;
      times.push(time === null ? "-" : String(time));
    }
    yield* print(sys, `${target} ${times.join(" ")}`);
  }
  return silent === 0 ? 0 : 1;
}

function* roundTrip(sys: Sys, fd: number, to: SocketAddress, sequence: number): Call<number | null> {
  const polled: PollFd[] = [{ fd, events: POLL.IN, revents: 0 }];
  const buffer = new Uint8Array(2048);
  const start = sys.now();
  yield* sys.sendto(fd, echoRequest(sequence, ECHO_BYTES), 0, to);
  while (sys.now() < start + ANSWER_WITHIN) {
    yield* sys.poll(polled, start + ANSWER_WITHIN - sys.now());
    const length = yield* sys.recvfrom(fd, buffer, MSG.DONTWAIT, null);
    if (length >= 0 && u8(buffer, ICMP.type) === ICMP_TYPE.ECHOREPLY && u16(buffer, ICMP.sequence) === sequence) {
      return sys.now() - start;
    }
  }
  return null;
}

export const probes: ReadonlyMap<string, Program> = new Map([
  ["probe", probe],
  ["visit", visit],
]);

/** Reads a lab that a test wrote. @throws Error with its problems. */
export function readLab(text: string, file = "test.lab.yaml"): Lab {
  const lab = parseLab(text, file);
  if (!lab.ok) throw new Error(`${lab.error.map(formatProblem).join("\n")}\n${text}`);
  return lab.value;
}
