import { describe, expect, it } from "vitest";
import { put16, u16, utf8Decode, utf8Encode } from "../../base/bytes.ts";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { IPV4_ANY } from "../../wire/address.ts";
import { udpChecksum } from "../../wire/udp.ts";
import { E } from "../syscall/errno.ts";
import {
  AF,
  IP,
  MSG,
  PMTUDISC,
  POLL,
  SIGNALS,
  SO,
  SOCK,
  SOL,
  type Call,
  type Message,
  type SocketAddress,
  type Sys,
} from "../syscall/sys.ts";
import { at, ip, OWN_ADDRESS, TestMachine } from "../../../test/harness/process.ts";
import { putIpv4Header } from "../../../test/harness/ipv4-header.ts";
import { emptyAddress } from "./socket.ts";

const udp = (sys: Sys): Call<number> => sys.socket(AF.INET, SOCK.DGRAM, 0);

/** Runs a program over a fresh machine and gives back what it returned. */
function run<T>(body: (sys: Sys, machine: TestMachine) => Call<T>): T {
  const machine = new TestMachine();
  return machine.run((sys) => body(sys, machine));
}

interface Arrival {
  readonly to?: number;
  readonly from?: SocketAddress;
  readonly target?: string;
  readonly bytes?: number;
  readonly checksum?: number;
}

/** A datagram from elsewhere arrives. */
function arrive(machine: TestMachine, arrival: Arrival): void {
  const length = 8 + (arrival.bytes ?? 4);
  const skb = machine.skbs.alloc(length);
  const start = skb.put(length);
  skb.bytes.fill(0x61, start, start + length);
  put16(skb.bytes, start, arrival.from?.port ?? 5000);
  put16(skb.bytes, start + 2, arrival.to ?? 9);
  put16(skb.bytes, start + 4, length);
  put16(skb.bytes, start + 6, arrival.checksum ?? 0);
  putIpv4Header(skb, {
    source: arrival.from?.address ?? ip("10.0.0.2"),
    target: ip(arrival.target ?? "10.0.0.1"),
    protocol: 17,
    ttl: 64,
    dontFragment: false,
  });
  skb.deviceIndex = 2;
  machine.ip.deliver(skb);
}

describe("bind", () => {
  it.each([
    ["an address of its own", at("10.0.0.1", 53), 0],
    ["any address", at("0.0.0.0", 53), 0],
    ["a broadcast address", at("10.0.0.255", 53), 0],
    ["a foreign address", at("10.0.0.2", 53), -E.EADDRNOTAVAIL],
    ["another family", { ...at("10.0.0.1", 53), family: AF.UNIX }, -E.EAFNOSUPPORT],
    ["AF_UNSPEC and any address", { ...at("0.0.0.0", 53), family: AF.UNSPEC }, 0],
  ])("to %s", (_name, address, expected) => {
    expect(
      run(function* (sys) {
        return yield* sys.bind(yield* udp(sys), address);
      }),
    ).toBe(expected);
  });

  it("happens once", () => {
    expect(
      run(function* (sys) {
        const fd = yield* udp(sys);
        yield* sys.bind(fd, at("0.0.0.0", 53));
        return yield* sys.bind(fd, at("0.0.0.0", 54));
      }),
    ).toBe(-E.EINVAL);
  });

  it("to port 0 takes an ephemeral port, the same one in every run of a seed", () => {
    const port = (): number =>
      run(function* (sys) {
        const fd = yield* udp(sys);
        yield* sys.bind(fd, at("0.0.0.0", 0));
        const name = emptyAddress();
        yield* sys.getsockname(fd, name);
        return name.port;
      });
    expect(port()).toBeGreaterThanOrEqual(32_768);
    expect(port()).toBeLessThanOrEqual(60_999);
    expect(port()).toBe(port());
  });

  const options = [
    ["nothing", [], -E.EADDRINUSE],
    ["SO_REUSEADDR", [SO.REUSEADDR], 0],
    ["SO_REUSEPORT", [SO.REUSEPORT], 0],
  ] as const;
  it.each(options)("to a port in use, both with %s", (_name, set, expected) => {
    expect(
      run(function* (sys) {
        const sockets = [yield* udp(sys), yield* udp(sys)];
        let result = 0;
        for (const fd of sockets) {
          for (const option of set) yield* sys.setsockopt(fd, SOL.SOCKET, option, 1);
          result = yield* sys.bind(fd, at("0.0.0.0", 53));
        }
        return result;
      }),
    ).toBe(expected);
  });

  it("to one port on two addresses, and again after close", () => {
    expect(
      run(function* (sys) {
        const first = yield* udp(sys);
        const a = yield* sys.bind(first, at("10.0.0.1", 53));
        const b = yield* sys.bind(yield* udp(sys), at("127.0.0.1", 53));
        const c = yield* sys.bind(yield* udp(sys), at("0.0.0.0", 53));
        yield* sys.close(first);
        const d = yield* sys.bind(yield* udp(sys), at("10.0.0.1", 53));
        return [a, b, c, d];
      }),
    ).toEqual([0, 0, -E.EADDRINUSE, 0]);
  });
});

describe("sendto", () => {
  it.each([
    ["without a target", null, 4, -E.EDESTADDRREQ],
    ["to port 0", at("10.0.0.2", 0), 4, -E.EINVAL],
    ["to another family", { ...at("10.0.0.2", 9), family: AF.UNIX }, 4, -E.EAFNOSUPPORT],
    ["where no route leads", at("10.9.0.1", 9), 4, -E.ENETUNREACH],
    ["to a broadcast address without SO_BROADCAST", at("10.0.0.255", 9), 4, -E.EACCES],
    ["more than a datagram holds", at("10.0.0.2", 9), 65_508, -E.EMSGSIZE],
    ["a datagram", at("10.0.0.2", 9), 4, 4],
    ["nothing", at("10.0.0.2", 9), 0, 0],
  ])("%s", (_name, target, bytes, expected) => {
    expect(
      run(function* (sys) {
        return yield* sys.sendto(yield* udp(sys), new Uint8Array(bytes), 0, target);
      }),
    ).toBe(expected);
  });

  it("on a bad descriptor", () => {
    expect(
      run(function* (sys) {
        const none = yield* sys.sendto(99, new Uint8Array(1), 0, null);
        const file = yield* sys.sendto(yield* sys.open("/dev/null", 0), new Uint8Array(1), 0, null);
        return [none, file];
      }),
    ).toEqual([-E.EBADF, -E.ENOTSOCK]);
  });

  it("puts out a right datagram, with and without checksum offload", () => {
    for (const offload of [false, true]) {
      const machine = new TestMachine();
      machine.devices.eth0.txChecksumOffload = offload;
      machine.run(function* (sys) {
        const fd = yield* udp(sys);
        yield* sys.bind(fd, at("0.0.0.0", 1234));
        yield* sys.setsockopt(fd, SOL.IP, IP.TTL, 7);
        return yield* sys.sendto(fd, utf8Encode("hello"), 0, at("10.0.0.2", 9));
      });
      const [sent] = machine.ip.sent;
      expect(sent).toMatchObject({ source: OWN_ADDRESS, target: ip("10.0.0.2"), protocol: 17, ttl: 7 });
      const bytes = (sent as { bytes: Uint8Array }).bytes;
      expect([u16(bytes, 20), u16(bytes, 22), u16(bytes, 24)]).toEqual([1234, 9, 13]);
      expect(utf8Decode(bytes.subarray(28))).toBe("hello");
      const between = { source: OWN_ADDRESS, target: ip("10.0.0.2") };
      const check = udpChecksum(bytes, 20, 13, between);
      // Left to the device, the field holds the sum of the pseudo-header only.
      if (offload) expect(check).not.toBe(0);
      else expect(check).toBe(0);
      expect(machine.core.snmp.udp.OutDatagrams).toBe(1);
    }
  });

  it("blocks while the send buffer is full, and goes on when packets have left", () => {
    const machine = new TestMachine();
    machine.ip.hold = true;
    let sent = 0;
    machine.start(function* (sys) {
      const fd = yield* udp(sys);
      yield* sys.connect(fd, at("10.0.0.2", 9));
      for (; sent < 1000; sent++) yield* sys.sendto(fd, new Uint8Array(1000), 0, null);
      return 0;
    });
    machine.advance(SECOND);
    // 212,992 bytes over the truesize of a packet in 2,048 bytes of kmalloc, and one that begins inside.
    expect(sent).toBe(Math.floor(212_992 / (2048 + 256)) + 1);
    machine.ip.releaseHeld();
    machine.advance(SECOND);
    expect(sent).toBe(2 * (Math.floor(212_992 / (2048 + 256)) + 1));
  });

  it("says EAGAIN instead with MSG_DONTWAIT", () => {
    expect(
      run(function* (sys, machine) {
        machine.ip.hold = true;
        const fd = yield* udp(sys);
        yield* sys.setsockopt(fd, SOL.SOCKET, SO.SNDBUF, 0);
        const results: number[] = [];
        for (let i = 0; i < 4; i++) {
          results.push(yield* sys.sendto(fd, new Uint8Array(1000), MSG.DONTWAIT, at("10.0.0.2", 9)));
        }
        const size = yield* sys.getsockopt(fd, SOL.SOCKET, SO.SNDBUF);
        machine.ip.releaseHeld();
        return { results, size };
      }),
    ).toEqual({ results: [1000, 1000, -E.EAGAIN, -E.EAGAIN], size: { value: 4608 } });
  });

  it("obeys IP_MTU_DISCOVER", () => {
    const flags = (mode: number, bytes: number): unknown =>
      run(function* (sys, machine) {
        const fd = yield* udp(sys);
        yield* sys.setsockopt(fd, SOL.IP, IP.MTU_DISCOVER, mode);
        const result = yield* sys.sendto(fd, new Uint8Array(bytes), 0, at("10.0.0.2", 9));
        return [result < 0 ? result : 0, machine.ip.sent[0]?.dontFragment];
      });
    expect(flags(PMTUDISC.DONT, 100)).toEqual([0, false]);
    expect(flags(PMTUDISC.WANT, 100)).toEqual([0, true]);
    expect(flags(PMTUDISC.WANT, 2000)).toEqual([0, false]);
    expect(flags(PMTUDISC.DO, 1472)).toEqual([0, true]);
    expect(flags(PMTUDISC.DO, 1473)).toEqual([-E.EMSGSIZE, undefined]);
  });
});

describe("receive", () => {
  it("takes datagrams in order, with who sent them", () => {
    expect(
      run(function* (sys, machine) {
        const fd = yield* udp(sys);
        yield* sys.bind(fd, at("0.0.0.0", 9));
        arrive(machine, { bytes: 3 });
        arrive(machine, { bytes: 5, from: at("10.0.0.7", 77) });
        const buffer = new Uint8Array(100);
        const from = emptyAddress();
        const first = yield* sys.recvfrom(fd, buffer, 0, from);
        const second = yield* sys.recvfrom(fd, buffer, 0, from);
        return [first, second, from];
      }),
    ).toEqual([3, 5, at("10.0.0.7", 77)]);
  });

  it("blocks until one comes, also through loopback", () => {
    const machine = new TestMachine();
    const server = machine.start(function* (sys) {
      const fd = yield* udp(sys);
      yield* sys.bind(fd, at("0.0.0.0", 9));
      const buffer = new Uint8Array(100);
      const from = emptyAddress();
      const count = yield* sys.recvfrom(fd, buffer, 0, from);
      return yield* sys.sendto(fd, buffer.subarray(0, count), 0, from);
    });
    machine.advance(SECOND);
    const answer = machine.run(function* (sys) {
      const fd = yield* udp(sys);
      yield* sys.connect(fd, at("127.0.0.1", 9));
      yield* sys.sendto(fd, utf8Encode("echo"), 0, null);
      return yield* sys.recvfrom(fd, new Uint8Array(10), 0, null);
    });
    expect([answer, machine.statuses.get(server.pid)]).toEqual([4, 4]);
  });

  it("peeks, truncates and tells the true length", () => {
    expect(
      run(function* (sys, machine) {
        const fd = yield* udp(sys);
        yield* sys.bind(fd, at("0.0.0.0", 9));
        arrive(machine, { bytes: 10 });
        const buffer = new Uint8Array(4);
        const message: Message = { from: emptyAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null };
        const peeked = yield* sys.recvfrom(fd, buffer, MSG.PEEK, null);
        const long = yield* sys.recvmsg(fd, buffer, MSG.PEEK | MSG.TRUNC, message);
        const cut = yield* sys.recvfrom(fd, buffer, 0, null);
        const none = yield* sys.recvfrom(fd, buffer, MSG.DONTWAIT, null);
        return [peeked, long, message.flags, cut, none];
      }),
    ).toEqual([4, 10, MSG.TRUNC, 4, -E.EAGAIN]);
  });

  it("gives up after SO_RCVTIMEO, and at a caught signal", () => {
    const machine = new TestMachine();
    const process = machine.start(function* (sys) {
      const fd = yield* udp(sys);
      yield* sys.bind(fd, at("0.0.0.0", 9));
      yield* sys.setsockopt(fd, SOL.SOCKET, SO.RCVTIMEO, 50 * MILLISECOND);
      const before = sys.now();
      const late = yield* sys.recvfrom(fd, new Uint8Array(1), 0, null);
      const waited = sys.now() - before;
      yield* sys.setsockopt(fd, SOL.SOCKET, SO.RCVTIMEO, 0);
      yield* sys.sigaction(SIGNALS.INT, "catch");
      const interrupted = yield* sys.recvfrom(fd, new Uint8Array(1), 0, null);
      return late === -E.EAGAIN && waited === 50 * MILLISECOND && interrupted === -E.EINTR ? 0 : 1;
    });
    machine.advance(SECOND);
    machine.userland.processes.signal(process, SIGNALS.INT);
    machine.advance(SECOND);
    expect(machine.statuses.get(process.pid)).toBe(0);
  });

  it("refuses what does not fit into the receive buffer, and gets its memory back", () => {
    expect(
      run(function* (sys, machine) {
        const fd = yield* udp(sys);
        yield* sys.setsockopt(fd, SOL.SOCKET, SO.RCVBUF, 4000);
        yield* sys.bind(fd, at("0.0.0.0", 9));
        for (let i = 0; i < 20; i++) arrive(machine, { bytes: 1000 });
        const snmp = machine.core.snmp.udp;
        const dropped = machine.core.drops.of("SOCKET_RCVBUFF");
        let count = 0;
        while ((yield* sys.recvfrom(fd, new Uint8Array(2000), MSG.DONTWAIT, null)) >= 0) count++;
        const rest = machine.userland.sockets.list()[0]?.receiveMemory.used;
        return { count, dropped, rest, errors: snmp.RcvbufErrors, delivered: snmp.InDatagrams };
      }),
    ).toEqual({ count: 4, dropped: 16, rest: 0, errors: 16, delivered: 4 });
  });

  it("counts and answers what nobody wants", () => {
    const machine = new TestMachine();
    arrive(machine, { to: 9 });
    expect(machine.ip.errorsSent).toEqual([{ type: 3, code: 3 }]);
    expect(machine.core.snmp.udp.NoPorts).toBe(1);
    expect(machine.core.drops.of("NO_SOCKET")).toBe(1);
    arrive(machine, { to: 9, checksum: 0x1234 });
    expect(machine.core.snmp.udp.InCsumErrors).toBe(1);
    expect(machine.core.drops.of("UDP_CSUM")).toBe(1);
    expect(machine.skbs.outstanding).toBe(0);
  });

  it("prefers the bound address, then the connected peer, then the device", () => {
    const machine = new TestMachine();
    const got = machine.run(function* (sys) {
      const any = yield* udp(sys);
      const bound = yield* udp(sys);
      const connected = yield* udp(sys);
      const device = yield* udp(sys);
      for (const fd of [any, bound, connected, device]) yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
      yield* sys.setsockopt(device, SOL.SOCKET, SO.BINDTODEVICE, "eth0");
      yield* sys.bind(any, at("0.0.0.0", 9));
      yield* sys.bind(device, at("0.0.0.0", 9));
      yield* sys.bind(bound, at("10.0.0.1", 9));
      yield* sys.bind(connected, at("10.0.0.1", 9));
      yield* sys.connect(connected, at("10.0.0.2", 5000));
      arrive(machine, { bytes: 1 });
      arrive(machine, { bytes: 2, from: at("10.0.0.3", 5000) });
      arrive(machine, { bytes: 3, target: "127.0.0.1" });
      const counts: number[] = [];
      for (const fd of [connected, bound, device, any]) {
        counts.push(yield* sys.recvfrom(fd, new Uint8Array(9), MSG.DONTWAIT, null));
      }
      return counts;
    });
    expect(got).toEqual([1, 2, 3, -E.EAGAIN]);
  });

  it("hands a broadcast to everybody", () => {
    const machine = new TestMachine();
    const got = machine.run(function* (sys) {
      const sockets = [yield* udp(sys), yield* udp(sys)];
      for (const fd of sockets) {
        yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
        yield* sys.bind(fd, at("0.0.0.0", 9));
      }
      arrive(machine, { target: "255.255.255.255" });
      const counts: number[] = [];
      for (const fd of sockets) counts.push(yield* sys.recvfrom(fd, new Uint8Array(9), MSG.DONTWAIT, null));
      return counts;
    });
    expect(got).toEqual([4, 4]);
    arrive(machine, { target: "255.255.255.255", to: 10 });
    expect(machine.core.snmp.udp.IgnoredMulti).toBe(1);
  });

  it("spreads flows over a SO_REUSEPORT group, and keeps each with one socket", () => {
    const machine = new TestMachine();
    const got = machine.run(function* (sys) {
      const sockets = [yield* udp(sys), yield* udp(sys)];
      for (const fd of sockets) {
        yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEPORT, 1);
        yield* sys.bind(fd, at("0.0.0.0", 9));
      }
      for (let i = 0; i < 40; i++) {
        for (let twice = 0; twice < 2; twice++) arrive(machine, { from: at("10.0.0.2", 1000 + i) });
      }
      const counts = [0, 0];
      for (const [index, fd] of sockets.entries()) {
        while ((yield* sys.recvfrom(fd, new Uint8Array(9), MSG.DONTWAIT, null)) >= 0) {
          counts[index] = (counts[index] as number) + 1;
        }
      }
      return counts;
    });
    expect((got[0] as number) + (got[1] as number)).toBe(80);
    expect((got[0] as number) % 2).toBe(0);
    expect(Math.min(...got)).toBeGreaterThan(10);
  });

  it("frees what is unread when the socket is closed, by the program or by its end", () => {
    const machine = new TestMachine();
    machine.run(function* (sys) {
      const fd = yield* udp(sys);
      yield* sys.bind(fd, at("0.0.0.0", 9));
      arrive(machine, {});
      return 0;
    });
    expect(machine.core.drops.of("SOCKET_CLOSED")).toBe(1);
    expect(machine.skbs.outstanding).toBe(0);
    expect(machine.userland.sockets.list()).toEqual([]);
  });

  it("dies with the machine as NODE_DOWN", () => {
    const machine = new TestMachine();
    machine.start(function* (sys) {
      const fd = yield* udp(sys);
      yield* sys.bind(fd, at("0.0.0.0", 9));
      return yield* sys.nanosleep(SECOND);
    });
    machine.advance(1);
    arrive(machine, {});
    machine.core.alive = false;
    machine.core.timers.stop();
    machine.cpu.halt();
    machine.userland.shutdown();
    expect(machine.core.drops.of("NODE_DOWN")).toBe(1);
    expect(machine.skbs.outstanding).toBe(0);
  });
});

describe("ICMP errors", () => {
  const refused = (connected: boolean, recvErr: boolean): unknown =>
    run(function* (sys, machine) {
      const fd = yield* udp(sys);
      yield* sys.bind(fd, at("0.0.0.0", 1234));
      if (recvErr) yield* sys.setsockopt(fd, SOL.IP, IP.RECVERR, 1);
      if (connected) yield* sys.connect(fd, at("10.0.0.2", 9));
      yield* sys.sendto(fd, utf8Encode("data"), 0, connected ? null : at("10.0.0.2", 9));
      const quote = machine.skbs.alloc(64);
      const start = quote.put((machine.ip.sent[0]?.bytes ?? new Uint8Array()).length);
      quote.bytes.set(machine.ip.sent[0]?.bytes ?? new Uint8Array(), start);
      quote.networkHeader = start;
      quote.pull(20);
      quote.transportHeader = quote.data;
      machine.ip.protocol(17).error(quote, {
        type: 3,
        code: 3,
        info: 0,
        offender: ip("10.0.0.2"),
        errno: E.ECONNREFUSED,
        isFatal: true,
      });
      machine.core.consume(quote);
      const fds = [{ fd, events: POLL.IN, revents: 0 }];
      yield* sys.poll(fds, 0);
      const buffer = new Uint8Array(10);
      const message: Message = { from: emptyAddress(), flags: 0, ttl: null, tos: null, timestamp: null, error: null };
      const queued = yield* sys.recvmsg(fd, buffer, MSG.ERRQUEUE, message);
      const result = yield* sys.recvfrom(fd, buffer, MSG.DONTWAIT, null);
      return [
        fds[0]?.revents,
        queued,
        message.error?.errno,
        utf8Decode(buffer.subarray(0, Math.max(0, queued))),
        result,
      ];
    });

  it("reach a connected socket", () => {
    expect(refused(true, false)).toEqual([POLL.ERR, -E.EAGAIN, undefined, "", -E.ECONNREFUSED]);
  });

  it("do not reach one that is not connected", () => {
    expect(refused(false, false)).toEqual([0, -E.EAGAIN, undefined, "", -E.EAGAIN]);
  });

  it("reach any socket with IP_RECVERR, through the error queue", () => {
    expect(refused(false, true)).toEqual([POLL.ERR, 4, E.ECONNREFUSED, "data", -E.EAGAIN]);
  });
});

describe("connect and options", () => {
  it("dissolves with AF_UNSPEC", () => {
    expect(
      run(function* (sys) {
        const fd = yield* udp(sys);
        const before = yield* sys.getpeername(fd, emptyAddress());
        yield* sys.connect(fd, at("10.0.0.2", 9));
        const name = emptyAddress();
        yield* sys.getsockname(fd, name);
        const peer = emptyAddress();
        yield* sys.getpeername(fd, peer);
        yield* sys.connect(fd, { ...emptyAddress(), family: AF.UNSPEC });
        const after = emptyAddress();
        yield* sys.getsockname(fd, after);
        return [before, name.address, name.port > 0, peer, after.address, after.port];
      }),
    ).toEqual([-E.ENOTCONN, OWN_ADDRESS, true, at("10.0.0.2", 9), IPV4_ANY, 0]);
  });

  it("doubles buffer sizes and bounds them", () => {
    expect(
      run(function* (sys) {
        const fd = yield* udp(sys);
        const values: unknown[] = [yield* sys.getsockopt(fd, SOL.SOCKET, SO.RCVBUF)];
        for (const size of [1, 5000, 10_000_000]) {
          yield* sys.setsockopt(fd, SOL.SOCKET, SO.RCVBUF, size);
          values.push(yield* sys.getsockopt(fd, SOL.SOCKET, SO.RCVBUF));
        }
        return values;
      }),
    ).toEqual([{ value: 212_992 }, { value: 2304 }, { value: 10_000 }, { value: 425_984 }]);
  });

  it("knows families, types and protocols", () => {
    expect(
      run(function* (sys) {
        const results: number[] = [];
        for (const [domain, type, protocol] of [
          [AF.UNIX, SOCK.DGRAM, 0],
          [10, SOCK.DGRAM, 0],
          [AF.INET, SOCK.STREAM, 17],
          [AF.INET, SOCK.DGRAM, 6],
          [AF.INET, SOCK.RAW, 0],
          [AF.INET, 9, 0],
          [AF.INET, SOCK.DGRAM, -1],
          [AF.INET, 0x100, 0],
        ] as const) {
          results.push(yield* sys.socket(domain, type, protocol));
        }
        return results;
      }),
    ).toEqual([
      -E.EAFNOSUPPORT,
      -E.EAFNOSUPPORT,
      -E.EPROTONOSUPPORT,
      -E.EPROTONOSUPPORT,
      -E.EPROTONOSUPPORT,
      -E.ESOCKTNOSUPPORT,
      -E.EINVAL,
      -E.EINVAL,
    ]);
  });
});
