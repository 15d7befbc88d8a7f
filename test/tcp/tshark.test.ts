/**
 * Wireshark's opinion of the sample labs about TCP against the counters of the hosts: what `tcp.analysis.*` finds in
 * the frames that pass a host's card is what `nstat` says there. No malformed packet, no wrong checksum (`analyse`
 * refuses those). Where the two count different things, the difference is said here and is exact.
 */
import { describe, expect, test } from "vitest";
import { LONG } from "../harness/long.ts";
import { hasTool } from "../harness/tools.ts";
import { analyse, type Card, type Segment } from "./analysis.ts";
import type { Session } from "../../core/session/session.ts";

const missing = hasTool("tshark") ? "" : " (SKIPPED: tshark not installed)";
const TIMEOUT_MS = 300_000;

/** Long transfers make large captures: they add numbers, not cases. */
const SHORT = ["tcp-handshake", "tcp-close-and-time-wait", "tcp-flow-control", "tcp-loss-and-sack", "tcp-fast-open"];
const LABS = LONG ? [...SHORT, "tcp-syn-flood", "tcp-slow-start-and-aimd", "tcp-bufferbloat", "tcp-fairness"] : SHORT;

/**
 * Segments that tshark takes for retransmissions and Linux counts as neither sent nor sent again: where both ends open
 * at once, the SYN-ACK repeats the SYN (RFC 9293, figure 7), at both ends.
 */
const REPEATED_SYNS = new Map([
  ["tcp-handshake h1", 1],
  ["tcp-handshake h2", 1],
]);

/** Hosts whose segments are not all made by their TCP. */
const RAW_SENDERS = new Set(["tcp-syn-flood mallory"]);

type Analysis = ReturnType<typeof analyse>;

function hostsOf({ cards }: Analysis): Map<string, Card[]> {
  const hosts = new Map<string, Card[]>();
  for (const card of cards.values()) {
    const host = card.name.split(":")[0] ?? "";
    hosts.set(host, [...(hosts.get(host) ?? []), card]);
  }
  return hosts;
}

const counter = (session: Session, host: string, name: string): number =>
  session.world.counter({ kind: "snmp", node: session.world.nodeIndex(host) ?? -1, name }) ?? NaN;

const count = (cards: readonly Card[], wanted: (segment: Segment) => boolean): number =>
  cards.reduce((sum, { segments }) => sum + segments.filter(wanted).length, 0);

/**
 * Seen where it is sent, a segment in front of what was sent before can only be a retransmission; tshark calls it out
 * of order when it follows within a round trip.
 */
const isRetransmission = (segment: Segment): boolean =>
  segment.isSent && (segment.is("retransmission") || segment.is("outOfOrder"));

const hasBlocks = (segment: Segment): boolean => segment.sackBlocks.length > 0;

/** RFC 2883: the first block lies below the acknowledgment, or inside the second block. */
function isDuplicateReport(segment: Segment): boolean {
  const [first, second] = segment.sackBlocks;
  if (first === undefined) return false;
  const below = (first[0] - segment.number("ack")) | 0;
  const inside = second !== undefined && (first[0] - second[0]) >>> 0 <= (second[1] - second[0]) >>> 0;
  return below < 0 || inside;
}

describe.skipIf(missing !== "")(
  `tcp.analysis of the sample labs against nstat${missing}`,
  { timeout: TIMEOUT_MS },
  () => {
    describe.each(LABS)("%s", (lab) => {
      const analysis = analyse(lab);
      const { session } = analysis;

      test("retransmissions", () => {
        const found = [...hostsOf(analysis)].flatMap(([host, cards]) =>
          RAW_SENDERS.has(`${lab} ${host}`) ? [] : [[host, count(cards, isRetransmission)] as const],
        );
        const counted = found.map(([host]) => {
          return [
            host,
            counter(session, host, "Tcp.RetransSegs") + (REPEATED_SYNS.get(`${lab} ${host}`) ?? 0),
          ] as const;
        });
        expect(found).toEqual(counted);
      });

      test("SACK blocks, as our own dissector finds them; those of duplicates, as both ends count them", () => {
        for (const { segments, blocksDissected } of analysis.cards.values()) {
          expect(segments.reduce((sum, segment) => sum + segment.sackBlocks.length, 0)).toBe(blocksDissected);
        }
        for (const [host, cards] of hostsOf(analysis)) {
          const sent =
            counter(session, host, "TcpExt.TCPDSACKOldSent") + counter(session, host, "TcpExt.TCPDSACKOfoSent");
          const received =
            counter(session, host, "TcpExt.TCPDSACKRecv") + counter(session, host, "TcpExt.TCPDSACKOfoRecv");
          expect([host, count(cards, (segment) => segment.isSent && isDuplicateReport(segment))]).toEqual([host, sent]);
          expect([host, count(cards, (segment) => !segment.isSent && isDuplicateReport(segment))]).toEqual([
            host,
            received,
          ]);
        }
      });
    });

    test("duplicate acknowledgments: one for every segment that came out of order", () => {
      const analysis = analyse("tcp-loss-and-sack");
      const cards = hostsOf(analysis).get("server") ?? [];
      // With blocks, one that also offers a larger window is a window update for tshark, and no duplicate.
      const isDuplicate = (segment: Segment): boolean =>
        segment.isSent && (segment.is("duplicateAck") || (segment.is("windowUpdate") && hasBlocks(segment)));
      expect(count(cards, isDuplicate)).toBe(counter(analysis.session, "server", "TcpExt.TCPOFOQueue"));
      // Those that the senders heard: nothing was lost on the way back.
      for (const host of ["sack", "plain"]) {
        const heard = count(hostsOf(analysis).get(host) ?? [], (segment) => segment.is("duplicateAck"));
        expect(heard).toBe(
          count([analysis.cards.get(host === "sack" ? "server:eth0" : "server:eth1") as Card], (s) =>
            s.is("duplicateAck"),
          ),
        );
      }
    });

    test("zero windows: one that closes, and one for every probe that is answered", () => {
      const analysis = analyse("tcp-flow-control");
      const { session } = analysis;
      const [sender = [], receiver = []] = [hostsOf(analysis).get("h1"), hostsOf(analysis).get("h2")];
      const probes = counter(session, "h1", "TcpExt.TCPWinProbe");
      // Linux's probe is an empty segment in front of the window: what tshark calls a keep-alive.
      expect(
        count(sender, (segment) => segment.isSent && (segment.is("keepAlive") || segment.is("zeroWindowProbe"))),
      ).toBe(probes);
      // Answers to what lies outside of the window come twice a second at most (net.ipv4.tcp_invalid_ratelimit).
      const skipped = counter(session, "h2", "TcpExt.TCPACKSkippedSeq");
      const closings = counter(session, "h2", "TcpExt.TCPToZeroWindowAdv");
      expect(count(receiver, (segment) => segment.isSent && segment.is("zeroWindow"))).toBe(
        closings + probes - skipped,
      );
      const openings = receiver
        .flatMap(({ segments }) => segments.filter((segment) => segment.isSent))
        .filter((segment, at, all) => segment.number("window") > 0 && all[at - 1]?.number("window") === 0);
      expect(openings.length).toBe(counter(session, "h2", "TcpExt.TCPFromZeroWindowAdv"));
    });
  },
);
