/**
 * CUBIC's window after a loss against RFC 9438, section 4.2: W(t) = C (t - K)^3 + W_max, K = cbrt(W_max (1 - beta) /
 * C), in segments and seconds, with C = 0.4 and beta = 0.7. One packet is lost when the window is large; the path's
 * round trip is long enough that the function is above what Reno would have (section 4.3). The window is that of the
 * trace (`tcp:tcp_probe`), change by change.
 */
import { expect, test } from "vitest";
import { SECOND } from "../../core/base/time.ts";
import { advanceTo, bulkSession } from "./bulk.ts";

const C = 0.4;
/** Linux computes with 717/1024. */
const BETA = 717 / 1024;
const RTT_S = 0.1;
/** enum tcp_ca_state. */
const [OPEN, RECOVERY] = [0, 3];

interface Sample {
  /** s. */
  readonly at: number;
  /** Segments. */
  readonly window: number;
}

/** The windows before the loss and after recovery from it. */
function trace(seconds: number): { before: Sample[]; after: Sample[] } {
  const session = bulkSession({
    sysctls: "net.ipv4.tcp_congestion_control: cubic",
    ...{ rate: "1Gbps", delay: `${(RTT_S / 2) * 1000}ms`, queue: 100_000 },
    faults: ["direction: forward, match: { protocol: tcp, min-bytes: 1000, skip: 300, count: 1 }, verdict: drop"],
  });
  const before: Sample[] = [];
  const after: Sample[] = [];
  let stage: "before" | "recovery" | "after" = "before";
  session.trace.want(["tcp:tcp_probe", "tcp:tcp_cong_state_set"]);
  session.trace.listen(({ name, place, time, fields }) => {
    if (place !== "sender") return;
    if (name === "tcp:tcp_cong_state_set") {
      if (fields["cong_state"] === RECOVERY) stage = "recovery";
      if (fields["cong_state"] === OPEN && stage === "recovery") stage = "after";
    } else if (stage !== "recovery") {
      const sample = { at: time / SECOND, window: Number(fields["snd_cwnd"]) };
      (stage === "before" ? before : after).push(sample);
    }
  });
  advanceTo(session, seconds);
  return { before, after };
}

test("the window after a loss follows RFC 9438's function", { timeout: 120_000 }, () => {
  const { before, after } = trace(14);
  const most = before.at(-1)?.window ?? 0;
  const start = after[0]?.at ?? 0;
  expect(most).toBeGreaterThan(200);
  // Recovery ends at ssthresh; a segment more or less comes and goes with the ACK that ends it.
  expect(Math.abs((after[0]?.window ?? 0) - most * BETA)).toBeLessThan(2);

  const k = Math.cbrt((most * (1 - BETA)) / C);
  const law = (t: number): number => C * (t - k) ** 3 + most;
  const samples = after.map(({ at, window }) => ({ at: at - start, window })).filter(({ at }) => at < 2 * k);
  const error = ({ at, window }: Sample): number => Math.abs(window - law(at)) / law(at);
  const worst = Math.max(...samples.map(error));
  const shown = Array.from({ length: 13 }, (_, i) => samples.findLast(({ at }) => at <= (i * 2 * k) / 12));
  console.log(
    [
      `W_max ${most}, K ${k.toFixed(2)} s, ${samples.length} changes, off by at most ${(100 * worst).toFixed(1)} %`,
      "     t s   window    W(t)",
      ...shown.map((sample) =>
        sample === undefined
          ? ""
          : [
              sample.at.toFixed(2).padStart(8),
              String(sample.window).padStart(8),
              law(sample.at).toFixed(1).padStart(7),
            ].join(" "),
      ),
    ].join("\n"),
  );
  // Concave up to W_max at K, convex beyond.
  expect(samples.length).toBeGreaterThan(most * 2 * (1 - BETA) * 0.9);
  expect(worst).toBeLessThan(0.03);
});
