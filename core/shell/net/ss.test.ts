import { describe, expect, it } from "vitest";
import { SECOND } from "../../base/time.ts";
import type { NetlinkReply, NetlinkRequest, SocketInfo, TcpSocketInfo } from "../../kernel/syscall/netlink.ts";
import type { TcpInfo } from "../../kernel/syscall/tcp-info.ts";
import { FakeMachine, ip } from "../../../test/harness/fake-sys.ts";
import { programs } from "../programs.ts";

/** What `ss -tinmoe` said of a real connection (iproute2 6.1 on Linux 6.18), as far as it applies here. */
const INFO = {
  tcpi_options: 7,
  tcpi_snd_wscale: 10,
  tcpi_rcv_wscale: 9,
  tcpi_rto: 208_000,
  tcpi_backoff: 2,
  tcpi_rtt: 5529,
  tcpi_rttvar: 11_002,
  tcpi_ato: 40_000,
  tcpi_snd_mss: 1448,
  tcpi_pmtu: 1500,
  tcpi_rcv_mss: 536,
  tcpi_advmss: 1448,
  tcpi_snd_cwnd: 15,
  tcpi_snd_ssthresh: 12,
  tcpi_bytes_sent: 142_848,
  tcpi_bytes_retrans: 14_875,
  tcpi_bytes_acked: 127_974,
  tcpi_bytes_received: 0,
  tcpi_segs_out: 9,
  tcpi_segs_in: 4,
  tcpi_data_segs_out: 5,
  tcpi_data_segs_in: 0,
  tcpi_last_data_sent: 792,
  tcpi_last_data_recv: 904,
  tcpi_last_ack_recv: 544,
  tcpi_pacing_rate: 1_000_000,
  tcpi_max_pacing_rate: Infinity,
  tcpi_delivery_rate: 4_380_446,
  tcpi_delivery_rate_app_limited: 1,
  tcpi_delivered: 6,
  tcpi_delivered_ce: 0,
  tcpi_busy_time: 864_000,
  tcpi_rwnd_limited: 432_000,
  tcpi_sndbuf_limited: 0,
  tcpi_unacked: 3,
  tcpi_retrans: 1,
  tcpi_total_retrans: 2,
  tcpi_lost: 1,
  tcpi_sacked: 0,
  tcpi_dsack_dups: 1,
  tcpi_fackets: 0,
  tcpi_reordering: 5,
  tcpi_reord_seen: 0,
  tcpi_rcv_rtt: 0,
  tcpi_rcv_space: 14_480,
  tcpi_rcv_ssthresh: 64_088,
  tcpi_notsent_bytes: 72_027,
  tcpi_min_rtt: 32,
  tcpi_rcv_ooopack: 0,
  tcpi_snd_wnd: 65_483,
} as unknown as TcpInfo;

const tcp = (change: Partial<TcpSocketInfo>): TcpSocketInfo => ({
  timer: null,
  timerLeft: 0,
  retransmits: 0,
  probes: 0,
  congestion: "cubic",
  rtoUs: 208_000,
  atoUs: 40_000,
  cookie: 1,
  info: INFO,
  memory: [0, 131_072, 0, 87_040, 869, 72_859, 0, 0, 0],
  quick: 0,
  isInitialSlowStart: false,
  isOrphan: false,
  shutdown: { receive: false, send: false },
  fastopenQueueMax: 0,
  ...change,
});

const socket = (change: Partial<SocketInfo>): SocketInfo => ({
  protocol: "tcp",
  state: "ESTAB",
  local: { address: ip("10.0.0.1"), port: 39_042 },
  peer: { address: ip("10.0.0.2"), port: 80 },
  receiveQueueBytes: 0,
  sendQueueBytes: 72_027,
  receiveBufferBytes: 131_072,
  sendBufferBytes: 87_040,
  drops: 0,
  inode: 20_001,
  process: { pid: 12, command: "curl", fd: 3 },
  deviceIndex: 0,
  tcp: tcp({}),
  ...change,
});

const SOCKETS: readonly SocketInfo[] = [
  socket({ tcp: tcp({ timer: "persist", timerLeft: 0.616 * SECOND, probes: 1 }) }),
  socket({
    state: "LISTEN",
    local: { address: ip("0.0.0.0"), port: 80 },
    peer: { address: ip("0.0.0.0"), port: 0 },
    receiveQueueBytes: 1,
    sendQueueBytes: 5,
    inode: 20_000,
    process: null,
  }),
  socket({
    state: "TIME-WAIT",
    local: { address: ip("10.0.0.1"), port: 80 },
    peer: { address: ip("10.0.0.3"), port: 40_000 },
    sendQueueBytes: 0,
    inode: 0,
    process: null,
    tcp: tcp({ timer: "timewait", timerLeft: 59.9 * SECOND, info: null, cookie: 11 }),
  }),
  socket({
    protocol: "udp",
    state: "UNCONN",
    local: { address: ip("0.0.0.0"), port: 53 },
    peer: { address: ip("0.0.0.0"), port: 0 },
    sendQueueBytes: 0,
  }),
];

function run(text: string): { output: string; status: number } {
  const machine = new FakeMachine(programs);
  machine.netlink = (request: NetlinkRequest): NetlinkReply | number =>
    request.kind === "socket-list" ? { kind: "sockets", sockets: SOCKETS } : { kind: "links", links: [] };
  const argv = text.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", "")) ?? [];
  return machine.run(argv[0] ?? "", argv);
}

const lines = (text: string): string[] =>
  run(text)
    .output.split("\n")
    .map((line) => line.trimEnd());

describe("ss", () => {
  it("shows connections, and all with -a, with the queue of a listener", () => {
    expect(lines("ss -tn")).toEqual([
      "State Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess",
      "ESTAB 0      72027       10.0.0.1:39042     10.0.0.2:80",
      "",
    ]);
    expect(lines("ss -tan")).toEqual([
      "State     Recv-Q Send-Q Local Address:Port  Peer Address:Port Process",
      "ESTAB     0      72027       10.0.0.1:39042     10.0.0.2:80",
      "LISTEN    1      5            0.0.0.0:80         0.0.0.0:*",
      "TIME-WAIT 0      0           10.0.0.1:80        10.0.0.3:40000",
      "",
    ]);
  });

  it("tells owners, timers and identities", () => {
    expect(lines("ss -tanpoe").slice(1, 4)).toEqual([
      'ESTAB     0      72027       10.0.0.1:39042     10.0.0.2:80    users:(("curl",pid=12,fd=3))' +
        " timer:(persist,616ms,1) ino:20001 sk:1 <->",
      "LISTEN    1      5            0.0.0.0:80         0.0.0.0:*     ino:20000 sk:1 <->",
      "TIME-WAIT 0      0           10.0.0.1:80        10.0.0.3:40000 timer:(timewait,59sec,0) ino:0 sk:b",
    ]);
  });

  it("tells TCP's inner state in iproute2's order", () => {
    const rest =
      "cubic wscale:10,9 rto:208 backoff:2 rtt:5.529/11.002 ato:40 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 " +
      "cwnd:15 ssthresh:12 bytes_sent:142848 bytes_retrans:14875 bytes_acked:127974 segs_out:9 segs_in:4 " +
      "data_segs_out:5 send 31427021bps lastsnd:792 lastrcv:904 lastack:544 pacing_rate 8000000bps " +
      "delivery_rate 35043568bps delivered:6 app_limited busy:864ms rwnd_limited:432ms(50.0%) unacked:3 retrans:1/2 " +
      "lost:1 dsack_dups:1 reordering:5 rcv_space:14480 rcv_ssthresh:64088 notsent:72027 minrtt:0.032 snd_wnd:65483";
    expect(lines("ss -tin")[2]).toBe(`\t ${rest}`);
    expect(lines("ss -tinmo")[2]).toBe(`\t skmem:(r0,rb131072,t0,tb87040,f869,w72859,o0,bl0,d0) ts sack ${rest}`);
    // Without -n rates are for people.
    expect(lines("ss -ti")[2]).toContain(" send 31.4Mbps lastsnd:792 ");
    expect(lines("ss -tinO state established")[1]).toContain(`:80   cubic wscale:10,9`);
  });

  it.each([
    ["ss -tn state time-wait", ["10.0.0.3:40000"]],
    ["ss -tan exclude listening", ["10.0.0.2:80", "10.0.0.3:40000"]],
    ["ss -tan dst 10.0.0.0/30", ["10.0.0.2:80", "10.0.0.3:40000"]],
    ["ss -tan dst 10.0.0.2", ["10.0.0.2:80"]],
    ["ss -tan dst 10.0.0.3:40000", ["10.0.0.3:40000"]],
    ["ss -tan 'sport = :http and dport > :1024'", ["10.0.0.3:40000"]],
    ["ss -tan '( sport = :80 or dport = :80 ) and not dport = :40000'", ["10.0.0.2:80", "0.0.0.0:*"]],
    ["ss -tan src 0.0.0.0", ["0.0.0.0:*"]],
  ])("%s", (text, peers) => {
    const shown = lines(text)
      .slice(1, -1)
      .map((line) => line.trim().split(/\s+/).at(-1));
    expect(shown).toEqual(peers);
  });

  it.each([
    ["ss state nowhere", "ss: wrong state name: nowhere\n"],
    ["ss '( sport = :80'", 'ss: bison bellows (while parsing filter): "syntax error!" Sorry.\n'],
    ["ss sport = :nothing", 'ss: bison bellows (while parsing filter): "syntax error!" Sorry.\n'],
  ])("%s is refused", (text, output) => {
    expect(run(text)).toEqual({ output, status: 255 });
  });
});

describe("netstat", () => {
  it("has names of its own for the states, and no backlog", () => {
    expect(lines("netstat -tanpo")).toEqual([
      "Active Internet connections (servers and established)",
      "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name     Timer",
      "tcp        0  72027 10.0.0.1:39042          10.0.0.2:80             ESTABLISHED 12/curl" +
        "              probe (0.61/0/1)",
      "tcp        1      0 0.0.0.0:80              0.0.0.0:*               LISTEN      -" +
        "                    off (0.00/0/0)",
      "tcp        0      0 10.0.0.1:80             10.0.0.3:40000          TIME_WAIT   -" +
        "                    timewait (59.90/0/0)",
      "",
    ]);
    expect(lines("netstat -ln")).toEqual([
      "Active Internet connections (only servers)",
      "Proto Recv-Q Send-Q Local Address           Foreign Address         State",
      "tcp        1      0 0.0.0.0:80              0.0.0.0:*               LISTEN",
      "udp        0      0 0.0.0.0:53              0.0.0.0:*",
      "",
    ]);
  });
});
