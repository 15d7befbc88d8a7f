/** /proc/net/tcp (tcp4_seq_show in net/ipv4/tcp_ipv4.c) and /proc/net/sockstat (net/ipv4/proc.c). */
import { SECOND } from "../../../base/time.ts";
import type { SocketInfo, TcpSocketInfo } from "../../syscall/netlink.ts";
import { hex, left, memoryHex, right } from "./format.ts";

type Info = Omit<SocketInfo, "process">;
type TcpEntry = Info & { readonly tcp: TcpSocketInfo };

const isTcp = (info: Info): info is TcpEntry => info.protocol === "tcp" && info.tcp !== undefined;

/** All lines are padded to this (TMPSZ less the newline). */
const WIDTH = 149;
const HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
/** ns of clock_t: USER_HZ is 100. */
const TICK_NS = SECOND / 100;
const TICK_US = 10_000;

/** By name, as ss has them, to Linux's numbers. */
const STATES = new Map<string, number>([
  ["ESTAB", 1],
  ["SYN-SENT", 2],
  ["SYN-RECV", 3],
  ["FIN-WAIT-1", 4],
  ["FIN-WAIT-2", 5],
  ["TIME-WAIT", 6],
  ["UNCONN", 7],
  ["CLOSE-WAIT", 8],
  ["LAST-ACK", 9],
  ["LISTEN", 10],
  ["CLOSING", 11],
]);
const TIMERS: Readonly<Record<NonNullable<TcpSocketInfo["timer"]>, number>> = {
  on: 1,
  keepalive: 2,
  timewait: 3,
  persist: 4,
};

export function procNetTcp(sockets: readonly Info[]): string {
  const lines = sockets.filter(isTcp).map(tcpLine);
  return [HEADER, ...lines].map((line) => `${left(line, WIDTH)}\n`).join("");
}

function tcpLine(info: TcpEntry, slot: number): string {
  const { tcp, state, local, peer } = info;
  const listens = state === "LISTEN";
  const ends = [local, peer].map((end) => `${memoryHex(end.address)}:${hex(end.port, 4)}`).join(" ");
  // The backlog is not a queue here, unlike in ss.
  const queues = `${hex(listens ? 0 : info.sendQueueBytes, 8)}:${hex(info.receiveQueueBytes, 8)}`;
  const timer = tcp.timer === null ? 0 : TIMERS[tcp.timer];
  const when = `${hex(timer, 2)}:${hex(Math.floor(tcp.timerLeft / TICK_NS), 8)}`;
  const head = `${right(slot, 4)}: ${ends} ${hex(STATES.get(state) ?? 0, 2)} ${queues} ${when}`;
  const owner = `${hex(tcp.retransmits, 8)} ${right(0, 5)} ${right(tcp.probes, 8)} ${info.inode}`;
  // References, and an address that nobody is to see.
  const references = tcp.timer === "timewait" ? 3 : tcp.timer === null ? 1 : 2;
  const shared = `${head} ${owner} ${tcp.info === null && timer === 1 ? 0 : references} 0000000000000000`;
  return tcp.info === null ? shared : `${shared} ${congestionColumns(info, tcp.info)}`;
}

function congestionColumns({ state, tcp }: TcpEntry, info: NonNullable<TcpSocketInfo["info"]>): string {
  const rto = Math.floor(tcp.rtoUs / TICK_US);
  const ato = Math.floor(tcp.atoUs / TICK_US);
  const threshold = state === "LISTEN" ? tcp.fastopenQueueMax : tcp.isInitialSlowStart ? -1 : info.tcpi_snd_ssthresh;
  return `${rto} ${ato} ${tcp.quick} ${info.tcpi_snd_cwnd} ${threshold}`;
}

const PAGE_BYTES = 4096;

/** @param sockets all that `ss` shows; @param used sockets that processes hold, of every family. */
export function procNetSockstat(sockets: readonly Info[], used: number): string {
  const of = (protocol: Info["protocol"]): readonly Info[] => sockets.filter((info) => info.protocol === protocol);
  const pages = (list: readonly Info[]): number => {
    const bytes = list.reduce((sum, { tcp, ...info }) => {
      const [receive = 0, , send = 0, , , queued = 0] = tcp?.memory ?? [info.receiveQueueBytes, 0, info.sendQueueBytes];
      return sum + receive + Math.max(send, queued);
    }, 0);
    return Math.ceil(bytes / PAGE_BYTES);
  };
  const bound = of("udp").filter((info) => info.local.port !== 0);
  const tcp = of("tcp").filter(isTcp);
  const real = tcp.filter((each) => each.tcp.info !== null);
  const waits = tcp.filter((each) => each.tcp.timer === "timewait").length;
  const orphans = real.filter((each) => each.tcp.isOrphan).length;
  return [
    `sockets: used ${used}`,
    `TCP: inuse ${real.length} orphan ${orphans} tw ${waits} alloc ${real.length} mem ${pages(real)}`,
    `UDP: inuse ${bound.length} mem ${pages(of("udp"))}`,
    "UDPLITE: inuse 0",
    `RAW: inuse ${of("raw").length}`,
    "FRAG: inuse 0 memory 0",
    "",
  ].join("\n");
}
