/**
 * The same lab, seed and journal end in the same digest on Node and in a browser's worker, with programs running: a
 * journal of all that people do to a lab while it runs, and the command line as a process of its own.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "@playwright/test";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import type { Params } from "../../core/contract/api/api.ts";
import type { RunState } from "../../core/contract/api/run-view.ts";
import type { Command, JournalEntry } from "../../core/contract/command.ts";
import type { Lab } from "../../core/lab/model.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";
import { build as buildCommand, lastack } from "../cli/command.ts";
import { guestsFor } from "../harness/sandbox.ts";
import { ensureBuilt } from "./built.ts";
import { launchChromium, whyNoChromium } from "./chromium.ts";
import { serveStatic, type StaticServer } from "../../core/node/static-server.ts";

const TIMEOUT_MS = 180_000;
const LABS = join(import.meta.dirname, "../../resources/labs");
const FILES = ["tcp-loss-and-sack.lab.yaml", "socket-client-and-server.lab.yaml", "two-phase-commit.lab.yaml"];
const END = 3_000_000_000 as VirtualTime;
const SEED = 7;

/** Everything that can be done to a lab: after so many of the run's events, so in the middle of an instant as well. */
function deeds(lab: Lab): readonly (readonly [events: number, command: Command])[] {
  const link = lab.links[0]?.name ?? "";
  const last = lab.links.at(-1)?.name ?? "";
  const hosts = lab.nodes.filter(({ kind }) => kind === "host").map(({ name }) => name);
  const [first = "", second = ""] = hosts;
  const bad = { delayNs: 3_000_000, loss: { kind: "independent", probability: 0.2 }, duplicate: 0.1, corrupt: 0.05 };
  return [
    [41, { kind: "exec", node: first, command: `ping -c 5 -i 0.1 ${second}`, console: 1 }],
    [97, { kind: "link-set", link, forward: bad as object, backward: { reorder: { probability: 0.3, gap: 2 } } }],
    [180, { kind: "link", link, action: "down" }],
    [211, { kind: "shell", node: second, console: 2 }],
    [230, { kind: "input", console: 2, text: "cat /proc/net/snmp\r" }],
    [260, { kind: "link", link, action: "up" }],
    [300, { kind: "node", node: second, action: "crash" }],
    [330, { kind: "link", link: last, action: "down", direction: "forward" }],
    [360, { kind: "node", node: second, action: "reboot" }],
    [400, { kind: "link", link: last, action: "up" }],
    [430, { kind: "node", node: first, action: "pause" }],
    [450, { kind: "node", node: first, action: "resume" }],
  ];
}

/**
 * Recursion ends at QuickJS's own stack, and not at that of whoever runs it, of which a worker has less. How deep each
 * way of it came is sent away, so that the digest tells.
 */
const DEEP = `lastack: 1
duration: 3s
nodes:
  h1:
    kind: host
    addresses: { eth0: 10.0.0.1/24 }
    programs:
      - name: deep
        source: |
          import { print } from "lastack";
          import { sendto, socket } from "lastack/socket";
          const sockfd = await socket(2, 2);
          let depth = 0;
          const global = globalThis as any;
          const self: any = {
            toString: () => (depth++, String(self)),
            toJSON: () => (depth++, JSON.stringify(self)),
            [Symbol.iterator]: () => (depth++, [...self]),
          };
          const ways: Record<string, () => unknown> = {
            call: () => (depth++, ways.call()),
            map: () => (depth++, [1].map(ways.map)),
            sort: () => (depth++, [2, 1].sort(ways.sort as never)),
            replace: () => (depth++, "a".replace(/a/, ways.replace as never)),
            from: () => (depth++, Array.from([1], ways.from)),
            eval: () => (depth++, (0, eval)("again()")),
            text: () => String(self),
            json: () => JSON.stringify(self),
            spread: () => [...self],
            parser: () => eval("(".repeat(100000)),
            brackets: () => JSON.parse("[".repeat(100000)),
            groups: () => new RegExp("(?:".repeat(100000)),
          };
          global.again = ways.eval;
          for (const [name, way] of Object.entries(ways)) {
            depth = 0;
            let end = "";
            try { way(); } catch (error) { end = String(error); }
            print(name + " " + depth + " " + end);
            await sendto(sockfd, name + " " + depth + " " + end, { address: "10.0.0.2", port: 9 });
          }
  h2: { kind: host, addresses: { eth0: 10.0.0.2/24 } }
links:
  - { ends: [h1, h2] }
`;
const WAYS = 12;

interface OnNode {
  readonly digest: string;
  readonly events: number;
  readonly params: Params<"lab.open">;
}

function open(file: string, journal: readonly JournalEntry[]): { session: Session; params: Params<"lab.open"> } {
  return openText(readFileSync(join(LABS, file), "utf8"), file, journal);
}

function openText(text: string, file: string, journal: readonly JournalEntry[]): ReturnType<typeof open> {
  const lab = parseLab(text, file);
  if (!lab.ok) throw new Error(`${file} is right`);
  const { guests } = guestsFor(lab.value, LABS);
  const sources = [...guests.sources].map(([path, source]) => ({ path, text: source }));
  const session = new Session(lab.value, { seed: SEED, journal, guests });
  return { session, params: { text, file, sources, journal, seed: SEED, time: END } };
}

/** Does everything while the lab runs. @returns the run, with the journal that came of it. */
function live(file: string): OnNode {
  const { session, params } = open(file, []);
  for (const [events, command] of deeds(session.lab)) {
    session.advance(END, events - session.eventCount);
    const done = session.inject(command);
    if (!done.ok) throw new Error(`${command.kind}: ${done.error}`);
  }
  session.advance(END);
  const journal = [...session.journal];
  session.close();
  return { digest: session.digest, events: session.eventCount, params: { ...params, journal } };
}

describe.skipIf(whyNoChromium !== null)("e2e: the same run in a browser", { timeout: TIMEOUT_MS }, () => {
  let server: StaticServer;
  let browser: Browser;
  let worker = "";
  beforeAll(async () => {
    const built = await ensureBuilt();
    const assets = readdirSync(join(built, "assets"));
    // The worker's own entry: the one script that holds the session host and no Vue.
    const scripts = assets.filter((name) => /^main-.*\.js$/.test(name));
    buildCommand();
    worker = scripts.find((name) => readFileSync(join(built, "assets", name), "utf8").includes("host.ping")) ?? "";
    server = await serveStatic(built);
    browser = await launchChromium();
  }, TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Runs it in a worker of the built application. */
  async function inBrowser(request: Params<"lab.open">): Promise<RunState | null> {
    const page = await browser.newPage();
    await page.goto(new URL("favicon.svg", server.url).href);
    const state = await page.evaluate(
      ({ script, params }) =>
        new Promise<RunState | null>((resolve, reject) => {
          const core = new Worker(script, { type: "module" });
          core.onerror = ({ message }) => reject(new Error(message));
          core.onmessage = ({ data }: MessageEvent<{ result?: { run: RunState | null }; problem?: object }>) => {
            if (data.problem === undefined) resolve(data.result?.run ?? null);
            else reject(new Error(JSON.stringify(data.problem)));
          };
          core.postMessage({ id: 1, method: "lab.open", params });
        }),
      { script: `/assets/${worker}`, params: request },
    );
    await page.close();
    return state;
  }

  test.each(FILES)("%s, with a journal of all that can be done to it", async (file) => {
    const { digest, events, params } = live(file);
    expect(params.journal).toHaveLength(12);
    const again = open(file, params.journal ?? []).session;
    again.advance(END);
    again.close();
    expect([again.refused, again.digest]).toEqual([[], digest]);
    expect(await inBrowser(params)).toMatchObject({ time: END, digest, events });
  });

  test.each(FILES)("%s, run by the command line", async (file) => {
    const { nodes } = open(file, []).session.lab;
    const hosts = nodes.filter(({ kind }) => kind === "host").map(({ name }) => name);
    const [first = "", second = ""] = hosts;
    const command = `ping -c 5 -i 0.1 ${second}`;
    const journal: JournalEntry[] = [{ at: 0, events: 0, command: { kind: "exec", node: first, command, console: 1 } }];
    const args = ["run", join(LABS, file), "--seed", `${SEED}`, "--until", "3s", "--exec", `${first}: ${command}`];
    const { out, err } = lastack([...args, "--json"]);
    expect(err).toBe("");
    const report = JSON.parse(out) as { digest: string; events: number; time: number };
    const state = await inBrowser(open(file, journal).params);
    expect(state).toMatchObject({ time: report.time, digest: report.digest, events: report.events });
  });

  test("programs that recurse too deep", async () => {
    const { session, params } = openText(DEEP, "deep.lab.yaml", []);
    session.advance(END);
    const [console] = session.report().consoles;
    session.close();
    const ends = console?.output.trimEnd().split("\n") ?? [];
    expect(ends.filter((line) => /Maximum call stack size exceeded|stack overflow/.test(line))).toHaveLength(WAYS);
    const { digest, eventCount: events } = session;
    expect(await inBrowser(params)).toMatchObject({ time: END, digest, events });
  });

  test("and another journal in another one", () => {
    const [file = ""] = FILES;
    const digests = [[], deeds(open(file, []).session.lab).slice(0, 1)].map((some) => {
      const { session } = open(
        file,
        some.map(([events, command]) => ({ at: 0, events, command })),
      );
      session.advance(END);
      session.close();
      return session.digest;
    });
    expect(new Set([...digests, live(file).digest]).size).toBe(3);
  });
});
