/** Programs of the TCP scenarios: what BulkSendApplication and PacketSink are in ns-3, over system calls. */
import { assert } from "../../../core/base/assert.ts";
import { parseLab } from "../../../core/lab/parse.ts";
import type { Lab } from "../../../core/lab/model.ts";
import { AF, SOCK, type Call, type Program, type SocketAddress } from "../../../core/kernel/syscall/sys.ts";
import type { Ipv4Address } from "../../../core/wire/address.ts";

/** As in ns3/common.h: buffers of 4 MB, NewReno with SACK and timestamps. */
export const LIKE_NS3 = {
  "net.ipv4.tcp_congestion_control": "reno",
  "net.ipv4.tcp_rmem": "4096 4194304 4194304",
  "net.ipv4.tcp_wmem": "4096 4194304 4194304",
} as const;

export const inet = (address: number, port: number): SocketAddress => ({
  family: AF.INET,
  address: address as Ipv4Address,
  port,
  device: 0,
  protocol: 0,
  packetType: 0,
});

/** As YAML's flow mapping. */
export const sysctls = (values: Readonly<Record<string, string>>): string =>
  `{ ${Object.entries(values)
    .map(([name, value]) => `${name}: "${value}"`)
    .join(", ")} }`;

export function readLab(text: string, name: string): Lab {
  const lab = parseLab(text, `${name}.lab.yaml`);
  assert(lab.ok, `the lab is right: ${lab.ok ? "" : JSON.stringify(lab.error)}`);
  return lab.value;
}

// Made once: `from` takes milliseconds, and a fat tree has hundreds of senders.
const pattern = Uint8Array.from({ length: 65_536 }, (_, index) => index);

/**
 * Sends `bytes` octets of a pattern, then closes; Infinity sends for ever. Blocking calls of `sendSize` octets, at most
 * 64 KiB.
 */
export function sender(options: { target: number; port: number; bytes: number; sendSize: number }): Program {
  return function* (sys) {
    const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
    const connected = yield* sys.connect(fd, inet(options.target, options.port));
    assert(connected === 0, `connected: ${connected}`);
    const chunk = pattern.subarray(0, options.sendSize);
    for (let left = options.bytes; left > 0;) {
      const sent = yield* sys.sendto(fd, left < chunk.length ? chunk.subarray(0, left) : chunk, 0, null);
      assert(sent > 0, `sent: ${sent}`);
      left -= sent;
    }
    yield* sys.close(fd);
    return 0;
  };
}

/** Takes one connection and reads it to its end. @param onBytes hears how many octets each read brought. */
export function sink(port: number, onBytes: (count: number) => void): Program {
  return function* (sys): Call<number> {
    const listener = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
    yield* sys.bind(listener, inet(0, port));
    yield* sys.listen(listener, 8);
    const fd = yield* sys.accept(listener, null);
    assert(fd >= 0, `accepted: ${fd}`);
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const count = yield* sys.recvfrom(fd, buffer, 0, null);
      if (count <= 0) break;
      onBytes(count);
    }
    yield* sys.close(fd);
    return 0;
  };
}
