import { describe, expect, test, vi } from "vitest";
import { ApiError } from "./api-error.ts";
import { connect, type ClientPort, type CoreLoss } from "./client.ts";
import type { ClientClock } from "./client-clock.ts";

interface Sent {
  readonly id: number;
  readonly method: string;
}

class FakePort extends EventTarget implements ClientPort {
  readonly sent: Sent[] = [];
  readonly close = vi.fn<() => void>();

  postMessage(message: unknown): void {
    this.sent.push(message as Sent);
  }

  of(method: string): Sent[] {
    return this.sent.filter((one) => one.method === method);
  }

  answer(request: Sent | undefined, answer: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: { id: request?.id, ...answer } }));
  }
}

class FakeClock implements ClientClock {
  #frame: (() => void) | null = null;
  #tick: (() => void) | null = null;

  nextFrame(callback: () => void): void {
    this.#frame = callback;
  }

  every(_ms: number, callback: () => void): () => void {
    this.#tick = callback;
    return () => (this.#tick = null);
  }

  frame(): void {
    const callback = this.#frame;
    this.#frame = null;
    callback?.();
  }

  second(): void {
    this.#tick?.();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const PROBLEM = {
  code: "run/at-start",
  severity: "error",
  title: "There is no step to take back.",
  hint: "",
  file: "",
  line: 0,
  column: 0,
  definite: true,
} as const;

function connected(): { port: FakePort; clock: FakeClock; client: ReturnType<typeof connect>; losses: CoreLoss[] } {
  const port = new FakePort();
  const clock = new FakeClock();
  const client = connect(port, clock);
  const losses: CoreLoss[] = [];
  client.onLost((loss) => losses.push(loss));
  return { port, clock, client, losses };
}

describe("calls", () => {
  test("get their answers by id, in whatever order they come", async () => {
    const { port, client } = connected();
    const one = client.call("host.ping", {});
    const two = client.call("tcp.list", {});
    port.answer(port.of("tcp.list")[0], { result: { sockets: [] } });
    port.answer(port.of("host.ping")[0], { result: { time: 5 } });
    expect(await one).toEqual({ time: 5 });
    expect(await two).toEqual({ sockets: [] });
  });

  test("reject with the core's problem, which is an error too", async () => {
    const { port, client } = connected();
    const call = client.call("run.stepBack", {});
    port.answer(port.of("run.stepBack")[0], { problem: PROBLEM });
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject(PROBLEM);
    expect((error as ApiError).message).toBe(PROBLEM.title);
  });
});

describe("pushes", () => {
  test("the next one is asked for after the last was handled, once per animation frame", async () => {
    const { port, clock, client } = connected();
    const seen: unknown[] = [];
    client.onFrame((push) => {
      expect(port.of("frame.next")).toHaveLength(seen.length + 1);
      seen.push(push);
    });
    expect(port.of("frame.next")).toHaveLength(1);
    port.answer(port.of("frame.next")[0], { result: { packets: 1 } });
    await turn();
    expect(seen).toEqual([{ packets: 1 }]);
    expect(port.of("frame.next")).toHaveLength(1);
    clock.frame();
    expect(port.of("frame.next")).toHaveLength(2);
    clock.frame();
    expect(port.of("frame.next")).toHaveLength(2);
  });

  test("a listener that throws does not keep the push from others, nor the next one from coming", async () => {
    const reported = vi.fn<(error: unknown) => void>();
    vi.stubGlobal("reportError", reported);
    const { port, clock, client } = connected();
    const heard = vi.fn<() => void>();
    client.onFrame(() => {
      throw new Error("a pane's mistake");
    });
    const stop = client.onFrame(heard);
    port.answer(port.of("frame.next")[0], { result: {} });
    await turn();
    clock.frame();
    expect(heard).toHaveBeenCalledOnce();
    expect(reported).toHaveBeenCalledOnce();
    stop();
    port.answer(port.of("frame.next")[1], { result: {} });
    await turn();
    expect(heard).toHaveBeenCalledOnce();
    vi.unstubAllGlobals();
  });

  test("after a refusal the next tick asks again", async () => {
    const { port, clock } = connected();
    port.answer(port.of("frame.next")[0], { problem: PROBLEM });
    await turn();
    clock.frame();
    expect(port.of("frame.next")).toHaveLength(1);
    clock.second();
    expect(port.of("frame.next")).toHaveLength(2);
  });
});

describe("a core that is lost", () => {
  test("is hung when five seconds bring no answer to a ping", async () => {
    const { port, clock, client, losses } = connected();
    port.answer(port.of("frame.next")[0], { result: {} });
    const call = client.call("tcp.list", {});
    const rejected = expect(call).rejects.toMatchObject({ code: "core/lost", definite: false });
    for (let second = 0; second < 5; second++) clock.second();
    expect(losses).toEqual([]);
    clock.second();
    expect(losses).toEqual([{ kind: "hung", why: "The core has not answered for 5 seconds." }]);
    await rejected;
    await expect(client.call("tcp.list", {})).rejects.toMatchObject({ code: "core/lost" });
    expect(port.close).toHaveBeenCalledOnce();
    clock.second();
    expect(losses).toHaveLength(1);
  });

  test("is given longer while it has never answered: it may be starting", () => {
    const { clock, losses } = connected();
    for (let second = 0; second < 45; second++) clock.second();
    expect(losses).toEqual([]);
    clock.second();
    expect(losses).toEqual([{ kind: "hung", why: "The core has not answered for 45 seconds." }]);
  });

  test("is not hung when it answers, also late", async () => {
    const { port, clock, losses } = connected();
    for (let round = 0; round < 10; round++) {
      for (let second = 0; second < 4; second++) clock.second();
      port.answer(port.of("host.ping").at(-1), { result: { time: 0 } });
      await turn();
    }
    expect(losses).toEqual([]);
  });

  test("is gone when its port closes or its worker fails", () => {
    for (const [event, why] of [
      [new Event("close"), "The core ended."],
      [Object.assign(new Event("error"), { message: "boom" }), "The core failed: boom."],
    ] as const) {
      const { port, losses } = connected();
      port.dispatchEvent(event);
      expect(losses).toEqual([{ kind: "gone", why }]);
    }
  });

  test("is not lost when the window itself closes the client", async () => {
    const { port, client, losses } = connected();
    const call = client.call("tcp.list", {});
    client.close();
    await expect(call).rejects.toMatchObject({ code: "core/lost" });
    port.dispatchEvent(new Event("close"));
    expect(losses).toEqual([]);
  });
});
