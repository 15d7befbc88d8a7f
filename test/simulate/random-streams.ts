/** The TCP side of a random lab: parameters of every host's TCP, servers, clients, and faults that only TCP sees. */
import { Random } from "../../core/base/random.ts";

export interface StreamTraffic {
  /** What a host's line in the lab has besides, by its name. */
  readonly hosts: ReadonlyMap<string, string>;
  readonly timeline: readonly string[];
}

/** What a card can be told to leave to the kernel. */
const OFFLOADS = ["tso off gso off", "gro off", "tx off", "tso off gso off gro off", "rx off"];
/** Even ports talk both ways at once, odd ones ask and answer: see stream-programs.ts. */
const PORTS = [7000, 7001];
/** Clients start before this; servers accept until then, long after the last client has given up. */
const CLIENTS_UNTIL_MS = 6_000;
const SERVERS_UNTIL_S = 300;
/**
 * The faults that only TCP sees go on longer than the others, but not for ever: a round trip measured over several lost
 * SYNs makes a time-out so long that the server may forget the half-open connection before (Linux the same).
 */
const TCP_FAULTS_UNTIL_S = 15;

export function randomStreams(seed: number, hosts: readonly string[], wild: boolean): StreamTraffic {
  const random = new Random(seed, "random-streams");
  const mood = wild ? " wild" : "";
  const settings = hosts.map((host): [string, string] => {
    const servers = PORTS.map((port) => `streams-serve ${port} ${random.next32()} ${SERVERS_UNTIL_S}${mood}`);
    return [host, `sysctls: { ${sysctls(random).join(", ")} }, run: ["${servers.join(" & ")} & wait"]`];
  });
  const timeline = hosts
    .filter(() => random.chance(0.3))
    .map((host) => `  - { at: 0s, host: ${host}, run: "ethtool -K eth0 ${random.pick(OFFLOADS)}" }`);
  for (let count = 2 + random.below(10); count > 0; count--) {
    const [from, to] = [random.pick(hosts), random.pick(hosts)];
    const at = 200 + random.below(CLIENTS_UNTIL_MS - 200);
    const command = `streams-connect ${to} ${random.pick(PORTS)} ${random.next32()}${mood}`;
    timeline.push(`  - { at: ${at}ms, host: ${from}, run: "${command}" }`);
  }
  if (random.chance(0.15)) timeline.push(burst(random, hosts, mood));
  return { hosts: new Map(settings), timeline };
}

/** More clients at once than a listener's queues hold. */
function burst(random: Random, hosts: readonly string[], mood: string): string {
  const [from, to] = [random.pick(hosts), random.pick(hosts)];
  const client = `streams-connect ${to} ${random.pick(PORTS)} $((${random.below(1e9)} + i))${mood}`;
  const command = `for i in $(seq ${20 + random.below(40)}); do ${client} & done; wait`;
  return `  - { at: ${500 + random.below(2_000)}ms, host: ${from}, run: "${command}" }`;
}

/**
 * Two parameters stay as they are, because Linux breaks or stops streams with them, and so do we. SYN cookies remember
 * nothing: a late duplicate of a client's segment makes a second connection with the numbers of the first one, and data
 * that overtakes the handshake is answered with a reset. And with tcp_shrink_window a small buffer that is full of
 * out-of-order data closes the window before the segment that is missing: nothing can ever be read.
 */
function sysctls(random: Random): string[] {
  const lines = ['net.ipv4.tcp_syncookies: "0"'];
  const maybe = (share: number, name: string, values: readonly (number | string)[]): void => {
    if (random.chance(share)) lines.push(`net.ipv4.tcp_${name}: "${random.pick(values)}"`);
  };
  maybe(0.3, "sack", [0]);
  maybe(0.2, "dsack", [0]);
  maybe(0.3, "timestamps", [0, 2]);
  maybe(0.3, "window_scaling", [0]);
  maybe(0.5, "ecn", [0, 1]);
  maybe(0.5, "congestion_control", ["reno", "cubic", "lecture"]);
  maybe(0.2, "rmem", ["4096 8000 20000", "4096 16384 60000", "4096 131072 6291456"]);
  maybe(0.2, "wmem", ["4096 5000 20000", "4096 16384 60000"]);
  maybe(0.2, "mtu_probing", [1, 2]);
  maybe(0.2, "recovery", [0, 2, 5]);
  maybe(0.2, "early_retrans", [0]);
  maybe(0.2, "frto", [0]);
  maybe(0.3, "isn_policy", ["zero", "clock", "epoch", "random-increment"]);
  maybe(0.2, "autocorking", [0]);
  maybe(0.2, "slow_start_after_idle", [0]);
  maybe(0.2, "retrans_collapse", [0]);
  maybe(0.2, "moderate_rcvbuf", [0]);
  maybe(0.2, "thin_linear_timeouts", [1]);
  maybe(0.1, "rto_min_us", [5_000, 1_000_000]);
  maybe(0.2, "min_tso_segs", [1, 8]);
  maybe(0.1, "comp_sack_nr", [0]);
  maybe(0.1, "limit_output_bytes", [10_000]);
  maybe(0.2, "challenge_ack", [0]);
  maybe(0.1, "invalid_ratelimit", [0]);
  maybe(0.1, "tw_reuse", [0, 1]);
  maybe(0.1, "fin_timeout", [5]);
  maybe(0.1, "reordering", [10]);
  // Client, server on all ports; and both without cookies.
  maybe(0.3, "fastopen", [0, 0x403, 0x607]);
  return lines;
}

/** Loss and the like of TCP segments alone, so that the pings of the lab's checks still get through. */
export function streamFaults(seed: number): string[] {
  const random = new Random(seed, "stream-faults");
  const verdicts = ["drop", "duplicate", "corrupt", `{ delay: ${1 + random.below(30)}ms }`];
  const lines = verdicts
    .filter(() => random.chance(0.5))
    .map((verdict) => {
      const percent = random.pick([1, 3, 10]);
      const match = "match: { protocol: tcp }";
      return `  - { on: "*", ${match}, verdict: ${verdict}, probability: ${percent}%, until: ${TCP_FAULTS_UNTIL_S}s }`;
    });
  return lines.length > 0 ? ["faults:", ...lines] : [];
}
