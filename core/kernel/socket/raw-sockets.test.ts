import { describe, expect, it } from "vitest";
import { put16, u16, u8 } from "../../base/bytes.ts";
import { checksum } from "../../wire/checksum.ts";
import { PACKET_OUTGOING } from "../skb/skbuff.ts";
import { E } from "../syscall/errno.ts";
import {
  AF,
  ETH_P_ALL,
  ICMP_FILTER,
  IP,
  MSG,
  PACKET_OPTION,
  SOCK,
  SOL,
  type Call,
  type Message,
  type Sys,
} from "../syscall/sys.ts";
import { at, ip, OWN_ADDRESS, TestMachine } from "../../../test/harness/process.ts";
import { putIpv4Header } from "../../../test/harness/ipv4-header.ts";
import { emptyAddress } from "./socket.ts";

function run<T>(body: (sys: Sys, machine: TestMachine) => Call<T>): T {
  const machine = new TestMachine();
  return machine.run((sys) => body(sys, machine));
}

const echo = (type: number, id = 0): Uint8Array => Uint8Array.of(type, 0, 0, 0, id >> 8, id & 255, 0, 1, 1, 2, 3);

/** An ICMP message from elsewhere arrives at raw sockets, and at ping sockets when it is an echo reply. */
function arrive(machine: TestMachine, bytes: Uint8Array): boolean {
  const skb = machine.skbs.alloc(bytes.length);
  skb.bytes.set(bytes, skb.put(bytes.length));
  putIpv4Header(skb, { source: ip("10.0.0.2"), target: OWN_ADDRESS, protocol: 1, ttl: 60, dontFragment: false });
  skb.networkHeader = skb.data;
  skb.pull(20);
  skb.transportHeader = skb.data;
  const raw = machine.ip.rawHook?.deliver(skb, 1) ?? false;
  const ping = bytes[0] === 0 && machine.ip.icmp.echoReplyHook?.deliver(skb) === true;
  machine.core.consume(skb);
  return raw || ping;
}

describe("raw sockets", () => {
  it("get whole datagrams, IP header included, unless the filter says no", () => {
    expect(
      run(function* (sys, machine) {
        const fd = yield* sys.socket(AF.INET, SOCK.RAW, 1);
        const refused = yield* sys.setsockopt(yield* sys.socket(AF.INET, SOCK.RAW, 17), SOL.RAW, ICMP_FILTER, 0);
        yield* sys.setsockopt(fd, SOL.RAW, ICMP_FILTER, 1 << 8);
        yield* sys.setsockopt(fd, SOL.IP, IP.RECVTTL, 1);
        const taken = [arrive(machine, echo(8)), arrive(machine, echo(0))];
        const buffer = new Uint8Array(100);
        const message: Message = { from: emptyAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null };
        const count = yield* sys.recvmsg(fd, buffer, 0, message);
        return [refused, taken, count, buffer[0], buffer[20], message.ttl, message.from];
      }),
    ).toEqual([-E.EOPNOTSUPP, [false, true], 31, 0x45, 0, 60, at("10.0.0.2", 0)]);
  });

  it("send under the kernel's header, or under their own", () => {
    expect(
      run(function* (sys, machine) {
        const fd = yield* sys.socket(AF.INET, SOCK.RAW, 1);
        yield* sys.setsockopt(fd, SOL.IP, IP.TTL, 3);
        const plain = yield* sys.sendto(fd, echo(8), 0, at("10.0.0.2", 0));
        const own = yield* sys.socket(AF.INET, SOCK.RAW, 255);
        const short = yield* sys.sendto(own, new Uint8Array(19), 0, at("10.0.0.2", 0));
        const packet = new Uint8Array(28);
        packet[0] = 0x45;
        packet[8] = 9;
        packet[9] = 1;
        packet.set([10, 0, 0, 2], 16);
        const whole = yield* sys.sendto(own, packet, 0, at("10.0.0.2", 0));
        const bad = yield* sys.sendto(
          own,
          packet.map((byte, i) => (i === 0 ? 0x44 : byte)),
          0,
          at("10.0.0.2", 0),
        );
        const snmp = machine.core.snmp.icmp;
        return [plain, short, whole, bad, machine.ip.sent.map((sent) => sent.ttl), snmp.OutMsgs, snmp.OutEchos];
      }),
    ).toEqual([11, -E.EINVAL, 28, -E.EINVAL, [3, 9], 1, 1]);
  });

  it("are gone after close", () => {
    const machine = new TestMachine();
    machine.run(function* (sys) {
      return yield* sys.socket(AF.INET, SOCK.RAW, 1);
    });
    expect(arrive(machine, echo(0))).toBe(false);
    expect(machine.skbs.outstanding).toBe(0);
  });
});

describe("ping sockets", () => {
  it("put in identifier and checksum, and get the replies to it", () => {
    expect(
      run(function* (sys, machine) {
        const fd = yield* sys.socket(AF.INET, SOCK.DGRAM, 1);
        const sent = yield* sys.sendto(fd, echo(8, 99), 0, at("10.0.0.2", 0));
        const name = emptyAddress();
        yield* sys.getsockname(fd, name);
        const bytes = machine.ip.sent[0]?.bytes ?? new Uint8Array();
        const idIsOwn = u16(bytes, 24) === name.port && name.port !== 0;
        const taken = [arrive(machine, echo(0, name.port)), arrive(machine, echo(0, name.port ^ 1))];
        const count = yield* sys.recvfrom(fd, new Uint8Array(100), 0, null);
        const wrong = yield* sys.sendto(fd, echo(0), 0, at("10.0.0.2", 0));
        return [sent, idIsOwn, checksum(bytes, 20, 11), taken, count, wrong];
      }),
    ).toEqual([11, true, 0, [true, false], 11, -E.EINVAL]);
  });
});

describe("packet sockets", () => {
  const frame = Uint8Array.from({ length: 60 }, (_, i) => (i === 12 ? 8 : i === 13 ? 0 : i));

  function show(machine: TestMachine, packetType: number, partial = false): void {
    const skb = machine.skbs.alloc(60);
    skb.bytes.set(frame, skb.put(60));
    skb.packetType = packetType;
    if (partial) {
      skb.ipSummed = 3;
      skb.checksumStart = skb.data + 34;
      skb.checksumOffset = 6;
      put16(skb.bytes, skb.data + 40, 0);
    }
    for (const tap of machine.devices.taps) tap.onPacket(skb, machine.devices.eth0);
    machine.core.consume(skb);
  }

  it("see what is sent and received, with or without the Ethernet header", () => {
    expect(
      run(function* (sys, machine) {
        const raw = yield* sys.socket(AF.PACKET, SOCK.RAW, ETH_P_ALL);
        const cooked = yield* sys.socket(AF.PACKET, SOCK.DGRAM, 0x0800);
        const deaf = yield* sys.socket(AF.PACKET, SOCK.RAW, 0);
        show(machine, 0);
        show(machine, PACKET_OUTGOING);
        const from = emptyAddress();
        const buffer = new Uint8Array(100);
        const counts = [yield* sys.recvfrom(raw, buffer, 0, from), yield* sys.recvfrom(raw, buffer, 0, from)];
        const payload = yield* sys.recvfrom(cooked, buffer, 0, null);
        const none = yield* sys.recvfrom(deaf, buffer, MSG.DONTWAIT, null);
        const other = yield* sys.recvfrom(cooked, buffer, MSG.DONTWAIT, null);
        const statistics = yield* sys.getsockopt(raw, SOL.PACKET, PACKET_OPTION.STATISTICS);
        return [counts, from.packetType, from.device, from.protocol, payload, none, other, statistics];
      }),
    ).toEqual([[60, 60], 4, 2, 0x0800, 46, -E.EAGAIN, -E.EAGAIN, { value: "2 0" }]);
  });

  it("see checksums as they will be on the wire", () => {
    expect(
      run(function* (sys, machine) {
        const fd = yield* sys.socket(AF.PACKET, SOCK.RAW, ETH_P_ALL);
        show(machine, PACKET_OUTGOING, true);
        const buffer = new Uint8Array(100);
        yield* sys.recvfrom(fd, buffer, 0, null);
        return checksum(buffer, 34, 26);
      }),
    ).toBe(0);
  });

  it("make a device promiscuous as long as they are open", () => {
    const machine = new TestMachine();
    const inside = machine.run(function* (sys) {
      const fd = yield* sys.socket(AF.PACKET, SOCK.RAW, ETH_P_ALL);
      yield* sys.setsockopt(fd, SOL.PACKET, PACKET_OPTION.ADD_MEMBERSHIP, 2);
      yield* sys.setsockopt(fd, SOL.PACKET, PACKET_OPTION.ADD_MEMBERSHIP, 2);
      return machine.devices.eth0.promiscuity;
    });
    expect([inside, machine.devices.eth0.promiscuity, machine.devices.taps.length]).toEqual([1, 0, 0]);
  });

  it("send frames by a device", () => {
    expect(
      run(function* (sys, machine) {
        const fd = yield* sys.socket(AF.PACKET, SOCK.RAW, ETH_P_ALL);
        const nowhere = yield* sys.sendto(fd, frame, 0, null);
        const bound = yield* sys.bind(fd, { ...emptyAddress(), family: AF.PACKET, device: 2 });
        const sent = yield* sys.sendto(fd, frame, 0, null);
        const long = yield* sys.sendto(fd, new Uint8Array(1515), 0, null);
        machine.devices.eth0.isUp = false;
        const down = yield* sys.sendto(fd, frame, 0, null);
        return [nowhere, bound, sent, long, down, machine.devices.eth0.sent];
      }),
    ).toEqual([-E.ENXIO, 0, 60, -E.EMSGSIZE, -E.ENETDOWN, [frame]]);
  });
});

describe("the packet filter queue", () => {
  it("hands out packets with handles and takes verdicts", () => {
    const machine = new TestMachine();
    for (const mark of [1, 2, 3]) {
      const skb = machine.skbs.alloc(20);
      skb.bytes.fill(mark, skb.put(20), skb.tail);
      machine.ip.queue.push(skb);
    }
    const result = machine.run(function* (sys) {
      const fd = yield* sys.socket(AF.NETLINK, SOCK.RAW, 3);
      const second = yield* sys.socket(AF.NETLINK, SOCK.RAW, 3);
      const buffer = new Uint8Array(100);
      const from = emptyAddress();
      const seen: number[] = [];
      for (let i = 0; i < 3; i++) {
        const count = yield* sys.recvfrom(fd, buffer, 0, from);
        seen.push(count, u8(buffer, 0), from.port);
      }
      const accept = yield* sys.sendto(fd, Uint8Array.of(0, 0, 0, 2, 1), 0, null);
      const drop = yield* sys.sendto(fd, Uint8Array.of(0, 0, 0, 1, 0), 0, null);
      const again = yield* sys.sendto(fd, Uint8Array.of(0, 0, 0, 1, 0), 0, null);
      const short = yield* sys.sendto(fd, Uint8Array.of(1), 0, null);
      return [second, seen, accept, drop, again, short];
    });
    expect(result).toEqual([-E.EBUSY, [20, 1, 1, 20, 2, 2, 20, 3, 3], 5, 5, -E.ENOENT, -E.EINVAL]);
    // The third, undecided, is refused when the reader ends.
    expect(machine.ip.verdicts).toEqual([true, false, false]);
    expect(machine.skbs.outstanding).toBe(0);
  });
});
