/**
 * What most connections never need of their control block, kept out of it: options that programs have set, and the
 * state of Fast Open. Records that are never changed, only replaced: all sockets that were told nothing share one, and
 * so do a listener and its connections. A thousand connections then carry two references instead of two dozen fields.
 */
import type { TcpSock } from "./tcp-sock.ts";

/** Options of level TCP; connections have those of their listener. */
export interface TcpOptions {
  /** TCP_KEEPIDLE, TCP_KEEPINTVL (s), TCP_KEEPCNT, TCP_SYNCNT; 0 takes the sysctl. */
  readonly keepaliveTimeS: number;
  readonly keepaliveIntvlS: number;
  readonly keepaliveProbes: number;
  readonly synRetries: number;
  /** TCP_USER_TIMEOUT, ms; 0 none. */
  readonly userTimeoutMs: number;
  /** TCP_LINGER2, s; 0 takes the sysctl, negative none. */
  readonly linger2: number;
  /** TCP_DEFER_ACCEPT, in retransmissions of SYN-ACK. */
  readonly deferAccept: number;
  /** TCP_NOTSENT_LOWAT, bytes; 0 takes the sysctl. */
  readonly notsentLowat: number;
  readonly thinLinearTimeouts: boolean;
  /** TCP_INQ. */
  readonly inq: boolean;
  /** TCP_FASTOPEN_NO_COOKIE. */
  readonly fastopenNoCookie: boolean;
}

export const NO_OPTIONS: TcpOptions = Object.freeze({
  keepaliveTimeS: 0,
  keepaliveIntvlS: 0,
  keepaliveProbes: 0,
  synRetries: 0,
  userTimeoutMs: 0,
  linger2: 0,
  deferAccept: 0,
  notsentLowat: 0,
  thinLinearTimeouts: false,
  inq: false,
  fastopenNoCookie: false,
});

export function setOptions(tcp: TcpSock, change: Partial<TcpOptions>): void {
  tcp.options = { ...tcp.options, ...change };
}

/** Fast Open (RFC 7413) as one socket uses it. */
export interface FastopenState {
  /** TCP_FASTOPEN_CONNECT. */
  readonly fastopenConnect: boolean;
  /** TCP_FASTOPEN: connections with data that may wait for their handshake; 0 takes none. */
  readonly fastopenQueueMax: number;
  /** TCP_FASTOPEN_KEY: one key or two of 16 bytes; null takes the sysctl's. */
  readonly fastopenKey: Uint8Array | null;
  /** connect() was deferred to the first write. */
  readonly deferConnect: boolean;
  readonly synData: boolean;
  readonly synDataAcked: boolean;
  readonly synFastopen: boolean;
  readonly synFastopenExp: boolean;
  readonly synFastopenCh: boolean;
  readonly fastopenClientFail: number;
}

export const NO_FASTOPEN: FastopenState = Object.freeze({
  fastopenConnect: false,
  fastopenQueueMax: 0,
  fastopenKey: null,
  deferConnect: false,
  synData: false,
  synDataAcked: false,
  synFastopen: false,
  synFastopenExp: false,
  synFastopenCh: false,
  fastopenClientFail: 0,
});

export function setFastopenState(tcp: TcpSock, change: Partial<FastopenState>): void {
  tcp.fastopen = { ...tcp.fastopen, ...change };
}
