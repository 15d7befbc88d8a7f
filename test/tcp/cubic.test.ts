/**
 * CUBIC's window after a loss against RFC 9438, section 4.2: W(t) = C (t - K)^3 + W_max, K = cbrt(W_max (1 - beta) / C),
 * in segments and seconds, with C = 0.4 and beta = 0.7. One packet is lost when the window is large; the path's round
 * trip is long enough that the function is above what Reno would have (section 4.3).
 */
import { expect, test } from "vitest";
import { advanceTo, bulkSession, senderCounter, senderInfo } from "./bulk.ts";

const C = 0.4;
/** Linux computes with 717/1024. */
const BETA = 717 / 1024;
const STEP_S = 0.02;
const RTT_S = 0.1;

interface Sample {
  readonly at: number;
  readonly window: number;
}

test("the window after a loss follows RFC 9438's function", { timeout: 120_000 }, () => {
  const session = bulkSession({
    sysctls: "net.ipv4.tcp_congestion_control: cubic",
    ...{ rate: "1Gbps", delay: `${(RTT_S / 2) * 1000}ms`, queue: 100_000 },
    faults: ["direction: forward, match: { protocol: tcp, min-bytes: 1000, skip: 700, count: 1 }, verdict: drop"],
  });
  let before = 0;
  let at = 0;
  const step = (): void => advanceTo(session, (at += STEP_S));
  for (; senderCounter(session, "Tcp.RetransSegs") === 0; step()) before = senderInfo(session, "snd_cwnd");
  while (senderInfo(session, "ca_state") !== 0) step();
  const reduced = senderInfo(session, "snd_cwnd");
  expect(before).toBeGreaterThan(200);
  expect(reduced).toBe(Math.floor(before * BETA));

  const k = Math.cbrt((before * (1 - BETA)) / C);
  const samples: Sample[] = [];
  // The function's time begins with the first acknowledgment after recovery.
  const start = at;
  for (; at < start + 2 * k; step()) samples.push({ at: at - start, window: senderInfo(session, "snd_cwnd") });
  const law = (t: number): number => C * (t - k) ** 3 + before;
  const worst = Math.max(...samples.map((sample) => Math.abs(sample.window - law(sample.at)) / law(sample.at)));
  const shown = samples.filter((_, index) => index % 25 === 0);
  console.log(
    [
      `W_max ${before}, K ${k.toFixed(2)} s, off by at most ${(100 * worst).toFixed(1)} %`,
      "     t s   window    W(t)",
      ...shown.map(({ at: t, window }) =>
        [t.toFixed(2).padStart(8), String(window).padStart(8), law(t).toFixed(1).padStart(7)].join(" "),
      ),
    ].join("\n"),
  );
  expect(worst).toBeLessThan(0.03);
  // Concave up to W_max, convex beyond: at K it is back where it was, at 2 K as far above as it was below.
  expect(Math.abs((samples.at(-1)?.window ?? 0) - law(2 * k))).toBeLessThan(0.03 * before);
});
