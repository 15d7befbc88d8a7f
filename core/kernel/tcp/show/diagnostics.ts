/**
 * What `ss`, `netstat` and /proc/net/tcp show of TCP: listeners, connections, requests in their handshake and TIME-WAIT
 * records (net/ipv4/tcp_diag.c, inet_diag.c). As there, a socket that is neither bound nor connected is not shown.
 */
import type { Ipv4Address } from "../../../wire/address.ts";
import type { ListedSocket } from "../../socket/socket-table.ts";
import type { SocketInfo, TcpSocketInfo } from "../../syscall/netlink.ts";
import type { KernelTimer } from "../../timer/timers.ts";
import { tcpInfo } from "./info.ts";
import type { RequestSock } from "../open/request-sock.ts";
import { seqDistance } from "../sequence.ts";
import { TCP_STATE, TCP_STATE_NAMES } from "../states.ts";
import type { TcpTables } from "../tables.ts";
import { INFINITE_SSTHRESH, WRITE_TIMER, type TcpSock } from "../tcp-sock.ts";
import type { TimeWaitSock } from "../close/time-wait-sock.ts";

type Info = Omit<SocketInfo, "process">;

const endpoint = (address: Ipv4Address, port: number): SocketInfo["local"] => ({ address, port });

/** Listeners first, then the rest in the order of their table. @param now virtual time. */
export function listTcp(tables: TcpTables, now: number): ListedSocket[] {
  const listed: ListedSocket[] = [];
  for (const listener of tables.listeners()) listed.push({ socket: listener, info: socketInfo(listener) });
  for (const entry of tables.entries()) {
    if (entry.isTcp) listed.push({ socket: entry, info: socketInfo(entry) });
    else listed.push({ socket: null, info: entry.isRequest ? requestInfo(entry, now) : timeWaitInfo(entry, now) });
  }
  return listed;
}

/** inet_sk_diag_fill. */
export function socketInfo(tcp: TcpSock): Info {
  const info = tcpInfo(tcp);
  const listens = tcp.state === TCP_STATE.LISTEN;
  // Of a listener: connections that wait, and how many may.
  const unread = listens ? info.tcpi_unacked : Math.max(0, seqDistance(tcp.copiedSeq, tcp.rcvNxt));
  return {
    protocol: "tcp",
    state: TCP_STATE_NAMES[tcp.state],
    local: endpoint(tcp.boundAddress, tcp.localPort),
    peer: endpoint(tcp.remoteAddress, tcp.remotePort),
    receiveQueueBytes: unread,
    sendQueueBytes: listens ? info.tcpi_sacked : seqDistance(tcp.sndUna, tcp.writeSeq),
    receiveBufferBytes: tcp.receiveBufferBytes,
    sendBufferBytes: tcp.sendBufferBytes,
    drops: tcp.drops,
    inode: tcp.isOrphan || tcp.listener !== null ? 0 : tcp.inode,
    deviceIndex: tcp.device,
    tcp: {
      ...timerOf(tcp),
      retransmits: tcp.retransmits,
      probes: tcp.probesOut,
      congestion: tcp.cc.name,
      rtoUs: tcp.rtoUs,
      atoUs: tcp.ackAtoUs,
      cookie: tcp.inode,
      info,
      memory: tcp.memoryInfo(),
      quick: (tcp.ackQuick << 1) | (tcp.ackPingpong > 0 ? 1 : 0),
      isInitialSlowStart: tcp.sndSsthresh >= INFINITE_SSTHRESH,
      isOrphan: tcp.isOrphan,
      shutdown: { receive: tcp.isReceiveShut, send: tcp.isSendShut },
      fastopenQueueMax: tcp.fastopen.fastopenQueueMax,
    },
  };
}

type RunningTimer = Pick<TcpSocketInfo, "timer" | "timerLeft">;

const running = (timer: RunningTimer["timer"], { expires }: KernelTimer, now: number): RunningTimer => ({
  timer,
  timerLeft: Math.max(0, expires - now),
});

function timerOf(tcp: TcpSock): RunningTimer {
  const { now } = tcp.core.engine;
  if (tcp.writeTimer.isPending && tcp.writeTimerKind !== WRITE_TIMER.NONE) {
    return running(tcp.writeTimerKind === WRITE_TIMER.PROBE0 ? "persist" : "on", tcp.writeTimer, now);
  }
  if (tcp.keepaliveTimer?.isPending === true) return running("keepalive", tcp.keepaliveTimer, now);
  return { timer: null, timerLeft: 0 };
}

/** What is no socket has neither queues nor an owner. */
function recordInfo(record: RequestSock | TimeWaitSock, state: string, tcp: RunningTimer, retransmits: number): Info {
  return {
    protocol: "tcp",
    state,
    local: endpoint(record.boundAddress, record.localPort),
    peer: endpoint(record.remoteAddress, record.remotePort),
    receiveQueueBytes: 0,
    sendQueueBytes: 0,
    receiveBufferBytes: 0,
    sendBufferBytes: 0,
    drops: 0,
    inode: 0,
    deviceIndex: record.device,
    tcp: {
      ...tcp,
      retransmits,
      probes: 0,
      congestion: "",
      rtoUs: 0,
      atoUs: 0,
      cookie: record.isRequest ? 0 : record.inode,
      info: null,
      memory: [0, 0, 0, 0, 0, 0, 0, 0, 0],
      quick: 0,
      isInitialSlowStart: true,
      isOrphan: false,
      shutdown: { receive: false, send: false },
      fastopenQueueMax: 0,
    },
  };
}

const requestInfo = (request: RequestSock, now: number): Info =>
  recordInfo(request, TCP_STATE_NAMES[TCP_STATE.SYN_RECV], running("on", request.timer, now), request.numTimeout);

const timeWaitInfo = (record: TimeWaitSock, now: number): Info =>
  recordInfo(record, TCP_STATE_NAMES[record.state], running("timewait", record.timer, now), 0);
