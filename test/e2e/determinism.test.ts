/** The same lab, seed and journal end in the same digest on Node and in a browser's worker, with programs running. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "@playwright/test";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import type { Params } from "../../core/contract/api/api.ts";
import type { RunState } from "../../core/contract/api/run-view.ts";
import type { JournalEntry } from "../../core/contract/command.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";
import { guestsFor } from "../harness/sandbox.ts";
import { ensureBuilt } from "./built.ts";
import { launchChromium, whyNoChromium } from "./chromium.ts";
import { serveStatic, type StaticServer } from "../../core/node/static-server.ts";

const TIMEOUT_MS = 120_000;
const LABS = join(import.meta.dirname, "../../resources/labs");
const END = 3_000_000_000 as VirtualTime;

/** Something done to each lab while it runs. */
const cutting = (link: string): JournalEntry[] => [
  { at: 400_000_000, events: 0, command: { kind: "link", link, action: "down" } },
  { at: 900_000_000, events: 0, command: { kind: "link", link, action: "up" } },
];

function onNode(file: string): { digest: string; params: Params<"lab.open"> } {
  const text = readFileSync(join(LABS, file), "utf8");
  const lab = parseLab(text, file);
  if (!lab.ok) throw new Error(`${file} is right`);
  const journal = cutting(lab.value.links[0]?.name ?? "");
  const { guests } = guestsFor(lab.value, LABS);
  const session = new Session(lab.value, { journal, guests });
  session.advance(END);
  const sources = [...guests.sources].map(([path, source]) => ({ path, text: source }));
  return { digest: session.digest, params: { text, file, sources, journal, time: END } };
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
    worker = scripts.find((name) => readFileSync(join(built, "assets", name), "utf8").includes("host.ping")) ?? "";
    server = await serveStatic(built);
    browser = await launchChromium();
  }, TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  for (const file of ["tcp-loss-and-sack.lab.yaml", "socket-client-and-server.lab.yaml", "two-phase-commit.lab.yaml"]) {
    test(file, async () => {
      const { digest, params } = onNode(file);
      const page = await browser.newPage();
      await page.goto(new URL("favicon.svg", server.url).href);
      const state = await page.evaluate(
        ({ script, request }) =>
          new Promise<RunState | null>((resolve, reject) => {
            const core = new Worker(script, { type: "module" });
            core.onerror = ({ message }) => reject(new Error(message));
            core.onmessage = ({ data }: MessageEvent<{ result?: { run: RunState | null }; problem?: object }>) => {
              if (data.problem === undefined) resolve(data.result?.run ?? null);
              else reject(new Error(JSON.stringify(data.problem)));
            };
            core.postMessage({ id: 1, method: "lab.open", params: request });
          }),
        { script: `/assets/${worker}`, request: params },
      );
      expect(state).toMatchObject({ time: END, digest });
      await page.close();
    });
  }
});
