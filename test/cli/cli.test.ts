/** The command line as people use it: the built file, run as a process. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fromJSONSchema } from "zod";
import { readCapture } from "../../core/wire/capture-reader.ts";
import { build, lastack, output, Scratch, startLastack } from "./command.ts";

const LAB = join(import.meta.dirname, "../fixtures/two-hosts.lab.yaml");
const scratch = new Scratch();

// Each call starts a process, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 60_000 });
beforeAll(build, 120_000);
afterAll(() => scratch.remove());

/** The fixture with other lines at its end. */
function labWith(name: string, change: (text: string) => string): string {
  return scratch.file(name, change(readFileSync(LAB, "utf8")));
}

const FAILING = (text: string): string => text.replace('"0% packet loss"', '"100% packet loss"');
/** Runs for as long as it is let. */
const ENDLESS = (text: string): string => text.replace("duration: 10s", "duration: 40min");

describe("lastack run", () => {
  it("runs a lab, shows it, and says what happened", () => {
    const { code, out, err } = lastack(["run", LAB]);
    expect(err).toBe("");
    expect(out).toContain("| h1 (host)   |---");
    expect(out).toMatch(/2 packets transmitted, 2 received, 0% packet loss/);
    expect(out).toMatch(/pass {2}h1 reaches h2/);
    expect(out).toMatch(/frames: \d+ sent = \d+ delivered \+ 0 dropped \+ 0 under way/);
    expect(out).toMatch(/seed 7, digest [0-9a-f]+/);
    expect(code).toBe(0);
  });

  it("exits with 1 when a check fails, and shows what was expected and what came", () => {
    const { code, out } = lastack(["run", labWith("failing.lab.yaml", FAILING)]);
    expect(code).toBe(1);
    expect(out).toMatch(/FAIL {2}h1 reaches h2 {2}\(.*failing\.lab\.yaml:\d+:\d+/);
    expect(out).toMatch(/expected: .*100% packet loss/);
    expect(out).toMatch(/actual: {3}/);
  });

  it("prints nothing when quiet and all is well", () => {
    expect(lastack(["run", LAB, "--quiet"])).toEqual({ code: 0, out: "", err: "" });
  });

  it("prints what failed when quiet", () => {
    const { code, out } = lastack(["run", labWith("failing.lab.yaml", FAILING), "--quiet"]);
    expect(code).toBe(1);
    expect(out).toMatch(/^FAIL {2}h1 reaches h2 .*\n +expected: .*100% packet loss.*\n +actual: /);
    expect(out).not.toContain("digest");
  });

  it("runs commands side by side from the start, and marks whose line it is", () => {
    const { code, out } = lastack(["run", LAB, "--exec", "h1: ping -c 1 10.0.2.1", "--exec", "h2: hostname"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\[ +0\.\d{3} h2\] h2$/m);
    expect(out).toMatch(/^\[ +0\.\d{3} h1\] 64 bytes from 10\.0\.2\.1: icmp_seq=1 ttl=63/m);
  });

  it("ends at --until, and depends on the seed it is given only", () => {
    const report = (...args: string[]): Record<string, unknown> =>
      JSON.parse(lastack(["run", LAB, "--json", ...args]).out) as Record<string, unknown>;
    const [first, again, other] = [report("--until", "100ms"), report("--until", "100ms"), report("--seed", "8")];
    expect(first["time"]).toBe(100_000_000);
    expect(again["digest"]).toBe(first["digest"]);
    expect(other["seed"]).toBe(8);
    expect(other["digest"]).not.toBe(first["digest"]);
  });

  it("prints a report that its schema describes", () => {
    const schema = JSON.parse(
      readFileSync(join(import.meta.dirname, "../../resources/schema/run-report.schema.json"), "utf8"),
    ) as Parameters<typeof fromJSONSchema>[0];
    const checked = fromJSONSchema(schema);
    const files = ["--pcap", scratch.file("j.pcapng"), "--trace", scratch.file("j.json"), "--packet", "1"];
    for (const args of [[LAB], [LAB, ...files], [labWith("failing.lab.yaml", FAILING)]]) {
      const { code, out } = lastack(["run", ...args, "--json"]);
      const report = JSON.parse(out) as Record<string, unknown>;
      expect(checked.safeParse(report).error?.issues ?? []).toEqual([]);
      expect(report["exitCode"]).toBe(code);
      expect(checked.safeParse({ ...report, surplus: 1 }).success).toBe(false);
      expect(checked.safeParse({ ...report, digest: undefined }).success).toBe(false);
    }
  });

  it("writes a capture of all interfaces, or of those named", () => {
    const all = scratch.file("new/folder/all.pcapng");
    expect(lastack(["run", LAB, "--pcap", all, "--quiet"]).code).toBe(0);
    const whole = readCapture(readFileSync(all));
    expect(whole.problem).toBeUndefined();
    expect(whole.interfaces.map(({ name }) => name)).toEqual(["h1:eth0", "r1:eth0", "r1:eth1", "h2:eth0"]);
    // Two ARP exchanges and two pings, each seen at both ends of its link.
    expect(whole.packets.length).toBeGreaterThanOrEqual(2 * (2 * 2 + 2 * 2 * 2));
    const ids = new Set(whole.packets.filter(({ interfaceId }) => interfaceId === 0).map(({ packetId }) => packetId));
    expect(whole.packets.some(({ interfaceId, packetId }) => interfaceId === 3 && ids.has(packetId))).toBe(true);

    const some = scratch.file("some.pcapng");
    expect(lastack(["run", LAB, "--pcap", some, "--capture", "h2:eth0", "--quiet"]).err).toBe("");
    const part = readCapture(readFileSync(some));
    expect(part.interfaces.map(({ name }) => name)).toEqual(["h2:eth0"]);
    expect(part.packets.length).toBe(whole.packets.filter(({ interfaceId }) => interfaceId === 3).length);
  });

  it("writes a trace whose slices nest, and the way of one packet", () => {
    const file = scratch.file("trace.json");
    const { code, out } = lastack(["run", LAB, "--trace", file, "--packet", "1"]);
    expect(code).toBe(0);
    const events = JSON.parse(readFileSync(file, "utf8")) as { ph: string; pid: number; tid: number; name: string }[];
    const depth = new Map<string, number>();
    for (const { ph, pid, tid } of events) {
      const key = `${pid}/${tid}`;
      const now = (depth.get(key) ?? 0) + (ph === "B" ? 1 : ph === "E" ? -1 : 0);
      expect(now).toBeGreaterThanOrEqual(0);
      depth.set(key, now);
    }
    expect([...depth.values()].every((open) => open === 0)).toBe(true);
    expect(events.some(({ name }) => name === "NET_RX")).toBe(true);
    const count = (phase: string): number => events.filter(({ ph }) => ph === phase).length;
    expect(count("s")).toBeGreaterThan(0);
    expect(count("f")).toBe(count("s"));
    expect(out).toMatch(/^0\.\d{9} \S+ +wire +link:transmit /m);
  });
});

describe("lastack run, when files cannot be written", () => {
  it("says so before the run when a path is no good", () => {
    const { code, out, err } = lastack(["run", LAB, "--pcap", scratch.path]);
    expect(code).toBe(4);
    expect(out).toBe("");
    expect(err).toBe(`lastack: ${scratch.path}: cannot be written: it is a folder\n`);
  });

  it("does not write two things into one file", () => {
    const file = scratch.file("both");
    const { code, err } = lastack(["run", LAB, "--pcap", file, "--trace", `${scratch.path}/./both`]);
    expect(err).toContain("both --pcap and --trace name this file");
    expect(code).toBe(2);
    expect(existsSync(file)).toBe(false);
  });

  it.skipIf(!existsSync("/dev/full"))("says so when it is the report that finds no room", () => {
    const run = `node dist/lastack.js run ${LAB} > /dev/full; echo "code $?"`;
    expect(output("sh", ["-c", `(${run}) 2>&1`])).toMatch(
      /^lastack: standard output cannot be written: the disk is full\ncode 4$/m,
    );
  });

  it("ends in silence when nobody reads any more", () => {
    const run = `node dist/lastack.js run ${LAB} --exec 'h1: ping -i 0.01 -c 500 h2' | head -n 1`;
    expect(output("sh", ["-c", `(${run}) 2>&1`])).toBe("Two hosts and a router\n");
  });

  it.skipIf(!existsSync("/dev/full"))("stops at a full disk with a report and an error", () => {
    for (const option of ["--pcap", "--trace"]) {
      const { code, out, err } = lastack(["run", LAB, option, "/dev/full"]);
      expect(err).toContain("/dev/full: cannot be written after 0 bytes: the disk is full");
      expect(out).toContain("digest");
      expect(code).toBe(4);
    }
  });

  it.skipIf(output("prlimit", ["--version"]) === null)("leaves whole blocks behind (needs prlimit)", () => {
    const file = scratch.file("limited.pcapng");
    const options = `--exec "h1: ping -f -c 2000 10.0.2.1" --pcap ${file} --quiet`;
    const run = `trap "" XFSZ; exec node dist/lastack.js run ${LAB} ${options}`;
    expect(() => output("prlimit", ["--fsize=1000000", "sh", "-c", run])).toThrow("the file would become too large");
    const { packets, problem } = readCapture(readFileSync(file));
    expect(problem).toBeUndefined();
    expect(packets.length).toBeGreaterThan(100);
  });
});

describe("lastack run, interrupted", () => {
  it("ends with a report and complete files", async () => {
    const file = scratch.file("interrupted.pcapng");
    const lab = labWith("endless.lab.yaml", ENDLESS);
    const run = startLastack(["run", lab, "--pcap", file, "--exec", "h1: ping -i 0.01 10.0.2.1"]);
    await run.seen("icmp_seq=20 ");
    run.interrupt();
    const { code, out, err } = await run.outcome;
    expect(code).toBe(130);
    expect(err).toContain("interrupted");
    expect(out).toMatch(/digest [0-9a-f]+/);
    const { packets, problem, statistics } = readCapture(readFileSync(file));
    expect(problem).toBeUndefined();
    expect(packets.length).toBeGreaterThan(40);
    expect(statistics).toHaveLength(4);
  });
});

describe("lastack, used wrongly", () => {
  it.each([
    [["run"], "missing required argument 'lab'"],
    [["fly"], "lastack: unknown command 'fly'"],
    [["run", LAB, "--frob"], "unknown option '--frob'"],
    [["run", LAB, "--until", "soon"], "expected a duration"],
    [["run", LAB, "--seed", "-1"], "--seed -1: expected a whole number"],
    [["run", LAB, "--until", "-5s"], "--until -5s: expected a duration"],
    [["run", LAB, "--until", "90000min"], "at most 52 days"],
    [["run", LAB, "--csv", "/dev/null"], "has none"],
    [["run", LAB, "--pcap", "-"], "--pcap needs a file"],
    [["run", LAB, "--trace", LAB], "both the lab and --trace name this file"],
    [["export", LAB, "--mn", LAB], "both the input and the output name this file"],
    [["run", LAB, "--exec", "ping h2"], "expected 'host: command'"],
    [["run", LAB, "--exec", "h3: ls"], "no host h3 in this lab"],
    [["run", LAB, "--capture", "h1:eth0"], "give --pcap too"],
    [["run", LAB, "--pcap", "/dev/null", "--capture", "h1:eth9"], "no such interface"],
    [["shell", LAB, "nobody"], "no host nobody in this lab"],
  ])("%j: exit code 2 and a sentence", (args, text) => {
    const { code, err } = lastack(args);
    expect(err).toContain(text);
    expect(err).not.toContain("    at ");
    expect(code).toBe(2);
  });

  it("prints help with the exit codes", () => {
    const { code, out } = lastack(["--help"]);
    expect(code).toBe(0);
    expect(out).toContain("130  interrupted");
  });

  it("has no option that the README does not know", () => {
    const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
    const options = lastack(["help", "run"]).out.match(/--[a-z]+/g) ?? [];
    expect(options.length).toBeGreaterThan(9);
    expect(options.filter((option) => option !== "--help" && !readme.includes(option))).toEqual([]);
  });
});

describe("lastack check", () => {
  it("names what is wrong with file, line and column", () => {
    const lab = labWith("wrong.lab.yaml", (text) => text.replace("on: h1", "on: h7"));
    const { code, out, err } = lastack(["check", LAB, lab]);
    expect(code).toBe(3);
    expect(out).toBe(`${LAB}: ok (3 nodes, 2 links, 1 checks)\n`);
    expect(err).toMatch(/wrong\.lab\.yaml:\d+:\d+: error: .*h7.* \[lab\/[a-z-]+\]\n$/);
  });

  it("tells unreadable files from bad ones, and refuses large ones unread", () => {
    expect(lastack(["check", scratch.file("missing")])).toMatchObject({ code: 4 });
    expect(lastack(["check", scratch.path]).err).toContain("it is a folder");
    const large = lastack(["check", scratch.file("large.yaml", `a: ${"x".repeat(17 * 1024 * 1024)}`)]);
    expect(large).toMatchObject({ code: 3 });
    expect(large.err).toContain("more than 16 MiB");
    expect(lastack(["run", scratch.file("bad.yaml", "a: [")]).code).toBe(3);
  });

  it("finds the first byte that is no text", () => {
    const latin1 = Buffer.from(`lastack: 1\nname: M\u00fcller\n`, "latin1");
    expect(lastack(["check", scratch.file("latin1.yaml", latin1)])).toEqual({
      code: 3,
      out: "",
      err: `${scratch.path}/latin1.yaml:2:8: error: not UTF-8 text [file/not-utf8]\n`,
    });
  });

  it("reads a lab from standard input", () => {
    expect(lastack(["check", "-"], readFileSync(LAB, "utf8")).out).toBe("-: ok (3 nodes, 2 links, 1 checks)\n");
  });
});

describe("lastack import and export", () => {
  it("takes a lab to Mininet's format and back", () => {
    const mn = scratch.file("x.mn");
    const lab = scratch.file("back.lab.yaml");
    expect(lastack(["export", LAB, "--mn", mn]).code).toBe(0);
    expect(JSON.parse(readFileSync(mn, "utf8"))).toHaveProperty("links");
    expect(lastack(["import", mn, "-o", lab]).code).toBe(0);
    expect(lastack(["check", lab]).out).toMatch(/ok \(3 nodes, 2 links, /);
    expect(lastack(["export", LAB, "--mn", "-"]).out).toBe(readFileSync(mn, "utf8"));
  });

  it("knows GraphML by its first character, and says what it cannot read", () => {
    const graph = '<node id="0"/><node id="1"/><edge source="0" target="1"/>';
    const map = `<graphml><graph edgedefault="undirected">${graph}</graph></graphml>`;
    const { code, out } = lastack(["import", scratch.file("map.xml", map)]);
    expect(code).toBe(0);
    expect(out).toContain("routing: auto");
    expect(lastack(["import", scratch.file("x.txt", "hello")])).toMatchObject({ code: 3 });
    expect(lastack(["import", scratch.file("y.graphml", "<graphml>")])).toMatchObject({ code: 3 });
  });
});

describe("lastack dissect", () => {
  it("prints a capture line by line, layer by layer, and up to its damage", () => {
    const file = scratch.file("d.pcapng");
    lastack(["run", LAB, "--pcap", file, "--quiet"]);
    const { code, out } = lastack(["dissect", file]);
    expect(code).toBe(0);
    expect(out).toMatch(/^00:00:00\.\d{9} ARP, Request who-has 10\.0\.1\.254 tell 10\.0\.1\.1, length 46$/m);
    expect(out).toMatch(/IP 10\.0\.1\.1 > 10\.0\.2\.1: ICMP echo request, id \d+, seq 1, length 64$/m);
    expect(lastack(["dissect", "--layers", file]).out).toContain("icmp.type");
    const whole = readFileSync(file);
    const cut = scratch.file("cut.pcapng", whole.subarray(0, whole.length - 10));
    expect(lastack(["dissect", cut]).code).toBe(4);
  });
});

describe("lastack shell", () => {
  it("types what comes in through a pipe, and ends with it", () => {
    const { code, out } = lastack(["shell", LAB, "h1"], "hostname\nping -c 1 10.0.2.1\nexit\n");
    expect(code).toBe(0);
    expect(out).toMatch(/^h1\r?$/m);
    expect(out).toContain("1 packets transmitted, 1 received");
  });
});
