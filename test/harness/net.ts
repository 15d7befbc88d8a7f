/**
 * Machines made of the network layer alone, for its tests: one CPU that runs everything at once, devices that hand
 * their frames to a segment with a fixed delay, and helpers that build and read packets through the codecs.
 */
import type { Nanoseconds, VirtualTime } from "../../core/base/time.ts";
import { MICROSECOND, SECOND } from "../../core/base/time.ts";
import { Engine } from "../../core/engine/engine.ts";
import { PHASES, rankOf, type Rank } from "../../core/engine/rank.ts";
import type { EventHandler } from "../../core/engine/event-queue.ts";
import { KernelCore } from "../../core/kernel/core.ts";
import { COST_PROFILES, type CostTable } from "../../core/kernel/cost.ts";
import { SOFTIRQ, type CpuContext, type CpuPort, type SoftirqVector, type Work } from "../../core/kernel/cpu/work.ts";
import { DeviceStats, type DeviceObserver, type NetDevice } from "../../core/kernel/device/net-device.ts";
import type { PacketHandler, PacketTap } from "../../core/kernel/device/net-device.ts";
import { segmentGso } from "../../core/kernel/device/gso.ts";
import type { DeviceTable } from "../../core/kernel/net/device-table.ts";
import { IpStack } from "../../core/kernel/net/ip-stack.ts";
import { FlowKey, SendOptions, type IcmpError, type IpProtocol } from "../../core/kernel/net/protocol.ts";
import { copyOut, SkbPool } from "../../core/kernel/skb/skb-pool.ts";
import { PACKET_BROADCAST, PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST } from "../../core/kernel/skb/skbuff.ts";
import type { SkBuff } from "../../core/kernel/skb/skbuff.ts";
import { KernelTimers } from "../../core/kernel/timer/timers.ts";
import { TraceRecorder } from "../../core/trace/recorder.ts";
import { isGroupMac, MAC_BROADCAST, parseCidr, parseIpv4, putMac, readMac } from "../../core/wire/address.ts";
import type { Ipv4Address, MacAddress } from "../../core/wire/address.ts";
import { BlockPool } from "../../core/wire/block.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../../core/wire/ethernet.ts";
import { FramePool } from "../../core/wire/frame.ts";
import { emitIcmp, sealIcmp, type Icmp } from "../../core/wire/icmp.ts";
import {
  emitIpv4Packet,
  IPPROTO_ICMP,
  IPPROTO_UDP,
  parseIpv4Packet,
  sealIpv4,
  type Ipv4,
} from "../../core/wire/ipv4.ts";
import { put16, u16 } from "../../core/base/bytes.ts";

export const ip = (text: string): Ipv4Address => {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

/** What the machines of one test share. */
export class NetWorld {
  readonly engine = new Engine(1);
  readonly trace = new TraceRecorder(this.engine);
  readonly blocks = new BlockPool();
  readonly frames = new FramePool(this.blocks);
  readonly skbs = new SkbPool(this.blocks);
  readonly hosts: NetHost[] = [];

  host(name: string, costs: CostTable = COST_PROFILES.ideal): NetHost {
    const host = new NetHost(this, name, costs);
    this.hosts.push(host);
    return host;
  }

  /** Runs for that long and checks every invariant. */
  run(span: Nanoseconds = SECOND): void {
    this.engine.advance((this.engine.now + span) as VirtualTime);
    for (const host of this.hosts) host.stack.checkInvariants();
  }

  /** Every packet is dead, or in a queue that admits it. */
  get unaccounted(): number {
    return this.skbs.outstanding - this.hosts.reduce((sum, host) => sum + host.stack.queuedPackets(), 0);
  }
}

/** Does every softirq at once. */
class InlineCpu implements CpuPort {
  readonly index = 0;
  readonly context: CpuContext = "softirq";
  readonly actions = new Map<SoftirqVector, Work>();
  charged = 0;

  charge(cost: Nanoseconds): void {
    this.charged += cost;
  }
  raiseIrq(): void {}
  raiseSoftirq(vector: SoftirqVector): void {
    const work = this.actions.get(vector);
    while (work?.step() === true);
  }
  wake(): void {}
  require(): void {}
}

/** A link without rate: everything arrives everywhere else after `delay`. */
export class Segment implements EventHandler {
  readonly #world: NetWorld;
  readonly #delay: Nanoseconds;
  readonly #rank: Rank;
  readonly devices: FakeDevice[] = [];
  /** Every frame that was sent, as bytes, in order. */
  readonly log: Uint8Array[] = [];
  /** Frames that this says no to are lost. */
  filter: ((frame: Uint8Array) => boolean) | null = null;

  constructor(world: NetWorld, delay: Nanoseconds = 10 * MICROSECOND) {
    this.#world = world;
    this.#delay = delay;
    this.#rank = rankOf(PHASES.wire, world.engine.addLane());
  }

  transmit(from: FakeDevice, frame: Uint8Array): void {
    this.log.push(frame);
    if (this.filter !== null && !this.filter(frame)) return;
    this.#world.engine.after(this.#delay, this.#rank, this, 0, { from, frame });
  }

  onEvent(_code: number, subject: unknown): void {
    const { from, frame } = subject as { from: FakeDevice; frame: Uint8Array };
    for (const device of this.devices) if (device !== from) device.hear(frame);
  }

  /** IPv4 packets sent so far, parsed. */
  packets(): Ipv4[] {
    return this.log
      .filter((frame) => u16(frame, ETHERNET.type) === ETHERTYPE_IPV4)
      .map((frame) => {
        const parsed = parseIpv4Packet(frame.subarray(ETHERNET_HEADER_BYTES));
        if (!parsed.ok) throw new Error(parsed.error);
        return parsed.value;
      });
  }
}

export class FakeDevice implements NetDevice {
  readonly index: number;
  readonly name: string;
  readonly isPointToPoint = false;
  readonly egress = null;
  readonly macChanges = 0;
  readonly isLoopback: boolean;
  readonly mac: MacAddress;
  mtu: number;
  isUp = false;
  carrier = true;
  readonly speed = 0;
  readonly stats = new DeviceStats();
  txChecksumOffload = false;
  txSegmentationOffload = false;
  readonly taps: PacketTap[] = [];
  promiscuity = 0;
  readonly segment: Segment | null;
  readonly #host: NetHost;
  /** Called instead of the segment, when set: owns the packet. */
  sink: ((skb: SkBuff) => void) | null = null;

  constructor(host: NetHost, name: string, segment: Segment | null) {
    this.#host = host;
    this.index = host.devices.nextIndex;
    this.name = name;
    this.isLoopback = name === "lo";
    this.mtu = this.isLoopback ? 65_536 : 1500;
    this.mac = (this.isLoopback ? 0 : 0x020000000000 + host.number * 256 + this.index) as MacAddress;
    this.segment = segment;
    segment?.devices.push(this);
    host.devices.add(this);
  }

  header(skb: SkBuff, target: MacAddress, etherType: number): void {
    const at = skb.push(ETHERNET_HEADER_BYTES);
    putMac(skb.bytes, at + ETHERNET.target, target);
    putMac(skb.bytes, at + ETHERNET.source, this.mac);
    put16(skb.bytes, at + ETHERNET.type, etherType);
  }

  xmit(skb: SkBuff): number {
    if (this.sink !== null) {
      this.sink(skb);
      return 0;
    }
    const core = this.#host.core;
    if (this.isLoopback) {
      this.#host.loopback(skb);
      return 0;
    }
    for (const packet of skb.gsoSize > 0 ? segmentGso(core, skb) : [skb]) {
      const frame = new Uint8Array(packet.length);
      copyOut(packet, 0, frame, 0, packet.length);
      core.skbs.free(packet);
      this.segment?.transmit(this, frame);
    }
    return 0;
  }

  setUp(up: boolean): void {
    this.isUp = up;
    this.#host.devices.changed(this, up ? "up" : "down");
  }

  setCarrier(up: boolean): void {
    this.carrier = up;
    this.#host.devices.changed(this, up ? "carrier" : "no-carrier");
  }

  setMtu(mtu: number): void {
    this.mtu = mtu;
    this.#host.devices.changed(this, "mtu");
  }

  /** A frame arrives from the wire. */
  hear(frame: Uint8Array): void {
    if (!this.isUp || !this.carrier || !this.#host.core.alive) return;
    const target = readMac(frame, ETHERNET.target);
    const skb = this.#host.core.skbs.alloc(frame.length);
    skb.bytes.set(frame, skb.put(frame.length));
    skb.macHeader = skb.data;
    skb.deviceIndex = this.index;
    skb.packetType = PACKET_HOST;
    if (target === MAC_BROADCAST) skb.packetType = PACKET_BROADCAST;
    else if (isGroupMac(target)) skb.packetType = PACKET_MULTICAST;
    else if (target !== this.mac) skb.packetType = PACKET_OTHERHOST;
    const type = u16(frame, ETHERNET.type);
    skb.networkHeader = skb.pull(ETHERNET_HEADER_BYTES);
    this.#host.devices.receive(skb, this, type);
  }

  /** An IP packet arrives in a frame for us. */
  hearPacket(packet: Uint8Array, target: MacAddress = this.mac): void {
    const frame = new Uint8Array(ETHERNET_HEADER_BYTES + packet.length);
    putMac(frame, ETHERNET.target, target);
    put16(frame, ETHERNET.type, ETHERTYPE_IPV4);
    frame.set(packet, ETHERNET_HEADER_BYTES);
    this.hear(frame);
  }

  hearArp(arp: Uint8Array, target: MacAddress = this.mac): void {
    const frame = new Uint8Array(ETHERNET_HEADER_BYTES + arp.length);
    putMac(frame, ETHERNET.target, target);
    put16(frame, ETHERNET.type, ETHERTYPE_ARP);
    frame.set(arp, ETHERNET_HEADER_BYTES);
    this.hear(frame);
  }
}

class FakeDevices implements DeviceTable {
  shortcut = null;
  readonly #list: FakeDevice[] = [];
  readonly #handlers = new Map<number, PacketHandler>();
  readonly #observers: DeviceObserver[] = [];
  readonly inhibitors = new Set<string>();
  readonly #core: () => KernelCore;

  constructor(core: () => KernelCore) {
    this.#core = core;
  }

  get nextIndex(): number {
    return this.#list.length + 1;
  }
  add(device: FakeDevice): void {
    this.#list.push(device);
  }
  byIndex(index: number): FakeDevice | undefined {
    return this.#list[index - 1];
  }
  byName(name: string): FakeDevice | undefined {
    return this.#list.find((device) => device.name === name);
  }
  addHandler(etherType: number, handler: PacketHandler): void {
    this.#handlers.set(etherType, handler);
  }
  observe(observer: DeviceObserver): void {
    this.#observers.push(observer);
  }
  changed(device: NetDevice, what: Parameters<DeviceObserver["deviceChanged"]>[1]): void {
    for (const observer of this.#observers) observer.deviceChanged(device, what);
  }
  inhibitInput(reason: string): void {
    this.inhibitors.add(reason);
  }
  allowInput(reason: string): void {
    this.inhibitors.delete(reason);
  }
  receive(skb: SkBuff, device: NetDevice, etherType: number): void {
    const handler = this.#handlers.get(etherType);
    if (handler === undefined) this.#core().drop(skb, "UNHANDLED_PROTO");
    else handler.receive(skb, device);
  }
}

/** A datagram or an error as a test protocol got it. */
export type Received = { readonly source: Ipv4Address; readonly target: Ipv4Address; readonly payload: Uint8Array };

/** Keeps what it gets; stands for UDP. */
export class RecordingProtocol implements IpProtocol {
  readonly #core: KernelCore;
  readonly received: Received[] = [];
  readonly errors: IcmpError[] = [];

  constructor(core: KernelCore) {
    this.#core = core;
  }

  receive(skb: SkBuff): void {
    const parsed = parseIpv4Packet(skb.bytes.slice(skb.networkHeader, skb.tail));
    const payload = new Uint8Array(skb.length);
    copyOut(skb, 0, payload, 0, skb.length);
    if (parsed.ok) this.received.push({ source: parsed.value.source, target: parsed.value.target, payload });
    this.#core.consume(skb);
  }

  error(_skb: SkBuff, error: IcmpError): void {
    const { type, code, info, offender, errno, isFatal } = error;
    this.errors.push({ type, code, info, offender, errno, isFatal });
  }
}

export class NetHost implements EventHandler {
  readonly world: NetWorld;
  readonly number: number;
  readonly core: KernelCore;
  readonly cpu = new InlineCpu();
  readonly devices: FakeDevices;
  readonly stack: IpStack;
  readonly udp: RecordingProtocol;
  readonly lo: FakeDevice;

  constructor(world: NetWorld, name: string, costs: CostTable) {
    this.world = world;
    this.number = world.hosts.length + 1;
    this.core = new KernelCore(world, name, costs);
    const timers = new KernelTimers(world.engine, costs, { cpu: this.cpu, lane: this.core.lane });
    this.cpu.actions.set(SOFTIRQ.TIMER, timers);
    this.core.install([this.cpu], timers);
    this.devices = new FakeDevices(() => this.core);
    this.stack = new IpStack(this.core, this.devices);
    this.udp = new RecordingProtocol(this.core);
    this.stack.registerProtocol(IPPROTO_UDP, this.udp);
    this.lo = new FakeDevice(this, "lo", null);
    this.lo.setUp(true);
  }

  /** An interface that is up, with addresses such as `10.0.0.1/24`. */
  device(segment: Segment | null, ...addresses: string[]): FakeDevice {
    const device = new FakeDevice(this, `eth${this.devices.nextIndex - 2}`, segment);
    device.setUp(true);
    for (const text of addresses) this.address(device, text);
    return device;
  }

  address(device: FakeDevice, text: string): number {
    const parsed = parseCidr(text);
    if (!parsed.ok) throw new Error(text);
    return this.stack.addAddress(device.name, parsed.value.address, parsed.value.prefixLength);
  }

  route(network: string, via: string | null, device: string | null = null): number {
    const parsed = parseCidr(network);
    if (!parsed.ok) throw new Error(network);
    const { address, prefixLength } = parsed.value;
    return this.stack.addRoute(
      { network: address, prefixLength, via: via === null ? null : ip(via), device },
      "static",
    );
  }

  set(name: string, value: number): void {
    const error = this.core.sysctls.set(name, String(value));
    if (error !== null) throw new Error(`${name}: ${error}`);
  }

  /** Sends `payload` as the body of an IP datagram. @returns what the stack said. */
  send(target: Ipv4Address, payload: Uint8Array, options: Partial<SendOptions> = {}): number {
    const key = new FlowKey();
    key.target = target;
    const route = this.stack.routeOutput(key);
    if (typeof route === "number") return route;
    const skb = this.core.skbs.alloc(payload.length);
    skb.bytes.set(payload, skb.put(payload.length));
    const sending = Object.assign(new SendOptions(), { target, protocol: IPPROTO_UDP }, options);
    return this.stack.send(skb, route, sending);
  }

  ping(target: Ipv4Address, options: Partial<SendOptions> = {}, size = 56): number {
    return this.send(target, icmpMessage({ type: 8, rest: 0x1234_0001, payload: new Uint8Array(size) }), {
      protocol: IPPROTO_ICMP,
      ...options,
    });
  }

  /** What `lo` is given comes back at once, in an event of its own. */
  loopback(skb: SkBuff): void {
    this.world.engine.after(0, rankOf(PHASES.softirq, this.core.lane), this, 0, skb);
  }

  onEvent(_code: number, subject: unknown): void {
    const skb = subject as SkBuff;
    skb.deviceIndex = this.lo.index;
    skb.packetType = PACKET_HOST;
    skb.networkHeader = skb.data;
    this.devices.receive(skb, this.lo, ETHERTYPE_IPV4);
  }
}

export function icmpMessage(fields: Partial<Icmp>): Uint8Array {
  const bytes = emitIcmp({ type: 8, code: 0, checksum: 0, rest: 0, payload: new Uint8Array(0), ...fields });
  sealIcmp(bytes, 0, bytes.length);
  return bytes;
}

/** An IPv4 packet with a right checksum. */
export function ipPacket(fields: Partial<Ipv4> & Pick<Ipv4, "source" | "target">): Uint8Array {
  const bytes = emitIpv4Packet({
    tos: 0,
    id: 1,
    dontFragment: false,
    moreFragments: false,
    reservedFlag: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol: IPPROTO_UDP,
    checksum: 0,
    options: [],
    payload: new Uint8Array(8),
    ...fields,
  });
  sealIpv4(bytes, 0);
  return bytes;
}
