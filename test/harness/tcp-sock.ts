/**
 * One established connection without a peer, for unit tests of TCP's parts: what it sends is read off the wire, and
 * what the peer would say is written into the control block.
 */
import type { KernelTimer } from "../../core/kernel/timer/timers.ts";
import type { MacAddress } from "../../core/wire/address.ts";
import { parseIpv4Packet } from "../../core/wire/ipv4.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4 } from "../../core/wire/ethernet.ts";
import { parseTcp, TH, type Tcp as TcpHeader } from "../../core/wire/tcp.ts";
import { ChallengeBudget } from "../../core/kernel/tcp/close/challenge-ack.ts";
import { RENO } from "../../core/kernel/tcp/congestion/reno.ts";
import type { CongestionControl } from "../../core/kernel/tcp/congestion/congestion.ts";
import { seqOf } from "../../core/kernel/tcp/sequence.ts";
import { TCP_STATE } from "../../core/kernel/tcp/states.ts";
import { TcpSock } from "../../core/kernel/tcp/tcp-sock.ts";
import { TcpSysctls } from "../../core/kernel/tcp/tcp-sysctls.ts";
import { onTcpTimer } from "../../core/kernel/tcp/tcp-timers.ts";
import type { Tcp } from "../../core/kernel/tcp/tcp.ts";
import { u16 } from "../../core/base/bytes.ts";
import { ip, NetWorld, Segment, type FakeDevice, type NetHost } from "./net.ts";

const DONE = -1;
const PEER_MAC = 0x020000000099 as MacAddress;

/** Sequence number of the first byte of data, and of the peer's. */
export const FIRST = 1001;
export const PEER_FIRST = 5001;

export class TestSock extends TcpSock {
  send(): number {
    return DONE;
  }
  receive(): number {
    return DONE;
  }
  localAddress(): number {
    return DONE;
  }
  peerAddress(): number {
    return DONE;
  }
  info(): null {
    return null;
  }
  protected override release(): void {}
  crash(): void {}
  override pollMask(): number {
    return 0;
  }
  override onTimer(timer: KernelTimer): void {
    onTcpTimer(this, timer);
  }
}

export interface TestConnection {
  readonly world: NetWorld;
  readonly host: NetHost;
  readonly device: FakeDevice;
  readonly segment: Segment;
  readonly tcp: TestSock;
}

/** Established, with an MSS of 1,000 bytes, a large window and no options; single-segment packets. */
export function connection(): TestConnection {
  const world = new NetWorld();
  const host = world.host("a");
  const segment = new Segment(world);
  const device = host.device(segment, "10.0.0.1/24");
  const { core } = host;
  const stub = {
    core,
    ip: host.stack,
    sysctls: new TcpSysctls(core.sysctls),
    defaultCongestionControl: (): CongestionControl => RENO,
    challengeBudget: new ChallengeBudget(),
    ports: { release: (): void => undefined },
    fastopen: { detectBlackhole: (): void => undefined, checkAtEnd: (): void => undefined },
  };
  const tcp = new TestSock(stub as unknown as Tcp, { domain: 2, type: 1, protocol: 6, inode: 1 });
  tcp.state = TCP_STATE.ESTABLISHED;
  tcp.sourceAddress = ip("10.0.0.1");
  tcp.boundAddress = tcp.sourceAddress;
  tcp.remoteAddress = ip("10.0.0.2");
  tcp.localPort = 1024;
  tcp.remotePort = 80;
  for (const name of ["sndUna", "sndNxt", "writeSeq", "pushedSeq", "sndSml", "cwndUsageSeq"] as const) {
    tcp[name] = seqOf(FIRST);
  }
  tcp.iss = seqOf(FIRST - 1);
  tcp.rcvNxt = seqOf(PEER_FIRST);
  tcp.rcvWup = tcp.rcvNxt;
  tcp.copiedSeq = tcp.rcvNxt;
  tcp.rcvWnd = 65_535;
  tcp.windowClamp = 65_535;
  tcp.rcvSsthresh = 65_535;
  tcp.sndWnd = 1_000_000;
  tcp.maxWindow = 1_000_000;
  tcp.sendBufferBytes = 87_040;
  tcp.gsoMaxSegs = 1;
  tcp.rxOpt.mssClamp = 1000;
  tcp.rxOpt.sackOk = true;
  tcp.mssCache = 1000;
  tcp.pmtuCookie = 1500;
  tcp.cc.init(tcp);
  // The peer's link layer address is known.
  host.stack.neighbours.set(device, tcp.remoteAddress, PEER_MAC, true);
  return { world, host, device, segment, tcp };
}

/** The TCP packets sent since the last call. */
export function sent(at: TestConnection): TcpHeader[] {
  const packets: TcpHeader[] = [];
  for (const frame of at.segment.log.splice(0)) {
    if (u16(frame, 12) !== ETHERTYPE_IPV4) continue;
    const packet = parseIpv4Packet(frame.subarray(ETHERNET_HEADER_BYTES));
    if (!packet.ok) throw new Error(packet.error);
    const tcp = parseTcp(packet.value.payload);
    if (!tcp.ok) throw new Error(tcp.error);
    packets.push(tcp.value);
  }
  return packets;
}

/** `1001:2001 PA` in tcpdump's manner. */
export function show(packet: TcpHeader): string {
  const { seq, payload, flags } = packet;
  const letters = [..."FSRPAUEC"].filter((_, bit) => (flags & (1 << bit)) !== 0).join("");
  return `${seq}:${seq + payload.length + Number((flags & TH.FIN) !== 0)} ${letters}`;
}
