/** Programs and a runner for experiments with long transfers. */
import { SECOND, type VirtualTime } from "../../core/base/time.ts";
import { AF, SOCK, type Program } from "../../core/kernel/syscall/sys.ts";
import { Session } from "../../core/session/session.ts";
import { inetAddress } from "../../core/shell/lib/address.ts";
import { readHosts } from "../../core/shell/lib/hosts.ts";
import { readLab } from "../real/probe.ts";

const CHUNK_BYTES = 65_536;
const PORT = 5001;

/** `bulk-send HOST`: writes for ever. */
const send: Program = function* (sys, [, host = ""]) {
  const address = (yield* readHosts(sys)).resolve(host);
  if (address === null) return 2;
  const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
  if ((yield* sys.connect(fd, inetAddress(address, PORT))) < 0) return 1;
  const chunk = new Uint8Array(CHUNK_BYTES);
  while ((yield* sys.sendto(fd, chunk, 0, null)) > 0);
  return 0;
};

/** `bulk-sink`: reads one connection to its end. */
const sink: Program = function* (sys) {
  const listener = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
  yield* sys.bind(listener, inetAddress(undefined, PORT));
  yield* sys.listen(listener, 8);
  const fd = yield* sys.accept(listener, null);
  const buffer = new Uint8Array(CHUNK_BYTES);
  while ((yield* sys.recvfrom(fd, buffer, 0, null)) > 0);
  return 0;
};

/** Large enough not to limit any window here. */
const BUFFERS = 'net.ipv4.tcp_rmem: "4096 8000000 16000000", net.ipv4.tcp_wmem: "4096 8000000 16000000"';

export interface Path {
  readonly sysctls?: string;
  readonly rate: string;
  /** One way. */
  readonly delay: string;
  readonly queue: number;
  /** Of data segments alone: acknowledgments get through. */
  readonly faults?: readonly string[];
  readonly seed?: number;
}

/** One sender, one path, one receiver. */
export function bulkSession({ sysctls = "", rate, delay, queue, faults = [], seed = 1 }: Path): Session {
  const lab = readLab(`
lastack: 1
name: bulk
seed: ${seed}
duration: 100000s
nodes:
  sender:
    kind: host
    addresses: { eth0: 10.0.0.1/24 }
    sysctls: { ${[BUFFERS, sysctls].filter((text) => text !== "").join(", ")} }
  receiver: { kind: host, addresses: { eth0: 10.0.0.2/24 }, sysctls: { ${BUFFERS} }, run: [bulk-sink] }
links:
  - { ends: [sender, receiver], name: path, rate: ${rate}, delay: ${delay}, queue: ${queue} }
${faults.length > 0 ? "faults:" : ""}
${faults.map((fault) => `  - { on: path, ${fault} }`).join("\n")}
timeline:
  - { at: 1ms, host: sender, run: bulk-send receiver }
`);
  return new Session(lab, {
    programs: new Map([
      ["bulk-send", send],
      ["bulk-sink", sink],
    ]),
  });
}

/** A field of the sender's tcp_info. */
export const senderInfo = (session: Session, field: string): number =>
  session.world.counter({ kind: "tcp", node: 0, port: PORT, field }) ?? 0;

export const senderCounter = (session: Session, name: string): number =>
  session.world.counter({ kind: "snmp", node: 0, name }) ?? 0;

export function advanceTo(session: Session, seconds: number): void {
  session.advance(Math.round(seconds * SECOND) as VirtualTime);
}
