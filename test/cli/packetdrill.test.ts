/** `lastack packetdrill` as people use it: the built file, run as a process. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readCapture } from "../../core/wire/capture-reader.ts";
import { build, lastack, Scratch } from "./command.ts";

const OURS = join(import.meta.dirname, "../packetdrill");
const scratch = new Scratch();

vi.setConfig({ testTimeout: 60_000 });
beforeAll(build, 120_000);
afterAll(() => scratch.remove());

const HANDSHAKE = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss 1460>
`;
mkdirSync(join(scratch.path, "scripts/deep"), { recursive: true });
const passing = scratch.file("scripts/passing.pkt", HANDSHAKE);
const failing = scratch.file("scripts/deep/failing.pkt", HANDSHAKE.replace("ack 1", "ack 2"));
const garbled = scratch.file("garbled.pkt", HANDSHAKE.replace("S. 0:0(0)", "S. 0:0{0}"));

it("passes a script and counts it", () => {
  const { code, out, err } = lastack(["packetdrill", passing]);
  expect(err).toBe("");
  expect(out).toMatch(/^ +1 of +1 passed {2}.*scripts\n$/);
  expect(code).toBe(0);
});

it("shows where a script failed, what came, and the packets up to then", () => {
  const { code, out } = lastack(["packetdrill", failing]);
  expect(code).toBe(1);
  expect(out).toMatch(/failing\.pkt:5: fail: ack 2 expected, 1 found\n/);
  expect(out).toMatch(/packets up to then\n.*< .*S 0:0\(0\) win 1000/);
  expect(out).toMatch(/expected\n.*> S\. 0:0\(0\) ack 2/);
  expect(out).toMatch(/actual\n.*> S\. 0:0\(0\) ack 1/);
  expect(out).toMatch(/ 0 of +1 passed/);
});

it("says where a script is not one, and what was expected there", () => {
  const { code, out } = lastack(["packetdrill", garbled]);
  expect(code).toBe(1);
  expect(out).toMatch(/garbled\.pkt:5:\d+: parse-error: .*expected/);
});

it("runs all scripts of a folder and sums up each", () => {
  const { code, out } = lastack(["packetdrill", join(scratch.path, "scripts")]);
  expect(code).toBe(1);
  expect(out).toMatch(/failing\.pkt:5: fail: ack 2 expected, 1 found\n/);
  expect(out).toMatch(/ 0 of +1 passed {2}.*deep\n/);
  expect(out).toMatch(/ 1 of +2 passed {2}in all\n$/);
});

it("shows every packet with -v", () => {
  const { out } = lastack(["packetdrill", passing, "-v"]);
  expect(out).toMatch(/passing\.pkt\n.*< .*S 0:0\(0\).*\n.*> .*S\. 0:0\(0\) ack 1/);
});

it("prints results as JSON", () => {
  const { code, out } = lastack(["packetdrill", passing, failing, garbled, "--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    passed: 1,
    failed: 2,
    scripts: [
      { path: passing, status: "pass", line: 0, reason: "" },
      { path: failing, status: "fail", line: 5 },
      { path: garbled, status: "parse-error", line: 5 },
    ],
  });
});

it("replaces names with -D, and takes another tolerance", () => {
  const script = scratch.file("names.pkt", HANDSHAKE.replace("ack 1", "ack ANSWER"));
  expect(lastack(["packetdrill", script, "-D", "ANSWER=1", "--tolerance_usecs", "9000"]).code).toBe(0);
  expect(lastack(["packetdrill", script, "-D", "ANSWER=2"]).code).toBe(1);
});

it("writes the exchange as a capture that begins at the IP header", () => {
  const path = join(scratch.path, "handshake.pcap");
  expect(lastack(["packetdrill", passing, "--pcap", path]).code).toBe(0);
  const { packets, problem } = readCapture(readFileSync(path));
  expect(problem).toBeUndefined();
  expect(packets.map(({ data }) => data[0])).toEqual([0x45, 0x45]);
});

it.each<[number, string[]]>([
  [2, ["packetdrill"]],
  [2, ["packetdrill", passing, "-D", "ANSWER"]],
  [2, ["packetdrill", passing, failing, "--pcap", "both.pcap"]],
  [2, ["packetdrill", passing, "--tolerance_usecs", "soon"]],
  [4, ["packetdrill", join(scratch.path, "none.pkt")]],
  [4, ["packetdrill", scratch.path + "/none"]],
])("exits with %i for %j", (expected, args) => {
  const { code, out, err } = lastack(args);
  expect(code).toBe(expected);
  expect(out).toBe("");
  expect(err).not.toBe("");
});

it("passes all of our own scripts", () => {
  const { code, out } = lastack(["packetdrill", OURS]);
  expect(out).toMatch(/passed/);
  expect(code).toBe(0);
});
