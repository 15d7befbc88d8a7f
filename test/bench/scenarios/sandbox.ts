/**
 * Guest programs. `handlers`: one program handles messages as a replica of PBFT does (parse JSON, count a vote in a
 * Map, hash by a call of the host, send to four), the sandbox alone; what counts is handlers a second. `starts`: a lab
 * of 200 hosts with a program each, from reading the lab to all programs waiting; what counts is the time.
 * Arguments: handlers [count] | starts [count]
 */
import { readFileSync } from "node:fs";
import { transformSync } from "@swc/wasm-typescript";
import { assert } from "../../../core/base/assert.ts";
import type { VirtualTime } from "../../../core/base/time.ts";
import { utf8Encode } from "../../../core/base/bytes.ts";
import { parseLab } from "../../../core/lab/parse.ts";
import { OPERATION } from "../../../core/runtime/operations.ts";
import type { GuestHost, GuestRequest } from "../../../core/runtime/sandbox-port.ts";
import { createEngine } from "../../../core/sandbox/create-engine.ts";
import { Session } from "../../../core/session/session.ts";
import { measure } from "../measure.ts";

const REPLICA = `
import { decode, random } from "lastack";
import { bind, recvfrom, sendto, socket } from "lastack/socket";
interface Message { readonly type: string; readonly view: number; readonly seq: number; readonly replica: number }
const sockfd = await socket(2, 2);
await bind(sockfd, { address: "0.0.0.0", port: 5000 });
const peers = [1, 2, 3, 4].map((host) => ({ address: "10.0.0." + host, port: 5000 }));
const votes = new Map<string, Set<number>>();
const from = { address: "", port: 0 };
for (;;) {
  const message: Message = JSON.parse(decode(await recvfrom(sockfd, 2000, from)));
  const key = message.view + ":" + message.seq;
  let voters = votes.get(key);
  if (voters === undefined) {
    if (votes.size >= 1000) votes.clear();
    votes.set(key, (voters = new Set()));
  }
  voters.add(message.replica);
  const digest = random();
  const reply = JSON.stringify({ type: "commit", view: message.view, seq: message.seq, digest, replica: 3 });
  for (const peer of peers) void sendto(sockfd, reply, peer);
}`;

/** Answers a hash, takes what is sent, and remembers where the next message is wanted. */
class Network implements GuestHost {
  readonly open: number[] = [];
  receives = 0;
  sent = 0;

  wallClock(): number {
    return 0;
  }

  request(request: GuestRequest): number {
    if (request.id === 0) return 0.25;
    if (request.operation === OPERATION.recvfrom) this.receives = request.id;
    else {
      if (request.operation === OPERATION.sendto) this.sent += request.bytes().length;
      this.open.push(request.id);
    }
    return 0;
  }
}

/** From where `npm run bench` runs. */
const ENGINE = "resources/engine/quickjs.wasm";
const newEngine = (): ReturnType<typeof createEngine> =>
  createEngine({ quickjs: readFileSync(ENGINE), transform: transformSync });

function handlers(count: number): { events: number; facts: Record<string, number> } {
  const network = new Network();
  const modules = new Map([["replica.ts", REPLICA]]);
  const configuration = { host: "h", args: [] };
  const started = newEngine().open().start({ modules, main: "replica.ts", configuration, host: network });
  assert(started.ok, "the program starts");
  const guest = started.value;
  const step = (): void => {
    assert(guest.run().kind === "waiting", "the program goes on");
    while (network.open.length > 0) {
      for (const id of network.open.splice(0)) guest.settle({ operation: 0, id, value: 3 });
      guest.run();
    }
    guest.refill(Infinity);
  };
  step();
  const times: number[] = [];
  const BATCH = 20;
  for (let done = 0; done < count; done += BATCH) {
    const start = performance.now();
    for (let i = 0; i < BATCH; i++) {
      const message = { type: "prepare", view: 1, seq: (done + i) >> 2, digest: "abcdef0123456789", replica: i & 3 };
      const bytes = utf8Encode(JSON.stringify(message));
      const answer = { operation: OPERATION.recvfrom, id: network.receives, value: bytes.length, b: 0x0a000001, bytes };
      guest.settle(answer);
      step();
    }
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const rate = (ms: number | undefined): number => Math.round((BATCH * 1000) / (ms ?? NaN));
  return { events: count, facts: { median_per_s: rate(times[times.length >> 1]), best_per_s: rate(times[0]) } };
}

function starts(count: number): { events: number; facts: Record<string, number> } {
  const hosts = Array.from({ length: count }, (_, i) => `  h${i}: { kind: host, programs: [{ file: replica.ts }] }\n`);
  const lab = parseLab(`lastack: 1\nnodes:\n${hosts.join("")}`, "starts.lab.yaml");
  assert(lab.ok, "the lab has no problems");
  const start = performance.now();
  const engine = newEngine();
  const session = new Session(lab.value, { guests: { engine, sources: new Map([["replica.ts", REPLICA]]) } });
  session.advance(0 as VirtualTime);
  const ms = performance.now() - start;
  const waiting = session.report().consoles.filter(({ endedAt }) => endedAt === null).length;
  assert(waiting === count, `all programs wait: ${waiting} of ${count}`);
  return { events: session.eventCount, facts: { starts_ms: ms } };
}

const [what = "handlers", count] = process.argv.slice(2);
measure(`sandbox ${what}`, () =>
  what === "starts" ? starts(Number(count ?? 200)) : handlers(Number(count ?? 50_000)),
);
