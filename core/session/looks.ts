/** Requests that look at a run and change nothing: packets, captures, the trace, connections, completions. */
import { concatBytes } from "../base/bytes.ts";
import { bad, good, type Result } from "../base/result.ts";
import type { Answer, MethodName, Params } from "../contract/api/api.ts";
import type { ApiProblem } from "../contract/api/problem.ts";
import { PcapngExporter } from "../trace/pcapng-exporter.ts";
import type { LiveRun } from "./live-run.ts";
import { COMPLETIONS_MAX } from "./limits.ts";
import { apiProblem } from "./problem.ts";

type Look<M extends MethodName> = (run: LiveRun, params: Params<M>) => Result<Answer<M>, ApiProblem>;

export type LookMethod =
  | "run.report"
  | "console.complete"
  | "packets.page"
  | "packets.detail"
  | "packets.follow"
  | "capture.export"
  | "tcp.list"
  | "tcp.view"
  | "trace.read";

export const LOOKS: { readonly [M in LookMethod]: Look<M> } = {
  "run.report": ({ session }) => good(session.report()),

  "console.complete": ({ session }, { console, line, cursor }) => {
    const { from, words } = session.world.complete(console, line, Math.min(cursor, line.length));
    return good({ from, words: words.slice(0, COMPLETIONS_MAX) });
  },

  "packets.page": ({ packets }, { filter, from, count }) => {
    const page = packets.page(filter, from, count);
    if (page.ok) return page;
    const { message, from: column } = page.error;
    return bad({ ...apiProblem("filter/syntax", message), line: 1, column: column + 1 });
  },

  "packets.detail": ({ packets }, { number }) => {
    const detail = packets.detail(number);
    return detail === null ? bad(apiProblem("packets/forgotten", "That packet is not kept any more.")) : good(detail);
  },

  "packets.follow": ({ packets }, { packet }) => good({ rows: packets.follow(packet) }),

  "capture.export": exportCapture,

  "tcp.list": ({ session, histories }) => {
    const live = session.world.tcpSockets();
    return good({ sockets: [...live, ...histories.gone(live)] });
  },

  "tcp.view": ({ session, histories }, { node, socket, since }) =>
    good({ view: session.world.tcpView(node, socket), series: histories.series(node, socket, since) }),

  "trace.read": ({ session }, { cursor, limit }) => {
    const { events, next } = session.trace.read(cursor, limit);
    return good({ events, next });
  },
};

/** A capture file of what the store still holds, as `lastack run --pcap` would have written it. */
function exportCapture(
  { session, store }: LiveRun,
  { interfaces: names }: Params<"capture.export">,
): Result<Answer<"capture.export">, ApiProblem> {
  const interfaces = session.captureInterfaces;
  const unknown = names?.find((name) => !interfaces.some((one) => one.name === name));
  if (unknown !== undefined) return bad(apiProblem("capture/unknown-interface", `There is no interface ${unknown}.`));
  const selected = interfaces.flatMap(({ name }, index) => (names === null || names.includes(name) ? [index] : []));
  const wanted = new Set(selected);
  const chunks: Uint8Array[] = [];
  const exporter = new PcapngExporter({
    interfaces,
    selected,
    names: session.names,
    sink: (chunk) => void chunks.push(chunk.slice()),
  });
  for (let number = store.oldest; number <= store.newest; number++) {
    if (!wanted.has(store.interfaceOf(number))) continue;
    const frame = store.frame(number);
    exporter.onFrame({ ...frame, start: 0, length: frame.bytes.length });
  }
  exporter.finish(session.now);
  return good({ bytes: concatBytes(chunks), frames: exporter.frames });
}
