import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import { SessionHost } from "../../core/session/host.ts";
import { superviseCore, type Core, type CoreProcess, type CoreStatus } from "../../renderer/bridge/core.ts";
import type { ClientClock } from "../../renderer/bridge/client-clock.ts";

const PING = readFileSync(join(import.meta.dirname, "../../resources/labs/ping-across-a-router.lab.yaml"), "utf8");

/** A core in this process that can be killed. */
class FakeProcess extends EventTarget implements CoreProcess {
  isAlive = true;
  readonly asked: string[] = [];
  /** Dies when it is asked this. */
  diesOf = "";
  readonly #host = new SessionHost({
    engine: null,
    nowMs: () => performance.now(),
    later: (callback, ms) => {
      setTimeout(() => {
        if (this.isAlive) callback();
      }, ms);
    },
    post: (response) => {
      if (this.isAlive) this.dispatchEvent(new MessageEvent("message", { data: structuredClone(response) }));
    },
  });

  get port(): this {
    return this;
  }

  postMessage(message: unknown): void {
    if (!this.isAlive) return;
    const { method, params } = message as { method: string; params: object };
    this.asked.push(method);
    if (JSON.stringify({ method, params }).includes(this.diesOf) && this.diesOf !== "") this.kill();
    else this.#host.receive(structuredClone(message));
  }

  kill(): void {
    this.isAlive = false;
    setImmediate(() => this.dispatchEvent(Object.assign(new Event("error"), { message: "killed" })));
  }

  stop(): void {
    this.isAlive = false;
  }
}

const clock: ClientClock = {
  nextFrame: (callback) => void setTimeout(callback, 1),
  every: (ms, callback) => {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
};

function supervised(prepare: (process: FakeProcess, index: number) => void = () => undefined): {
  core: Core;
  processes: FakeProcess[];
  statuses: CoreStatus[];
} {
  const processes: FakeProcess[] = [];
  const statuses: CoreStatus[] = [];
  const core = superviseCore(async () => {
    const process = new FakeProcess();
    prepare(process, processes.length);
    processes.push(process);
    return process;
  }, clock);
  core.onStatus((status) => statuses.push(status));
  return { core, processes, statuses };
}

function nextPush(core: Core, wanted: (push: FramePush) => boolean): Promise<FramePush> {
  return new Promise((resolve) => {
    const stop = core.onFrame((push) => {
      if (!wanted(push)) return;
      stop();
      resolve(push);
    });
  });
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe("a core that is lost", () => {
  test("comes back where it was, with what was done to the lab, and stays paused", async () => {
    const { core, processes, statuses } = supervised();
    await core.call("lab.open", { text: PING, file: "ping.lab.yaml", seed: 7 });
    await core.call("run.seek", { time: 1e9 });
    const pushed = nextPush(core, ({ run }) => run.journalLength === 1);
    await core.call("run.inject", { command: { kind: "link", link: "h1-r1", action: "down" } });
    await pushed;
    const stepped = nextPush(core, ({ run }) => run.time > 1e9);
    const was = await core.call("run.step", { unit: "event" });
    await stepped;
    processes[0]?.kill();
    await until(() => core.status.kind === "restored");
    expect(statuses.map(({ kind }) => kind)).toEqual(["restarting", "restored"]);
    expect(core.status).toMatchObject({ why: "The core failed: killed.", time: was.time, isWhereItWas: true });
    expect(await core.call("run.pause", {})).toMatchObject({ digest: was.digest, events: was.events, playing: false });
    expect(processes).toHaveLength(2);
    core.close();
  });

  test("calls under way fail, calls made meanwhile wait", async () => {
    const { core, processes } = supervised();
    await core.call("lab.open", { text: PING, file: "ping.lab.yaml" });
    const seek = core.call("run.seek", { time: 8e9 });
    processes[0]?.kill();
    await expect(seek).rejects.toMatchObject({ code: "core/lost", definite: false });
    expect(await core.call("tcp.list", {})).toEqual({ sockets: [] });
    core.close();
  });

  test("when the way there kills it, the lab is opened at its start", async () => {
    const { core, processes } = supervised((process, index) => {
      if (index > 0) process.diesOf = '"journal"';
    });
    await core.call("lab.open", { text: PING, file: "ping.lab.yaml" });
    processes[0]?.kill();
    await until(() => core.status.kind === "restored");
    expect(core.status).toMatchObject({ time: 0, isWhereItWas: false });
    expect(processes).toHaveLength(3);
    core.close();
  });

  test("when it cannot live at all, that is said, and a restart tries anew", async () => {
    let isSick = false;
    const { core, processes } = supervised((process) => {
      if (isSick) process.diesOf = "lab.open";
    });
    await core.call("lab.open", { text: PING, file: "ping.lab.yaml" });
    isSick = true;
    processes[0]?.kill();
    await until(() => core.status.kind === "failed");
    await expect(core.call("tcp.list", {})).rejects.toMatchObject({ code: "core/lost" });
    isSick = false;
    core.restart();
    await until(() => core.status.kind === "restored");
    expect(await core.call("tcp.list", {})).toEqual({ sockets: [] });
    core.close();
  });

  test("a restart that is asked for keeps the place, too", async () => {
    const { core, processes } = supervised();
    await core.call("lab.open", { text: PING, file: "ping.lab.yaml" });
    const pushed = nextPush(core, ({ run }) => run.time === 2e9);
    const was = await core.call("run.seek", { time: 2e9 });
    await pushed;
    core.restart();
    await until(() => core.status.kind === "restored");
    expect(await core.call("run.pause", {})).toMatchObject({ digest: was.digest });
    expect(processes[0]?.isAlive).toBe(false);
    core.close();
    await expect(core.call("tcp.list", {})).rejects.toMatchObject({ code: "core/lost" });
  });

  test("a lab with problems is not what comes back", async () => {
    const { core, processes } = supervised();
    await core.call("lab.open", { text: PING, file: "ping.lab.yaml" });
    await core.call("lab.open", { text: "nonsense", file: "other" });
    processes[0]?.kill();
    await until(() => core.status.kind === "restored");
    const push = nextPush(core, () => true);
    await core.call("run.step", { unit: "event" });
    expect((await push).run.events).toBeGreaterThan(0);
    core.close();
  });
});
