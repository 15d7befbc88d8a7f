import { expect, test } from "vitest";
import { connection } from "../../../../test/harness/tcp-sock.ts";
import { clampToUserTimeout, isWriteTimedOut, modelTimeoutUs, orphanRetries, retransmitsTimedOut } from "./give-up.ts";
import { TCP_STATE } from "../states.ts";
import { setOptions } from "../socket-records.ts";

const seconds = (us: number): number => us / 1_000_000;

// ip-sysctl.rst: 15 retries make 924.6 s; SYNs end after 127 s (six retries) or 63 s (five).
test.each([
  { retries: 0, base: 200_000, s: 0.2 },
  { retries: 3, base: 200_000, s: 3 },
  { retries: 8, base: 200_000, s: 102.2 },
  { retries: 9, base: 200_000, s: 204.6 },
  { retries: 15, base: 200_000, s: 924.6 },
  { retries: 5, base: 1_000_000, s: 63 },
  { retries: 6, base: 1_000_000, s: 127 },
  { retries: 7, base: 1_000_000, s: 247 },
])("$retries retries from $base us take $s s", ({ retries, base, s }) => {
  expect(seconds(modelTimeoutUs(retries, base))).toBeCloseTo(s, 6);
});

test("retries are meant as time since the first retransmission", () => {
  const { tcp, world } = connection();
  tcp.retransStampUs = 1;
  expect(retransmitsTimedOut(tcp, 3, 0)).toBe(false);
  tcp.retransmits = 1;
  world.run(2_998_000_000);
  expect(retransmitsTimedOut(tcp, 3, 0)).toBe(false);
  world.run(1_500_000);
  // Up to one tick early.
  expect(retransmitsTimedOut(tcp, 3, 0)).toBe(true);
  expect(retransmitsTimedOut(tcp, 15, 0)).toBe(false);
  expect(retransmitsTimedOut(tcp, 15, 1_000_000)).toBe(true);
});

test("a SYN is given up by count, with the linear time-outs on top, or by time", () => {
  const { tcp } = connection();
  tcp.state = TCP_STATE.SYN_SENT;
  tcp.retransmits = 9;
  expect(isWriteTimedOut(tcp)).toBe(false);
  tcp.retransmits = 10;
  expect(isWriteTimedOut(tcp)).toBe(true);
  setOptions(tcp, { synRetries: 1 });
  tcp.retransmits = 4;
  expect(isWriteTimedOut(tcp)).toBe(false);
  tcp.retransmits = 5;
  expect(isWriteTimedOut(tcp)).toBe(true);
});

test("orphans", () => {
  const { tcp, host } = connection();
  expect(orphanRetries(tcp, true)).toBe(8);
  expect(orphanRetries(tcp, false)).toBe(0);
  host.set("net.ipv4.tcp_orphan_retries", 3);
  expect(orphanRetries(tcp, true)).toBe(3);
  expect(orphanRetries(tcp, false)).toBe(3);
  tcp.softError = 113;
  expect(orphanRetries(tcp, false)).toBe(0);
});

test("the last time-out ends with the user's", () => {
  const { tcp, world } = connection();
  tcp.rtoUs = 1_600_000;
  expect(clampToUserTimeout(tcp)).toBe(1_600_000);
  setOptions(tcp, { userTimeoutMs: 5000 });
  tcp.retransStampUs = tcp.nowUs;
  expect(clampToUserTimeout(tcp)).toBe(1_600_000);
  world.run(4_000_000_000);
  expect(clampToUserTimeout(tcp)).toBe(1_000_000);
  world.run(2_000_000_000);
  expect(clampToUserTimeout(tcp)).toBe(1000);
});
