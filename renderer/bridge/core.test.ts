import { expect, test } from "vitest";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import type { ClientPort } from "./client.ts";
import { superviseCore, type Core, type CoreStatus } from "./core.ts";

/** Asks for the next push at once, and runs no clock of its own: nothing here waits for a ping. */
const STILL = { nextFrame: (ask: () => void) => ask(), every: () => () => undefined };
const LAB = { text: "lab: 1", file: "a.lab.yaml" };
const AT_START = { lab: {}, problems: [], run: { time: 0, events: 0 } };

interface Asked {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A core process as the window sees it: what it was asked, and what it answers. */
class FakeProcess extends EventTarget implements ClientPort {
  readonly asked: Asked[] = [];
  isStopped = false;

  postMessage(message: unknown): void {
    this.asked.push(message as Asked);
  }

  opened(): Asked | undefined {
    return this.asked.find(({ method }) => method === "lab.open");
  }

  answer(method: string, result: object): void {
    const id = this.asked.findLast((one) => one.method === method)?.id;
    this.dispatchEvent(new MessageEvent("message", { data: { id, result } }));
  }

  die(): void {
    this.dispatchEvent(new Event("close"));
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function supervised(): { core: Core; processes: FakeProcess[]; statuses: CoreStatus[] } {
  const processes: FakeProcess[] = [];
  const start = (): Promise<{ port: FakeProcess; stop: () => void }> => {
    const port = new FakeProcess();
    processes.push(port);
    return Promise.resolve({ port, stop: () => void (port.isStopped = true) });
  };
  const core = superviseCore(start, STILL);
  const statuses: CoreStatus[] = [];
  core.onStatus((status) => statuses.push(status));
  return { core, processes, statuses };
}

/** With a lab open that has run to 7 s with one command. */
async function running(): Promise<ReturnType<typeof supervised> & { first: FakeProcess }> {
  const all = supervised();
  const opened = all.core.call("lab.open", LAB as never);
  await turn();
  const [first = new FakeProcess()] = all.processes;
  first.answer("lab.open", AT_START);
  await opened;
  const push = { run: { time: 7, events: 70 }, journal: ["cut"], journalFrom: 0 } as unknown as FramePush;
  first.answer("frame.next", push);
  await turn();
  return { ...all, first };
}

test("a core that dies is started again, and run to where it was with what was done to it", async () => {
  const { core, processes, statuses, first } = await running();
  const waits = core.call("tcp.list", {});
  first.die();
  await expect(waits).rejects.toMatchObject({ code: "core/lost" });
  expect(first.isStopped).toBe(true);
  await turn();
  const [, second] = processes;
  expect(second?.opened()?.params).toMatchObject({ ...LAB, time: 7, events: 70, journal: ["cut"] });
  expect(statuses).toEqual([{ kind: "restarting", why: "The core ended." }]);
  second?.answer("lab.open", { ...AT_START, run: { time: 7, events: 70 } });
  await turn();
  expect(statuses.at(-1)).toEqual({ kind: "restored", why: "The core ended.", time: 7, isWhereItWas: true });
});

test("what is asked on the way back is answered by the new core", async () => {
  const { core, processes, first } = await running();
  first.die();
  const late = core.call("tcp.list", {});
  await turn();
  processes[1]?.answer("lab.open", AT_START);
  await turn();
  processes[1]?.answer("tcp.list", { sockets: [] });
  expect(await late).toEqual({ sockets: [] });
});

test("when the way back kills it too, the lab is opened at its start", async () => {
  const { processes, statuses, first } = await running();
  first.die();
  await turn();
  processes[1]?.die();
  await turn();
  expect(processes[2]?.opened()?.params).toEqual(LAB);
  processes[2]?.answer("lab.open", AT_START);
  await turn();
  expect(statuses.at(-1)).toMatchObject({ kind: "restored", time: 0, isWhereItWas: false });
});

test("one that dies even there is given up, until somebody asks for another try", async () => {
  const { core, processes, statuses, first } = await running();
  first.die();
  for (const index of [1, 2]) {
    await turn();
    processes[index]?.die();
  }
  await turn();
  expect(statuses.at(-1)).toMatchObject({ kind: "failed" });
  core.restart();
  await turn();
  expect(processes[3]?.opened()?.params).toMatchObject({ time: 7, events: 70 });
  processes[3]?.answer("lab.open", { ...AT_START, run: { time: 7, events: 70 } });
  await turn();
  expect(statuses.at(-1)).toMatchObject({ kind: "restored", isWhereItWas: true });
});

test.each([true, false])("what was answered counts; a push tells of it again: %s", async (isPushed) => {
  const { core, processes, first } = await running();
  const command = { kind: "link", link: "a-b", action: "down" } as const;
  const cut = core.call("run.inject", { command });
  await turn();
  first.answer("run.inject", { time: 8, events: 80, journalLength: 2 });
  await cut;
  const shell = core.call("console.open", { node: "a" });
  await turn();
  first.answer("console.open", { console: 3, run: { time: 8, events: 80, journalLength: 3 } });
  await shell;
  const entries = [
    { at: 8, events: 80, command },
    { at: 8, events: 80, command: { kind: "shell", node: "a", console: 3 } },
  ];
  let pushes = 0;
  core.onFrame(() => pushes++);
  if (isPushed) first.answer("frame.next", { run: { time: 8, events: 80 }, journal: entries, journalFrom: 1 });
  const pause = core.call("run.pause", {});
  await turn();
  first.answer("run.pause", { time: 9, events: 81, journalLength: 3 });
  await pause;
  first.die();
  await turn();
  expect(pushes).toBe(isPushed ? 1 : 0);
  // To the letter: the core refuses a journal with anything else in it.
  expect(processes[1]?.opened()?.params).toEqual({ ...LAB, time: 9, events: 81, journal: ["cut", ...entries] });
});
