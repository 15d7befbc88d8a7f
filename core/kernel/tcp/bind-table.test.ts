import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { at } from "../../../test/harness/process.ts";
import { TcpBench } from "../../../test/harness/tcp-bench.ts";
import { E } from "../syscall/errno.ts";

interface Side {
  readonly reuseAddress?: boolean;
  readonly reusePort?: boolean;
  readonly address?: string;
  readonly listens?: boolean;
  readonly device?: number;
}

/** Whether the second may bind to the port of the first. */
const CASES: readonly (readonly [name: string, first: Side, second: Side, shares: boolean])[] = [
  ["nothing said", {}, {}, false],
  ["SO_REUSEADDR on one side", { reuseAddress: true }, {}, false],
  ["SO_REUSEADDR on both", { reuseAddress: true }, { reuseAddress: true }, true],
  ["SO_REUSEADDR, the first listens", { reuseAddress: true, listens: true }, { reuseAddress: true }, false],
  ["SO_REUSEPORT on one side", { reusePort: true }, {}, false],
  ["SO_REUSEPORT on both", { reusePort: true }, { reusePort: true }, true],
  ["SO_REUSEPORT, the first listens", { reusePort: true, listens: true }, { reusePort: true }, true],
  ["other addresses", { address: "10.0.0.1" }, { address: "127.0.0.1" }, true],
  ["the same address", { address: "10.0.0.1" }, { address: "10.0.0.1" }, false],
  ["an address and all addresses", { address: "10.0.0.1" }, {}, false],
  ["other devices", { device: 1 }, { device: 2 }, true],
  ["a device and any", { device: 1 }, {}, false],
];

describe("bind", () => {
  it.each(CASES)("shares a port or not: %s", (_name, first, second, shares) => {
    const bench = new TcpBench();
    const bind = (side: Side): number => {
      const socket = bench.socket();
      socket.reuseAddress = side.reuseAddress ?? false;
      socket.reusePort = side.reusePort ?? false;
      socket.device = side.device ?? 0;
      const result = socket.bind(at(side.address ?? "0.0.0.0", 80));
      if (side.listens === true) socket.listen(1);
      return result;
    };
    expect(bind(first)).toBe(0);
    expect(bind(second)).toBe(shares ? 0 : -E.EADDRINUSE);
  });

  it("chooses odd ports, and connect even ones", () => {
    const bench = new TcpBench();
    for (let i = 0; i < 50; i++) {
      const bound = bench.socket();
      bound.bind(at("0.0.0.0", 0));
      const connected = bench.connecting();
      expect([bound.localPort % 2, connected.localPort % 2]).toEqual([1, 0]);
      for (const { localPort } of [bound, connected]) {
        expect(localPort).toBeGreaterThanOrEqual(32_768);
        expect(localPort).toBeLessThanOrEqual(60_999);
      }
    }
  });

  it("gives the port back with the socket", () => {
    const bench = new TcpBench();
    const socket = bench.socket();
    socket.bind(at("0.0.0.0", 80));
    socket.close();
    expect(bench.socket().bind(at("0.0.0.0", 80))).toBe(0);
  });

  it("knows who is left, in whatever order they leave", () => {
    const socketCount = 4;
    const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: socketCount });
    fc.assert(
      fc.property(order, (leaving) => {
        const bench = new TcpBench();
        const sockets = Array.from({ length: socketCount }, () => {
          const socket = bench.socket();
          socket.reuseAddress = true;
          expect(socket.bind(at("0.0.0.0", 80))).toBe(0);
          return socket;
        });
        const stranger = bench.socket();
        for (const index of leaving) {
          expect(stranger.bind(at("0.0.0.0", 80))).toBe(-E.EADDRINUSE);
          sockets[index]?.close();
          bench.tcp.ports.checkInvariants();
        }
        expect(stranger.bind(at("0.0.0.0", 80))).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it("uses one port for connections to different peers when all others are taken", () => {
    const bench = new TcpBench();
    const first = bench.connecting(1);
    const { ports } = bench.tcp;
    const second = bench.socket();
    second.boundAddress = first.boundAddress;
    second.remoteAddress = first.remoteAddress;
    second.remotePort = 2;
    // Only that port passes: the bucket that connect made may be shared.
    expect(ports.bindToConnect(second, (_tcp, port) => port === first.localPort)).toBe(0);
    expect(second.localPort % 2).toBe(0);
    ports.release(second);
  });
});
