/** Sockets over the real network layer and loopback device: the whole way down and up inside one machine. */
import { describe, expect, it } from "vitest";
import { u8, utf8Decode, utf8Encode } from "../../base/bytes.ts";
import { SECOND } from "../../base/time.ts";
import { COST_PROFILES } from "../cost.ts";
import { LoopbackMachine } from "../../../test/harness/loopback.ts";
import { at } from "../../../test/harness/process.ts";
import { emptyAddress } from "../socket/socket.ts";
import { AF, ETH_P_ALL, IP, MSG, SO, SOCK, SOL, type Message } from "./sys.ts";
import { E } from "./errno.ts";

const message = (): Message => ({ from: emptyAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null });

describe.each(["ideal", "modern", "1996"] as const)("loopback under profile %s", (costs) => {
  it("carries datagrams, and refuses ports nobody listens on", () => {
    const machine = new LoopbackMachine(costs);
    const { core } = machine;
    const result = machine.run(function* (sys) {
      const server = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
      yield* sys.bind(server, at("0.0.0.0", 7));
      const client = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
      yield* sys.connect(client, at("127.0.0.1", 7));
      yield* sys.sendto(client, utf8Encode("hello"), 0, null);
      const buffer = new Uint8Array(70_000);
      const from = emptyAddress();
      const count = yield* sys.recvfrom(server, buffer, 0, from);
      const text = utf8Decode(buffer.subarray(0, count));
      // Larger than lo's MTU is nothing a datagram can be.
      const large = yield* sys.sendto(client, new Uint8Array(65_507), 0, null);
      const largeBack = yield* sys.recvfrom(server, buffer, 0, null);
      const other = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
      yield* sys.connect(other, at("127.0.0.1", 8));
      yield* sys.sendto(other, utf8Encode("x"), 0, null);
      yield* sys.nanosleep(SECOND);
      const refused = yield* sys.recvfrom(other, buffer, MSG.DONTWAIT, null);
      return { text, source: from.address >>> 24, large, largeBack, refused };
    });
    expect(result).toEqual({ text: "hello", source: 127, large: 65_507, largeBack: 65_507, refused: -E.ECONNREFUSED });
    expect(core.snmp.udp).toMatchObject({ InDatagrams: 2, OutDatagrams: 3, NoPorts: 1, InErrors: 0 });
    expect(core.skbs.outstanding).toBe(0);
  });

  it("answers pings of ping sockets and raw sockets", () => {
    const machine = new LoopbackMachine(costs);
    const { core } = machine;
    const result = machine.run(function* (sys) {
      const echo = Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4);
      const ping = yield* sys.socket(AF.INET, SOCK.DGRAM, 1);
      const raw = yield* sys.socket(AF.INET, SOCK.RAW, 1);
      yield* sys.setsockopt(raw, SOL.IP, IP.RECVTTL, 1);
      yield* sys.sendto(ping, echo, 0, at("127.0.0.1", 0));
      const buffer = new Uint8Array(100);
      const answer = yield* sys.recvfrom(ping, buffer, 0, null);
      const type = u8(buffer, 0);
      const seen = message();
      const counts: number[] = [];
      for (let i = 0; i < 2; i++) counts.push(yield* sys.recvmsg(raw, buffer, 0, seen));
      return { answer, type, counts, ttl: seen.ttl };
    });
    expect(result).toEqual({ answer: 12, type: 0, counts: [32, 32], ttl: 64 });
    expect(core.snmp.icmp).toMatchObject({ InEchos: 1, InEchoReps: 1, OutEchos: 1, OutEchoReps: 1, OutMsgs: 2 });
    expect(core.skbs.outstanding).toBe(0);
  });

  it("shows packets to packet sockets", () => {
    const machine = new LoopbackMachine(costs);
    const { core } = machine;
    const lengths = machine.run(function* (sys) {
      const tap = yield* sys.socket(AF.PACKET, SOCK.RAW, ETH_P_ALL);
      const udp = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
      yield* sys.setsockopt(udp, SOL.SOCKET, SO.BROADCAST, 1);
      yield* sys.bind(udp, at("127.0.0.1", 7));
      yield* sys.sendto(udp, new Uint8Array(10), 0, at("127.0.0.1", 7));
      yield* sys.nanosleep(SECOND);
      const seen: number[] = [];
      for (;;) {
        const count = yield* sys.recvfrom(tap, new Uint8Array(100), MSG.DONTWAIT, null);
        if (count < 0) return seen;
        seen.push(count);
      }
    });
    expect(lengths).toEqual([52, 52]);
    expect(core.skbs.outstanding).toBe(0);
  });

  it("pays for its work and for nothing under ideal", () => {
    const machine = new LoopbackMachine(costs);
    const span = machine.run(function* (sys) {
      const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 0);
      yield* sys.bind(fd, at("127.0.0.1", 7));
      const start = sys.now();
      yield* sys.sendto(fd, new Uint8Array(10), 0, at("127.0.0.1", 7));
      yield* sys.recvfrom(fd, new Uint8Array(10), 0, null);
      return sys.now() - start;
    });
    const prices = COST_PROFILES[costs];
    const least = 2 * prices.syscall + prices.udpSend + prices.ipOutput + prices.ipReceive + prices.udpReceive;
    if (costs === "ideal") expect(span).toBe(0);
    else expect(span).toBeGreaterThanOrEqual(least);
  });
});
