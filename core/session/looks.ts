/** Requests that look at a run and change nothing: packets, captures, the trace, connections. */
import { bad, good, type Result } from "../base/result.ts";
import type { ApiProblem } from "../contract/api/problem.ts";
import { PcapngExporter } from "../trace/pcapng-exporter.ts";
import { concatBytes } from "../base/bytes.ts";
import type { LiveRun } from "./live-run.ts";
import type { ParsedRequest } from "./requests.ts";
import { tcpSeries } from "./tcp-series.ts";

/** The answer to a request that looks; null for one that does something else. */
export function answerLook(run: LiveRun, request: ParsedRequest): Result<unknown, ApiProblem> | null {
  const { session } = run;
  switch (request.method) {
    case "run.report":
      return good(session.report());
    case "packets.page": {
      const { filter, from, count } = request.params;
      const page = run.packets.page(filter, from, count);
      if (page.ok) return page;
      const { message, from: column } = page.error;
      return bad({ ...problem("filter/syntax", message), line: 1, column: column + 1 });
    }
    case "packets.detail": {
      const detail = run.packets.detail(request.params.number);
      return detail === null ? bad(problem("packets/forgotten", "That packet is not kept any more.")) : good(detail);
    }
    case "packets.follow":
      return good({ rows: run.packets.follow(request.params.packet) });
    case "capture.export":
      return exportCapture(run, request.params.interfaces);
    case "trace.read": {
      const { events, next } = session.trace.read(request.params.cursor, request.params.limit);
      return good({ events, next });
    }
    case "tcp.list":
      return good({ sockets: session.world.tcpSockets() });
    case "tcp.view": {
      const { node, socket, since } = request.params;
      return good({
        view: session.world.tcpView(node, socket),
        series: tcpSeries(session.trace, request.params, since),
      });
    }
    default:
      return null;
  }
}

/** A capture file of what the store still holds, as `lastack run --pcap` would have written it. */
function exportCapture(
  run: LiveRun,
  names: readonly string[] | null,
): Result<{ bytes: Uint8Array; frames: number }, ApiProblem> {
  const interfaces = run.session.captureInterfaces;
  const unknown = names?.find((name) => !interfaces.some((one) => one.name === name));
  if (unknown !== undefined) return bad(problem("capture/unknown-interface", `There is no interface ${unknown}.`));
  const selected = interfaces.flatMap(({ name }, index) => (names === null || names.includes(name) ? [index] : []));
  const wanted = new Set(selected);
  const chunks: Uint8Array[] = [];
  const exporter = new PcapngExporter({
    interfaces,
    selected,
    names: run.session.names,
    sink: (chunk) => void chunks.push(chunk.slice()),
  });
  let frames = 0;
  const { store } = run;
  for (let number = store.oldest; number <= store.newest; number++) {
    const frame = store.frame(number);
    if (!wanted.has(frame.interface)) continue;
    frames++;
    exporter.onFrame({ ...frame, fcsGood: frame.fcsGood, start: 0, length: frame.bytes.length });
  }
  exporter.finish(run.session.now);
  return good({ bytes: concatBytes(chunks), frames });
}

function problem(code: string, title: string): ApiProblem {
  return { code, severity: "error", title, hint: "", file: "", line: 0, column: 0, definite: true };
}
