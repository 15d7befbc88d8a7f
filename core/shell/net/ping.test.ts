import { beforeEach, describe, expect, it } from "vitest";
import { FakeMachine, ip, type FakeSocket } from "../../../test/harness/fake-sys.ts";
import { put16, put32, put8, u16, u8 } from "../../base/bytes.ts";
import type { SocketAddress } from "../../kernel/syscall/sys.ts";
import { E } from "../../kernel/syscall/errno.ts";
import { programs } from "../programs.ts";
import { PingStatistics } from "./ping-statistics.ts";

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine(programs);
  machine.write("/etc/hosts", "127.0.0.1 localhost\n10.0.1.2 h2\n10.0.0.254 r1\n");
});

/** An IPv4 packet around an ICMP message, as a raw socket sees it. */
function packet(source: string, ttl: number, icmp: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(20 + icmp.length);
  put8(bytes, 0, 0x45);
  put16(bytes, 2, bytes.length);
  put8(bytes, 8, ttl);
  put8(bytes, 9, 1);
  put32(bytes, 12, ip(source));
  bytes.set(icmp, 20);
  return bytes;
}

type Sent = { type: number; code: number; rest?: number; target?: string; protocol?: number };

/** An ICMP error that quotes the first 8 bytes of what was sent. */
function error(kind: Sent, sent: Uint8Array): Uint8Array {
  const { type, code, rest = 0, target = "10.0.1.2", protocol = 1 } = kind;
  const bytes = new Uint8Array(8 + 20 + 8);
  put8(bytes, 0, type);
  put8(bytes, 1, code);
  put32(bytes, 4, rest);
  put8(bytes, 8, 0x45);
  put8(bytes, 17, protocol);
  put32(bytes, 24, ip(target));
  bytes.set(sent.subarray(0, 8), 28);
  return bytes;
}

function reply(sent: Uint8Array): Uint8Array {
  const bytes = sent.slice();
  put8(bytes, 0, 0);
  return bytes;
}

/** Answers each echo after `ns`; `change` may damage or drop it. */
function answer(ns: number, change: (bytes: Uint8Array, sequence: number) => Uint8Array[]): void {
  machine.onSend = (socket: FakeSocket, bytes: Uint8Array) => {
    if (socket.protocol !== 1) return bytes.length;
    for (const each of change(bytes, u16(bytes, 6))) {
      machine.at(machine.time + ns, () => void socket.queue.push({ bytes: each, at: machine.time }));
    }
    return bytes.length;
  };
}

const ping = (...words: string[]): { status: number; output: string } => machine.run("ping", ["ping", ...words]);

describe("ping", () => {
  it("prints replies and statistics in whole microseconds", () => {
    answer(1_234_567, (bytes) => [packet("10.0.1.2", 63, reply(bytes))]);
    expect(ping("-c", "2", "10.0.1.2")).toEqual({
      status: 0,
      output:
        "PING 10.0.1.2 (10.0.1.2) 56(84) bytes of data.\n" +
        "64 bytes from 10.0.1.2: icmp_seq=1 ttl=63 time=1.23 ms\n" +
        "64 bytes from 10.0.1.2: icmp_seq=2 ttl=63 time=1.23 ms\n" +
        "\n--- 10.0.1.2 ping statistics ---\n" +
        "2 packets transmitted, 2 received, 0% packet loss, time 1000ms\n" +
        "rtt min/avg/max/mdev = 1.234/1.234/1.234/0.000 ms\n",
    });
  });

  it("ends with 1 when nothing answers, after -W", () => {
    expect(ping("-c", "2", "-W", "3", "10.0.1.2")).toEqual({
      status: 1,
      output:
        "PING 10.0.1.2 (10.0.1.2) 56(84) bytes of data.\n\n--- 10.0.1.2 ping statistics ---\n" +
        "2 packets transmitted, 0 received, 100% packet loss, time 1000ms\n\n",
    });
  });

  it.each([
    [{ type: 3, code: 1 }, "Destination Host Unreachable"],
    [{ type: 3, code: 4, rest: 1400 }, "Frag needed and DF set (mtu = 1400)"],
    [{ type: 11, code: 0 }, "Time to live exceeded"],
    [{ type: 3, code: 13 }, "Packet filtered"],
  ])("shows ICMP %j", (kind, text) => {
    answer(1000, (bytes) => [packet("10.0.0.254", 64, error(kind, bytes))]);
    const result = ping("-c", "1", "-n", "h2");
    expect(result.output).toContain(`From 10.0.0.254 icmp_seq=1 ${text}\n`);
    expect(result.output).toContain("1 packets transmitted, 0 received, +1 errors, 100% packet loss");
    expect(result.status).toBe(1);
  });

  it("does not count a redirect as an error", () => {
    answer(1000, (bytes) => [
      packet("10.0.0.254", 64, error({ type: 5, code: 1, rest: ip("10.0.0.253") }, bytes)),
      packet("10.0.1.2", 63, reply(bytes)),
    ]);
    const { output } = ping("-c", "1", "h2");
    expect(output).toContain("From r1 (10.0.0.254): icmp_seq=1 Redirect Host(New nexthop: 10.0.0.253)\n");
    expect(output).toContain("64 bytes from h2 (10.0.1.2): icmp_seq=1 ttl=63");
    expect(output).toContain("1 packets transmitted, 1 received, 0% packet loss");
  });

  it("tells duplicates and damage", () => {
    answer(1000, (bytes, sequence) => {
      const damaged = reply(bytes);
      if (sequence === 1) put8(damaged, 8 + 20, u8(damaged, 8 + 20) ^ 0xff);
      return sequence === 1 ? [packet("10.0.1.2", 63, damaged), packet("10.0.1.2", 63, damaged)] : [];
    });
    const { output } = ping("-c", "2", "-W", "1", "10.0.1.2");
    expect(output).toContain(
      "icmp_seq=1 ttl=63 time=0.001 ms\nwrong data byte #20 should be 0x14 but was 0xeb\n" +
        "#16\t10 11 12 13 eb 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f \n" +
        "#48\t30 31 32 33 34 35 36 37 \n",
    );
    expect(output).toContain("time=0.001 ms (DUP!)");
    expect(output).toContain("2 packets transmitted, 1 received, +1 duplicates, 50% packet loss");
  });

  it("stops on SIGINT with its statistics", () => {
    answer(1000, (bytes) => [packet("10.0.1.2", 63, reply(bytes))]);
    machine.at(2.5e9, () => void machine.kill(100, 2));
    const result = ping("10.0.1.2");
    expect(result.output).toContain("\n3 packets transmitted, 3 received, 0% packet loss, time 2000ms\n");
    expect(result.status).toBe(0);
  });

  it("reports what the kernel refuses", () => {
    machine.netlink = (request) =>
      request.kind === "route-get" ? { kind: "routes", routes: [{ mtu: 1400 } as never] } : -E.EOPNOTSUPP;
    machine.onSend = () => -E.EMSGSIZE;
    expect(ping("-c", "1", "-M", "do", "-s", "2000", "h2").output).toContain(
      "ping: local error: message too long, mtu=1400\n",
    );
  });

  it.each([
    [["nope"], "ping: nope: Name or service not known\n"],
    [["-c", "0", "h2"], "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n", 1],
    [["-c", "x", "h2"], "ping: invalid argument: 'x'\n", 1],
    [["-t", "300", "h2"], "ping: invalid argument: '300': out of range: 0 <= value <= 255\n", 1],
    [["-Q", "300", "h2"], "ping: the decimal value of TOS bits must be in range 0-255: 300\n"],
    [["-M", "maybe", "h2"], "ping: invalid -M argument: maybe\n"],
    [["-z"], "ping: invalid option -- 'z'\n"],
    [["-c"], "ping: option requires an argument -- 'c'\n"],
    [[], "ping: usage error: Destination address required\n", 1],
  ] as [string[], string, number?][])("refuses %j", (words, message, status = 2) => {
    const result = ping(...words);
    expect(result.output).toContain(message);
    expect(result.status).toBe(status);
  });
});

describe("statistics", () => {
  it.each([
    [3, 2, "33.3333"],
    [7, 6, "14.2857"],
    [200, 199, "0.5"],
    [4, 0, "100"],
    [1000, 999, "0.1"],
  ])("loss of %i sent and %i received", (transmitted, received, text) => {
    const statistics = new PingStatistics();
    statistics.transmitted = transmitted;
    statistics.received = received;
    expect(statistics.loss()).toBe(text);
  });

  it("computes the deviation as iputils does", () => {
    const statistics = new PingStatistics();
    for (const us of [100, 200, 400]) statistics.add(us);
    [statistics.transmitted, statistics.received] = [3, 3];
    // Variance 15555.5, whose root is 124.7.
    expect(statistics.lines("x", 2000, false)).toContain("rtt min/avg/max/mdev = 0.100/0.233/0.400/0.124 ms");
  });
});

describe("traceroute", () => {
  it("goes hop by hop to the target", () => {
    machine.onSend = (socket, bytes, to: SocketAddress | null) => {
      const ttl = Number(socket.options.get("0/2"));
      const raw = [...machine.processes.values()]
        .flatMap((each) => [...each.files.values()])
        .find((each) => each.socket?.protocol === 1)?.socket;
      const head = new Uint8Array(8);
      put16(head, 0, socket.local.port);
      put16(head, 2, to?.port ?? 0);
      const hop =
        ttl === 1
          ? packet("10.0.0.254", 64, error({ type: 11, code: 0, protocol: 17 }, head))
          : packet("10.0.1.2", 63, error({ type: 3, code: 3, protocol: 17 }, head));
      if (ttl !== 2 || to?.port !== 33434 + 4) {
        machine.at(machine.time + 1e6 * ttl, () => void raw?.queue.push({ bytes: hop, at: machine.time }));
      }
      return bytes.length;
    };
    expect(machine.run("traceroute", ["traceroute", "-w", "1", "h2"])).toEqual({
      status: 0,
      output:
        "traceroute to h2 (10.0.1.2), 30 hops max, 60 byte packets\n" +
        " 1  r1 (10.0.0.254)  1.000 ms  1.000 ms  1.000 ms\n" +
        " 2  h2 (10.0.1.2)  2.000 ms *  2.000 ms\n",
    });
  });

  it("shows stars and annotations", () => {
    expect(machine.run("traceroute", ["traceroute", "-n", "-m", "2", "-q", "1", "-w", "1", "h2"]).output).toContain(
      "\n 1  *\n 2  *\n",
    );
    expect(machine.run("traceroute", ["traceroute"]).status).toBe(0);
    expect(machine.run("traceroute", ["traceroute", "-q", "11", "h2"]).output).toBe("no more than 10 probes per hop\n");
  });
});
