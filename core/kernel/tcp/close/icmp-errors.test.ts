import { describe, expect, it } from "vitest";
import { SECOND } from "../../../base/time.ts";
import { ICMP_TYPE, ICMP_UNREACH } from "../../../wire/icmp.ts";
import { TcpBench } from "../../../../test/harness/tcp-bench.ts";
import { E } from "../../syscall/errno.ts";
import { IP, MSG, SOL } from "../../syscall/sys.ts";
import { TCP_STATE } from "../states.ts";

const PORT_UNREACH = { code: ICMP_UNREACH.PORT_UNREACH, errno: E.ECONNREFUSED, isFatal: true };
const HOST_UNREACH = { code: ICMP_UNREACH.HOST_UNREACH, errno: E.EHOSTUNREACH };

describe("an ICMP error", () => {
  it.each([
    ["host unreachable", HOST_UNREACH],
    ["port unreachable", PORT_UNREACH],
    ["time exceeded", { type: ICMP_TYPE.TIME_EXCEEDED, errno: E.EHOSTUNREACH }],
  ])("ends a connection in SYN-SENT: %s", (_name, error) => {
    const bench = new TcpBench();
    const socket = bench.connecting();
    bench.icmp(error, { seq: bench.iss, from: socket.localPort, to: 7 });
    expect([socket.state, socket.error]).toEqual([TCP_STATE.CLOSE, error.errno]);
  });

  it("about what is not under way is ignored", () => {
    const bench = new TcpBench();
    const socket = bench.connecting();
    bench.icmp(PORT_UNREACH, { seq: bench.iss + 100, from: socket.localPort, to: 7 });
    expect(socket.state).toBe(TCP_STATE.SYN_SENT);
    expect(bench.core.snmp.tcpExt.OutOfWindowIcmps).toBe(1);
    bench.icmp(PORT_UNREACH, { seq: bench.iss, from: socket.localPort, to: 8 });
    expect(bench.core.snmp.icmp.InErrors).toBe(1);
  });

  it("drops a request, unless it says that the port is unreachable", () => {
    const bench = new TcpBench();
    const listener = bench.listener();
    bench.inject({ flags: "S", port: 9 });
    const { seq } = bench.lastSent();
    bench.icmp(PORT_UNREACH, { seq, from: 80, to: 9 });
    expect(listener.accepting?.requests.size).toBe(1);
    bench.icmp(HOST_UNREACH, { seq, from: 80, to: 9 });
    expect(listener.accepting?.requests.size).toBe(0);
    expect(bench.core.snmp.tcpExt.ListenDrops).toBe(1);
  });

  it("is only remembered by a connection, and told when it times out", () => {
    const bench = new TcpBench();
    const socket = bench.passive();
    bench.sysctl("tcp_retries2", 3);
    socket.send(new Uint8Array(10), 0, null);
    bench.icmp(PORT_UNREACH, { seq: bench.iss + 1, from: 80, to: 40_000 });
    expect([socket.state, socket.error, socket.softError]).toEqual([TCP_STATE.ESTABLISHED, 0, E.ECONNREFUSED]);
    bench.advance(300 * SECOND);
    expect([socket.state, socket.error]).toEqual([TCP_STATE.CLOSE, E.ECONNREFUSED]);
  });

  it("is reported at once with IP_RECVERR, and the connection lives on", () => {
    const bench = new TcpBench();
    const socket = bench.passive();
    socket.setOption(SOL.IP, IP.RECVERR, 1);
    socket.send(new Uint8Array(10), 0, null);
    bench.icmp(HOST_UNREACH, { seq: bench.iss + 1, from: 80, to: 40_000 });
    expect(socket.receive(new Uint8Array(10), 0, null, null)).toBe(-E.EHOSTUNREACH);
    expect(socket.state).toBe(TCP_STATE.ESTABLISHED);
  });

  it("is queued with IP_RECVERR while connecting", () => {
    const bench = new TcpBench();
    const socket = bench.connecting();
    socket.setOption(SOL.IP, IP.RECVERR, 1);
    bench.icmp(HOST_UNREACH, { seq: bench.iss, from: socket.localPort, to: 7 });
    expect(socket.receive(new Uint8Array(10), MSG.ERRQUEUE, null, null)).toBeGreaterThanOrEqual(0);
  });
});

describe("fragmentation needed", () => {
  it("makes segments smaller and sends them again at once", () => {
    const bench = new TcpBench();
    const socket = bench.passive(40_000, [{ kind: "mss", mss: 1460 }]);
    socket.send(new Uint8Array(2000), 0, null);
    expect(bench.brief()).toEqual(["PA 1:2001"]);
    bench.machine.ip.mtu = 1000;
    bench.machine.ip.generation++;
    const tooBig = { code: ICMP_UNREACH.FRAG_NEEDED, errno: E.EMSGSIZE, info: 1000 };
    bench.icmp(tooBig, { seq: bench.iss + 1, from: 80, to: 40_000 });
    // One packet, for the device to cut up.
    expect(bench.brief()).toEqual(["PA 1:2001"]);
    expect(socket.mssCache).toBe(960);
  });
});

describe("RFC 6069", () => {
  it("takes back the last back-off when a router says that it cannot pass a retransmission on", () => {
    const bench = new TcpBench();
    // A handshake at time 0 gives no measurement.
    bench.advance(SECOND);
    const socket = bench.passive();
    socket.send(new Uint8Array(10), 0, null);
    bench.advance(7 * SECOND);
    const { backoff, rtoUs } = socket;
    expect(backoff).toBeGreaterThan(1);
    bench.icmp(HOST_UNREACH, { seq: bench.iss + 1, from: 80, to: 40_000 });
    expect(socket.backoff).toBe(backoff - 1);
    expect(socket.rtoUs).toBe(rtoUs / 2);
  });
});
