/**
 * packetdrill scripts against our own stack: ours, one behaviour each, written from the RFCs; those of others, where
 * they are at hand; and scripts that must fail, so that the interpreter itself is known to look.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { u32 } from "../../core/base/bytes.ts";
import { runPacketdrill, type OptionOverride, type ScriptOutcome } from "../../core/packetdrill/packetdrill.ts";
import { LONG } from "../harness/long.ts";

const OWN = import.meta.dirname;
const OUTSIDE = join(OWN, "../../../shared/packetdrill/scripts");

const scriptsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".pkt"))
    .sort();

function run(path: string, overrides: readonly OptionOverride[] = []): ScriptOutcome {
  return runPacketdrill(readFileSync(path, "utf8"), overrides);
}

/** What a failure says, with its line. */
const verdict = ({ status, line, reason }: ScriptOutcome): string =>
  status === "pass" ? "pass" : `${status} at line ${line}: ${reason}`;

describe("our scripts", () => {
  const names = scriptsIn(OWN);

  it.each(names)("%s", (name) => {
    expect(verdict(run(join(OWN, name)))).toBe("pass");
  });

  it("say where their behaviour is written", () => {
    const silent = names.filter(
      (name) => !/^\/\/ .*(RFC \d+|Linux|\w+\(\d\)|TCP_|SO_)/.test(readFileSync(join(OWN, name), "utf8")),
    );
    expect(silent).toEqual([]);
  });

  it("end alike each time", () => {
    for (const name of names.slice(0, 20)) {
      expect(run(join(OWN, name)).packets, name).toEqual(run(join(OWN, name)).packets);
    }
  });
});

/** How many of each folder pass: may only rise. */
const PASSING = { "freebsd-relaxed": 117, google: 36, gvisor: 4, ligurio: 2, linux: 55, "nplab-wscale7": 15 };
/**
 * What is tolerated on slow machines by the upstream runner, and by gVisor's: timers of kernels with 100 or 250 ticks a
 * second are later than those of ours with 1000.
 */
const SLOW_TOLERANCE: OptionOverride = { name: "tolerance_usecs", value: "14000" };
const PASSING_SLOW = { "freebsd-relaxed": 117, google: 37, gvisor: 6, ligurio: 2, linux: 55, "nplab-wscale7": 16 };

describe.skipIf(!existsSync(OUTSIDE))("scripts of others (only where ../shared/packetdrill is)", () => {
  const names = existsSync(OUTSIDE) ? scriptsIn(OUTSIDE) : [];

  /** Passing scripts by folder, and what the others say. */
  function count(overrides: readonly OptionOverride[]): { passing: Record<string, number>; failing: string[] } {
    const passing: Record<string, number> = {};
    const failing: string[] = [];
    for (const name of names) {
      const folder = name.split("/")[0] ?? "";
      const outcome = run(join(OUTSIDE, name), overrides);
      passing[folder] = (passing[folder] ?? 0) + Number(outcome.status === "pass");
      if (outcome.status !== "pass") failing.push(`${name}: ${verdict(outcome).split("\n")[0] ?? ""}`);
    }
    return { passing, failing };
  }

  it("pass as many as before", () => {
    const { passing, failing } = count([]);
    expect(passing, failing.join("\n")).toEqual(PASSING);
  });

  it.runIf(LONG)("pass all with the tolerance that slow machines are given", () => {
    const { passing, failing } = count([SLOW_TOLERANCE]);
    expect(passing, failing.join("\n")).toEqual(PASSING_SLOW);
  });
});

/** A connection with a little of everything; each line can be made wrong. */
const GOOD = `
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
   +0 bind(3, ..., ...) = 0
   +0 listen(3, 1) = 0
   +0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop>
   +0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK>
 +.01 < . 1:1(0) ack 1 win 32792
   +0 accept(3, ..., ...) = 4
   +0 write(4, ..., 1000) = 1000
   +0 > P. 1:1001(1000) ack 1
 +.01 < . 1:1(0) ack 1001 win 32792
   +0 < P. 1:101(100) ack 1001 win 32792
   +0 > . 1001:1001(0) ack 101 win 64140
   +0 read(4, ..., 1000) = 100
   +0 getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
   +0 %{ assert tcpi_state == TCP_ESTABLISHED, tcpi_state }%
   +0 write(4, ..., 500) = 500
   +0 > [noecn] P. 1001:1501(500) ack 101
+.2~+.3 > P. 1001:1501(500) ack 101
   +0 < . 101:101(0) ack 1501 win 32792
   +0...0.01 read(4, ..., 1000) = 10
 +.01 < P. 101:111(10) ack 1501 win 32792
    * > . 1501:1501(0) ack 111
   +0 close(4) = 0
   +0 > F. 1501:1501(0) ack 111
`;

interface Mutant {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  /** What the failure has to say. */
  readonly says: string;
}

const MUTANTS: readonly Mutant[] = [
  {
    what: "a wrong sequence number",
    from: "> P. 1:1001(1000)",
    to: "> P. 2:1002(1000)",
    says: "seq 2 expected, 1 found",
  },
  {
    what: "a wrong acknowledgment",
    from: "ack 101 win 64140",
    to: "ack 102 win 64140",
    says: "ack 102 expected, 101 found",
  },
  { what: "a wrong window", from: "win 64140", to: "win 64141", says: "win 64141 expected, 64140 found" },
  { what: "a wrong flag", from: "> P. 1:1001(1000)", to: "> . 1:1001(1000)", says: "flags . expected, P. found" },
  {
    what: "a wrong length",
    from: "> P. 1:1001(1000)",
    to: "> P. 1:901(900)",
    says: "payload 900 expected, 1000 found",
  },
  { what: "more than comes", from: "> P. 1:1001(1000)", to: "> P. 1:1101(1100)", says: "1000 bytes came, and then" },
  {
    what: "a wrong option",
    from: "<mss 1460,nop,nop,sackOK>",
    to: "<mss 1400,nop,nop,sackOK>",
    says: "(mss 1400 and mss 1460)",
  },
  { what: "a missing option", from: "<mss 1460,nop,nop,sackOK>", to: "<mss 1460>", says: "<mss 1460> expected" },
  {
    what: "an option too many",
    from: "> P. 1:1001(1000) ack 1",
    to: "> P. 1:1001(1000) ack 1 <nop,nop,sackOK>",
    says: "no options found",
  },
  {
    what: "an urgent pointer",
    from: "> P. 1:1001(1000) ack 1",
    to: "> P. 1:1001(1000) ack 1 urg 1",
    says: "urg 1 expected, 0 found",
  },
  { what: "another ECN mark", from: "[noecn]", to: "[ect0]", says: "ECN ect0 expected, noecn found" },
  { what: "another type of service", from: "[noecn]", to: "[tos 0x10]", says: "tos 16 expected, 0 found" },
  { what: "another TTL", from: "[noecn]", to: "[ttl 3]", says: "ttl 3 expected, 64 found" },
  { what: "a packet too early", from: "+.2~+.3 >", to: "+.4 >", says: "expected at 0.420000 s, happened at" },
  { what: "a packet too late", from: "+.2~+.3 >", to: "+.1~+.15 >", says: "expected from 0.120000 to 0.170000 s" },
  {
    what: "a packet that never comes",
    from: "   +0 close(4)",
    to: "   +0 > . 1:1(0) ack 1\n   +0 close(4)",
    says: "nothing was sent",
  },
  {
    what: "a packet passed over",
    from: "   +0 > . 1001:1001(0) ack 101 win 64140\n",
    to: "",
    says: "flags P. expected, . found",
  },
  {
    what: "a wrong result",
    from: "read(4, ..., 1000) = 100\n",
    to: "read(4, ..., 1000) = 99\n",
    says: "read(): 99 expected, 100 found",
  },
  {
    what: "an error that is none",
    from: "write(4, ..., 500) = 500",
    to: "write(4, ..., 500) = -1 EPIPE (Broken pipe)",
    says: "write(): -1 EPIPE expected, 500 found",
  },
  {
    what: "a wrong errno",
    from: "   +0 read(4, ..., 1000) = 100\n",
    to: "   +0 read(9, ..., 1000) = -1 EAGAIN (no)\n",
    says: "read(): -1 EAGAIN expected, -1 EBADF found",
  },
  {
    what: "a wrong option value",
    from: "SO_ERROR, [0], [4]",
    to: "SO_ERROR, [ECONNRESET], [4]",
    says: "getsockopt(): 104 expected, 0 found",
  },
  {
    what: "a wrong option length",
    from: "SO_ERROR, [0], [4]",
    to: "SO_ERROR, [0], [8]",
    says: "length 8 expected, 4 found",
  },
  {
    what: "an assertion that fails",
    from: "tcpi_state == TCP_ESTABLISHED",
    to: "tcpi_state == TCP_CLOSE",
    says: "(TCP_CLOSE = 7, tcpi_state = 1)",
  },
  {
    what: "a call that returns too early",
    from: "+0...0.01 read",
    to: "+0...0.5 read",
    says: "the return of read() expected at",
  },
  {
    what: "a call that never returns",
    from: " +.01 < P. 101:111(10) ack 1501 win 32792\n    * > . 1501:1501(0) ack 111\n",
    to: "",
    says: "read() is still under way",
  },
  { what: "a call that blocks unsaid", from: "+0...0.01 read", to: "+0 read", says: "read() blocks and never returns" },
  {
    what: "a time that goes backwards",
    from: "   +0 close(4) = 0",
    to: "   3 close(4) = 0\n   2 close(3) = 0",
    says: "time goes backwards",
  },
  {
    what: "a first event later than 0",
    from: "    0 socket",
    to: "    1 socket",
    says: "the first event has to be at time 0",
  },
  {
    what: "a timestamp echoed that nobody sent",
    from: "ack 1001 win 32792\n",
    to: "ack 1001 win 32792 <nop,nop,TS val 1 ecr 77>\n",
    says: "no packet of the script had the timestamp 77",
  },
  {
    what: "a command that fails",
    from: "   +0 close(4)",
    to: "   +0 `false`\n   +0 close(4)",
    says: "the command ended with status 1",
  },
  {
    what: "a packet of another protocol",
    from: "   +0 > F.",
    to: "   +0 > udp(5)\n   +0 > F.",
    says: "a packet of udp, but the socket under test is one of tcp",
  },
];

describe("scripts that must fail", () => {
  it("differ from one that passes", () => {
    expect(verdict(runPacketdrill(GOOD))).toBe("pass");
  });

  it.each(MUTANTS)("$what", ({ from, to, says }) => {
    const text = GOOD.replace(from, to);
    expect(text).not.toBe(GOOD);
    const outcome = runPacketdrill(text);
    expect(outcome.status).toBe("fail");
    expect(outcome.reason).toContain(says);
  });

  it("name the line", () => {
    const line = GOOD.split("\n").findIndex((text) => text.includes("read(4, ..., 1000) = 100")) + 1;
    expect(runPacketdrill(GOOD.replace("1000) = 100\n", "1000) = 99\n"))).toMatchObject({ status: "fail", line });
  });

  it("and those that cannot be run say so", () => {
    expect(runPacketdrill("0 frobnicate(3) = 0")).toMatchObject({ status: "unsupported", line: 1 });
    expect(runPacketdrill("`reboot`\n0 close(3) = 0")).toMatchObject({ status: "unsupported", line: 1 });
    expect(runPacketdrill("0 close(3) = ")).toMatchObject({ status: "parse-error", line: 1, column: 14 });
    expect(runPacketdrill("--ip_version=ipv6\n0 close(3) = 0")).toMatchObject({ status: "parse-error", line: 1 });
    expect(runPacketdrill("--nonsense=1\n0 close(3) = 0").reason).toContain("--nonsense is not an option");
  });

  it("a script that never comes to rest is stopped", () => {
    const endless = "`tc qdisc add dev tun0 root netem delay 1ms`\n0 `sleep 4000000`";
    expect(runPacketdrill(endless).status).toBe("pass");
  });
});

describe("initial sequence numbers", () => {
  /** Those of two connections, a second apart. */
  function numbers(policy: string): [number, number] {
    const open = (at: string, fd: number): string => `
      ${at} socket(..., SOCK_STREAM, IPPROTO_TCP) = ${fd}
      +0 fcntl(${fd}, F_SETFL, O_RDWR|O_NONBLOCK) = 0
      +0 connect(${fd}, ..., ...) = -1 EINPROGRESS (Operation now in progress)
      +0 > S 0:0(0) <...>
      +0 close(${fd}) = 0`;
    const outcome = runPacketdrill(`\`sysctl -q net.ipv4.tcp_isn_policy=${policy}\`${open("0", 3)}${open("+1", 4)}`);
    expect(verdict(outcome)).toBe("pass");
    const [first = 0, second = 0] = outcome.packets.map(({ bytes }) => u32(bytes, 24));
    return [first, second];
  }

  it("are 0 with policy zero, and run with the clock of RFC 793 with policy clock", () => {
    expect(numbers("zero")).toEqual([0, 0]);
    const [first, second] = numbers("clock");
    expect(Math.abs(second - first - 250_000)).toBeLessThan(10);
  });

  it("of two connections to one peer are far apart with RFC 6528", () => {
    const [first, second] = numbers("rfc6528");
    expect(Math.abs(second - first)).toBeGreaterThan(250_000);
  });
});
