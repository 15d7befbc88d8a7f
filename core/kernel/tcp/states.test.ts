/**
 * Every state against every kind of segment: never an assertion, no packet lost track of, no edge that the diagram does
 * not have; and each edge that it has is taken once (RFC 9293, figure 5 and section 3.10.7).
 */
import { afterAll, describe, expect, it } from "vitest";
import { SECOND } from "../../base/time.ts";
import { TH } from "../../wire/tcp.ts";
import { LONG } from "../../../test/harness/long.ts";
import { at } from "../../../test/harness/process.ts";
import { flagLetters, PEER, PEER_ISS, TcpBench } from "../../../test/harness/tcp-bench.ts";
import { SOL, TCP } from "../syscall/sys.ts";
import { TCP_EDGES, TCP_STATE, type TcpState } from "./states.ts";
import type { TcpSocket } from "./tcp-socket.ts";

const NAMES = Object.fromEntries(Object.entries(TCP_STATE).map(([name, value]) => [value, name]));

/** Edges seen in all tests of this file. */
const taken = new Set<string>();

function bench(): TcpBench {
  const made = new TcpBench();
  const { trace } = made.machine;
  trace.want(["sock:inet_sock_set_state", "tcp:step"]);
  trace.listen(({ name, fields }) => {
    if (name !== "sock:inet_sock_set_state") return;
    taken.add(`${NAMES[Number(fields["oldstate"])]} > ${NAMES[Number(fields["newstate"])]}`);
  });
  return made;
}

/** Who is there in a state: the socket that holds it, if any, and the ports that its peer uses. */
interface Scene {
  readonly socket: TcpSocket | null;
  readonly listener?: TcpSocket;
  readonly port: number;
  readonly to: number;
}

/** Brings a machine into the state. The peer's next octet is number 1, and ours `iss + 1`, unless FINs went. */
const SCENES: Readonly<Record<string, (bench: TcpBench, port: number) => Scene>> = {
  CLOSE: (_bench, port) => ({ socket: null, port, to: 80 }),
  LISTEN: (bench, port) => ({ socket: bench.listener(), port, to: 80 }),
  SYN_SENT: (bench, port) => {
    const socket = bench.connecting(port);
    return { socket, port, to: socket.localPort };
  },
  "SYN_RECV of a listener": (bench, port) => {
    const listener = bench.listener();
    bench.inject({ flags: "S", port });
    bench.iss = bench.lastSent().seq;
    return { socket: listener, port, to: 80 };
  },
  "SYN_RECV of crossed SYNs": (bench, port) => {
    const socket = bench.connecting(port);
    bench.inject({ flags: "S", port, to: socket.localPort });
    bench.sent();
    return { socket, port, to: socket.localPort };
  },
  "SYN_RECV of fast open": (bench, port) => {
    bench.sysctl("tcp_fastopen", 0x203);
    const listener = bench.listener();
    listener.setOption(SOL.TCP, TCP.FASTOPEN, 5);
    bench.inject({ flags: "S", port, text: "early" });
    bench.iss = bench.lastSent().seq;
    return { socket: bench.accept(listener), listener, port, to: 80 };
  },
  ESTABLISHED: (bench, port) => ({ socket: bench.passive(port), port, to: 80 }),
  FIN_WAIT1: (bench, port) => {
    const socket = bench.passive(port);
    socket.shutdown(1);
    return { socket, port, to: 80 };
  },
  "FIN_WAIT1 without a process": (bench, port) => {
    bench.passive(port).close();
    return { socket: null, port, to: 80 };
  },
  FIN_WAIT2: (bench, port) => {
    const socket = bench.passive(port);
    socket.shutdown(1);
    bench.inject({ flags: "A", seq: 1, ack: bench.iss + 2, port });
    return { socket, port, to: 80 };
  },
  "FIN_WAIT2 without a process": (bench, port) => {
    bench.passive(port).close();
    bench.inject({ flags: "A", seq: 1, ack: bench.iss + 2, port });
    return { socket: null, port, to: 80 };
  },
  CLOSE_WAIT: (bench, port) => {
    const socket = bench.passive(port);
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 1, port });
    return { socket, port, to: 80 };
  },
  CLOSING: (bench, port) => {
    const socket = bench.passive(port);
    socket.shutdown(1);
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 1, port });
    return { socket, port, to: 80 };
  },
  LAST_ACK: (bench, port) => {
    const socket = bench.passive(port);
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 1, port });
    socket.close();
    return { socket: null, port, to: 80 };
  },
  TIME_WAIT: (bench, port) => {
    const socket = bench.passive(port);
    socket.close();
    bench.inject({ flags: "FA", seq: 1, ack: bench.iss + 2, port });
    return { socket: null, port, to: 80 };
  },
};

/** All combinations of the four flags that decide; the others come along in some. */
const FLAGS: readonly number[] = Array.from({ length: 16 }, (_, bits) => {
  const base = (bits & 1 ? TH.FIN : 0) | (bits & 2 ? TH.SYN : 0) | (bits & 4 ? TH.RST : 0) | (bits & 8 ? TH.ACK : 0);
  return base | (bits & 1 ? TH.PSH : 0) | (bits === 5 ? TH.URG : 0) | (bits === 2 ? TH.ECE | TH.CWR : 0);
});
/** Relative to the peer's first octet: before, just before, at, inside, at the end of and beyond the window. */
const SEQS = [-70_000, 0, 1, 2, 1000, 65_536, 200_000] as const;
/** Relative to our first octet. */
const ACKS = [-100_000, -1, 0, 1, 2, 50_000] as const;
const TEXTS = ["", "0123456789"] as const;
/** Every so many of all combinations are tried: a number that shares no factor with the lengths of the lists. */
const STRIDE = LONG ? 1 : 11;

interface Case {
  readonly flags: string;
  readonly seq: number;
  /** Relative to our first octet. */
  readonly ack: number;
  readonly text: string;
}

const CASES: readonly Case[] = FLAGS.flatMap((bits) =>
  SEQS.flatMap((seq) => ACKS.flatMap((ack) => TEXTS.map((text) => ({ flags: flagLetters(bits), seq, ack, text })))),
).filter((_, index) => index % STRIDE === 0);

describe.each(Object.keys(SCENES))("%s", (name) => {
  it("bears every segment", () => {
    const made = bench();
    let port = 1000;
    for (const one of CASES) {
      const scene = SCENES[name]?.(made, ++port);
      if (scene === undefined) throw new Error("a scene");
      const segment = { ...one, ack: made.iss + 1 + one.ack, port, to: scene.to };
      made.inject(segment);
      expect(made.unaccounted).toBe(0);
      // A second one, and whatever timers then do.
      made.inject({ ...segment, flags: "A", seq: 1 });
      made.advance(3 * SECOND);
      if (scene.socket !== null && scene.socket.users > 0) scene.socket.close();
      scene.listener?.close();
      made.inject({ flags: "RA", seq: 1, ack: made.iss + 1, port, to: scene.to });
      made.inject({ flags: "R", seq: 2, port, to: scene.to });
      expect(made.unaccounted).toBe(0);
      made.sent();
      if (port % 100 === 0) made.advance(130 * SECOND);
    }
    made.advance(2000 * SECOND);
    expect(made.core.skbs.outstanding).toBe(0);
    expect(made.tcp.tables.timeWaits).toBe(0);
    expect(made.tcp.orphans).toBe(0);
    expect([...made.tcp.tables.entries()].length).toBe(0);
  }, 120_000);
});

describe("each edge of the diagram", () => {
  const PORT = 40_000;

  it("opens from both sides at once", () => {
    const made = bench();
    const socket = made.connecting(7);
    made.inject({ flags: "S", port: 7, to: socket.localPort });
    expect(socket.state).toBe(TCP_STATE.SYN_RECV);
    expect(made.brief()).toEqual(["SA"]);
    made.inject({ flags: "SA", ack: made.iss + 1, port: 7, to: socket.localPort });
    expect(socket.state).toBe(TCP_STATE.ESTABLISHED);
  });

  it("closes from both sides at once", () => {
    const made = bench();
    const socket = made.passive(PORT);
    socket.close();
    expect(made.brief()).toEqual(["FA"]);
    made.inject({ flags: "FA", seq: 1, ack: made.iss + 1 });
    expect(socket.state).toBe(TCP_STATE.CLOSING);
    made.inject({ flags: "A", seq: 2, ack: made.iss + 2 });
    expect(made.tcp.tables.timeWaits).toBe(1);
    made.advance(61 * SECOND);
    expect(made.tcp.tables.timeWaits).toBe(0);
  });

  it("goes through FIN_WAIT2 to TIME_WAIT", () => {
    const made = bench();
    const socket = made.passive(PORT);
    socket.shutdown(1);
    made.inject({ flags: "A", seq: 1, ack: made.iss + 2 });
    expect(socket.state).toBe(TCP_STATE.FIN_WAIT2);
    made.inject({ flags: "FA", seq: 1, ack: made.iss + 2 });
    expect(socket.state).toBe(TCP_STATE.CLOSE);
    expect(made.tcp.tables.timeWaits).toBe(1);
  });

  it("goes from FIN_WAIT1 by FIN_WAIT2 to TIME_WAIT in one segment", () => {
    const made = bench();
    made.passive(PORT).shutdown(1);
    made.inject({ flags: "FA", seq: 1, ack: made.iss + 2 });
    expect(made.tcp.tables.timeWaits).toBe(1);
  });

  it("closes behind the peer", () => {
    const made = bench();
    const socket = made.passive(PORT);
    made.inject({ flags: "FA", seq: 1, ack: made.iss + 1 });
    expect(socket.state).toBe(TCP_STATE.CLOSE_WAIT);
    socket.close();
    expect(socket.state).toBe(TCP_STATE.LAST_ACK);
    made.inject({ flags: "A", seq: 2, ack: made.iss + 2 });
    expect(socket.state).toBe(TCP_STATE.CLOSE);
    expect(socket.isClosed).toBe(true);
  });

  it("is closed before the handshake is done", () => {
    const made = bench();
    const socket = made.connecting(7);
    made.inject({ flags: "S", port: 7, to: socket.localPort });
    socket.close();
    expect(socket.state).toBe(TCP_STATE.FIN_WAIT1);
  });

  it("gets the FIN with the SYN of fast open", () => {
    const made = bench();
    made.sysctl("tcp_fastopen", 0x203);
    const listener = made.listener();
    listener.setOption(SOL.TCP, TCP.FASTOPEN, 5);
    made.inject({ flags: "S", port: 1, text: "hello" });
    const socket = made.accept(listener);
    expect(socket.state).toBe(TCP_STATE.SYN_RECV);
    made.iss = made.lastSent().seq;
    made.inject({ flags: "FA", seq: 6, ack: made.iss + 1, port: 1 });
    expect(socket.state).toBe(TCP_STATE.CLOSE_WAIT);
  });

  it("is reset in every state that has a peer", () => {
    const made = bench();
    const states: TcpState[] = [];
    let port = 1000;
    for (const name of Object.keys(SCENES)) {
      const scene = SCENES[name]?.(made, ++port);
      const entry = made.tcp.tables.find({
        boundAddress: at("10.0.0.1", 0).address,
        localPort: scene?.to ?? 0,
        remoteAddress: PEER,
        remotePort: port,
        device: 0,
      });
      if (entry?.isTcp === true) states.push(entry.state);
      const ack = entry?.isTcp === true ? entry.sndNxt : made.iss + 1;
      const seq = entry?.isTcp === true && entry.state !== TCP_STATE.SYN_SENT ? entry.rcvNxt - PEER_ISS : 1;
      made.inject({ flags: "RA", seq, ack, port, to: scene?.to ?? 0 });
      if (entry?.isTcp === true) expect(entry.state, name).toBe(TCP_STATE.CLOSE);
      if (scene?.socket && scene.socket.users > 0) scene.socket.close();
      scene?.listener?.close();
    }
    expect(new Set(states).size).toBe(8);
  });

  afterAll(() => {
    const wanted = Object.entries(TCP_EDGES).flatMap(([from, nexts]) =>
      nexts.map((next) => `${NAMES[Number(from)]} > ${NAMES[next]}`),
    );
    const missing = wanted.filter((edge) => !taken.has(edge));
    expect(missing).toEqual([]);
  });
});
