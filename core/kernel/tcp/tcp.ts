/**
 * TCP of one machine: the tables, secrets and parameters that all its sockets share, and what the parts below it call
 * back. What arrives is given to sockets by demultiplex.ts.
 */
import type { Random } from "../../base/random.ts";
import { IPPROTO_TCP } from "../../wire/ipv4.ts";
import type { KernelCore } from "../core.ts";
import type { IcmpError, IpProtocol } from "../net/protocol.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import type { InetServices, IpPort } from "../socket/inet-socket.ts";
import type { Socket, SocketSettings } from "../socket/socket.ts";
import type { ListedSocket, StreamFactory } from "../socket/socket-table.ts";
import { BindTable } from "./bind-table.ts";
import { ChallengeBudget } from "./close/challenge-ack.ts";
import type { CongestionControl } from "./congestion/congestion.ts";
import { congestionControl } from "./congestion/registry.ts";
import { RENO } from "./congestion/reno.ts";
import { TcpInput } from "./demultiplex.ts";
import { listTcp } from "./show/diagnostics.ts";
import { fastopenSynAckTimer } from "./open/fastopen-timer.ts";
import { FastOpen } from "./open/fastopen.ts";
import { receiveIcmpError } from "./close/icmp-errors.ts";
import { IsnSource, VolatileWord, type StableWord } from "./open/isn.ts";
import { destroy, orphan } from "./close/life.ts";
import { requestTimedOut } from "./open/request.ts";
import { dropRequest } from "./open/request-drop.ts";
import type { RequestSock } from "./open/request-sock.ts";
import { SynCookies } from "./open/syn-cookies.ts";
import { TcpTables } from "./tables.ts";
import type { TcpSock } from "./tcp-sock.ts";
import { TcpSocket } from "./tcp-socket.ts";
import { IgnoredTcpSysctls, TcpSysctls } from "./tcp-sysctls.ts";
import { timeWaitOver } from "./close/time-wait.ts";
import type { TimeWaitSock } from "./close/time-wait-sock.ts";

/** Where sockets are listed that no program has asked for: connections of listeners. */
export interface SocketRegistry {
  nextInode(): number;
  adopt(socket: Socket): void;
  /** It is closed, and nobody holds it. */
  forget(socket: Socket): void;
}

export class Tcp implements IpProtocol, StreamFactory {
  readonly core: KernelCore;
  readonly ip: IpPort;
  readonly services: InetServices;
  readonly sysctls: TcpSysctls;
  readonly tables: TcpTables;
  readonly ports: BindTable;
  readonly isns: IsnSource;
  readonly cookies: SynCookies;
  readonly fastopen: FastOpen;
  readonly challengeBudget = new ChallengeBudget();
  readonly random: Random;
  /** Sockets that no process holds and that are not closed yet. */
  orphans = 0;
  readonly #registry: SocketRegistry;
  readonly #input: TcpInput;

  /** @param stable where the epoch of initial sequence numbers outlives a crash. */
  constructor(services: InetServices, registry: SocketRegistry, stable: StableWord = new VolatileWord()) {
    const { core } = services.ip;
    this.core = core;
    this.ip = services.ip;
    this.services = services;
    this.sysctls = new TcpSysctls(core.sysctls);
    new IgnoredTcpSysctls(core.sysctls);
    this.random = core.random("tcp");
    this.tables = new TcpTables(this.random.next32());
    this.ports = new BindTable(core);
    this.isns = new IsnSource(core, this.sysctls, stable);
    this.cookies = new SynCookies(core);
    this.fastopen = new FastOpen(core, this.sysctls);
    this.#registry = registry;
    this.#input = new TcpInput(this);
    this.ip.registerProtocol(IPPROTO_TCP, this);
  }

  /** us since boot. */
  get nowUs(): number {
    return Math.floor(this.core.engine.now / 1000);
  }

  /** The clock of `tsRecentStampS`: see TcpSock.nowS. */
  get nowS(): number {
    return Math.floor(this.core.engine.now / 1_000_000_000) + 1;
  }

  create(settings: SocketSettings): TcpSocket {
    return new TcpSocket(this, settings);
  }

  /** A socket for a connection of `listener`, listed at once. */
  newSocket(listener: TcpSock): TcpSocket {
    const { domain, type, protocol } = listener;
    const socket = new TcpSocket(this, { domain, type, protocol, inode: this.#registry.nextInode() });
    this.#registry.adopt(socket);
    return socket;
  }

  forget(socket: TcpSock): void {
    this.#registry.forget(socket);
  }

  /** One of those that came to nothing. */
  discard(socket: TcpSock): void {
    orphan(socket);
    destroy(socket);
  }

  defaultCongestionControl(): CongestionControl {
    return congestionControl(this.sysctls.congestionControl.value) ?? RENO;
  }

  // What parts below call back.

  requestTimedOut(request: RequestSock): void {
    requestTimedOut(request);
  }

  timeWaitOver(record: TimeWaitSock): void {
    timeWaitOver(record);
  }

  fastopenSynAckTimer(tcp: TcpSock): void {
    fastopenSynAckTimer(tcp);
  }

  infos(): readonly ListedSocket[] {
    return listTcp(this.tables, this.core.engine.now);
  }

  receive(skb: SkBuff): void {
    this.#input.receive(skb);
  }

  error(skb: SkBuff, error: IcmpError): void {
    receiveIcmpError(this, skb, error);
  }

  /** The machine has crashed: records go with their memory; sockets are the socket table's. */
  shutdown(): void {
    for (const entry of [...this.tables.entries()]) if (!entry.isTcp && entry.isRequest) dropRequest(entry);
    this.tables.clear();
    this.ports.clear();
  }

  checkInvariants(): void {
    this.tables.checkInvariants();
    this.ports.checkInvariants();
  }
}
