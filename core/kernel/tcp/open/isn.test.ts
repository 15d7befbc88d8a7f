import { describe, expect, it } from "vitest";
import { SECOND } from "../../../base/time.ts";
import { TestMachine } from "../../../../test/harness/process.ts";
import { IsnSource, VolatileWord, type StableWord } from "./isn.ts";
import type { TcpSysctls } from "../tcp-sysctls.ts";

const TUPLE = { boundAddress: 0x0a000001, localPort: 80, remoteAddress: 0x0a000002, remotePort: 4000 };

function source(policy: string, store: StableWord = new VolatileWord()): { isns: IsnSource; machine: TestMachine } {
  const machine = new TestMachine();
  const sysctls: TcpSysctls = machine.userland.tcp.sysctls;
  sysctls.isnPolicy.value = policy;
  return { isns: new IsnSource(machine.core, sysctls, store), machine };
}

describe("initial sequence numbers", () => {
  it("are 0 with policy zero, for old duplicates to fit", () => {
    const { isns } = source("zero");
    expect([isns.next(TUPLE), isns.next(TUPLE)]).toEqual([0, 0]);
  });

  it("tick every 4 us with policy clock", () => {
    const { isns, machine } = source("clock");
    const first = isns.next(TUPLE);
    machine.advance(SECOND);
    expect(isns.next(TUPLE) - first).toBe(250_000);
  });

  it("never come again after a crash with policy epoch", () => {
    const store = new VolatileWord();
    const seen = new Set<number>();
    for (let boot = 0; boot < 3; boot++) {
      const { isns } = source("epoch", store);
      for (let i = 0; i < 300; i++) seen.add(isns.next(TUPLE));
    }
    expect(seen.size).toBe(900);
    // 300 connections need a second epoch.
    expect(store.read()).toBe(6);
  });

  it("step by more than anybody can tell with policy random-increment", () => {
    const { isns } = source("random-increment");
    const numbers = Array.from({ length: 50 }, () => isns.next(TUPLE));
    const steps = numbers.slice(1).map((number, i) => (number - (numbers[i] as number)) >>> 0);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(64_000);
    expect(Math.max(...steps)).toBeLessThan(129_536);
    expect(new Set(steps).size).toBeGreaterThan(40);
  });

  it("are a clock for each connection, and unrelated between connections, with RFC 6528", () => {
    const { isns, machine } = source("rfc6528");
    const first = isns.next(TUPLE);
    const other = isns.next({ ...TUPLE, remotePort: 4001 });
    expect(Math.abs((other - first) | 0)).toBeGreaterThan(1000);
    machine.advance(64_000);
    expect((isns.next(TUPLE) - first) | 0).toBe(1000);
  });

  it("give each pair of addresses a timestamp offset, unless tcp_timestamps is 2", () => {
    const { isns, machine } = source("rfc6528");
    expect(isns.timestampOffset(1, 2)).toBe(isns.timestampOffset(1, 2));
    expect(isns.timestampOffset(1, 2)).not.toBe(isns.timestampOffset(1, 3));
    machine.userland.tcp.sysctls.timestamps = 2;
    expect(isns.timestampOffset(1, 2)).toBe(0);
  });
});
