/**
 * The interfaces of one machine and the way up from them: netif_receive_skb and netif_rx (Linux net/core/dev.c). Taps
 * see a packet first, then 802.1Q tags come off, then the protocol of its ethertype gets it.
 * Left out: network namespaces, bridges and bonds inside a machine, ingress filters, and 802.3 length frames (LLC).
 */
import { assert } from "../../base/assert.ts";
import { put16, u16 } from "../../base/bytes.ts";
import { KIND } from "../../contract/trace-event.ts";
import { isGroupMacAt, MAC_BROADCAST, readMac, type MacAddress } from "../../wire/address.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_VLAN } from "../../wire/ethernet.ts";
import { VLAN_ID_MASK, VLAN_TAG_BYTES } from "../../wire/vlan.ts";
import type { KernelCore } from "../core.ts";
import type { Cpu } from "../cpu/cpu.ts";
import type { BacklogSink } from "../cpu/backlog.ts";
import { DEVICES_MAX } from "../limits.ts";
import { PACKET_BROADCAST, PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST } from "../skb/skbuff.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import { Loopback } from "./loopback.ts";
import {
  NO_TAPS,
  type DeviceChange,
  type DeviceObserver,
  type FrameShortcut,
  type NetDevice,
  type PacketHandler,
  type PacketTap,
} from "./net-device.ts";

const NETIF_RX = KIND["net:netif_rx"];
const NETIF_RECEIVE_SKB = KIND["net:netif_receive_skb"];

/** A device that can be told to leave received packets where they are, and what a machine asks of its devices. */
export interface DeviceControl {
  readonly device: NetDevice;
  /** Called when input was inhibited or allowed again. */
  inputChanged(): void;
  queuedPackets(): number;
  checkInvariants(): void;
  shutdown(): void;
}

export class Devices implements BacklogSink {
  readonly core: KernelCore;
  readonly loopback: Loopback;
  readonly #cpus: readonly Cpu[];
  readonly #list: NetDevice[] = [];
  readonly #byIndex: (NetDevice | null)[] = [null];
  readonly #byName = new Map<string, NetDevice>();
  readonly #controls: DeviceControl[] = [];
  /** VLAN devices by parent's index * 4096 + identifier. */
  readonly #vlans = new Map<number, NetDevice>();
  readonly #handlers = new Map<number, PacketHandler>();
  /** The handler of nearly every packet, beside the map. */
  #ipv4: PacketHandler | null = null;
  /** Replaced, never changed: see NO_TAPS. */
  #taps: readonly PacketTap[] = NO_TAPS;
  readonly #observers: DeviceObserver[] = [];
  readonly #inhibitors = new Set<string>();
  /** While true, drivers take no packets out of their rings. */
  inputInhibited = false;
  /** Null while the machine's parameters say that no frame may take it. */
  shortcut: FrameShortcut | null = null;

  #qdiscHandles = 0x8000;

  /** Makes `lo`, index 1, itself; it starts down like any other. */
  constructor(core: KernelCore, cpus: readonly Cpu[]) {
    this.core = core;
    this.#cpus = cpus;
    for (const cpu of cpus) cpu.softnet.sink = this;
    this.loopback = new Loopback(core, this);
    this.add(this.loopback);
  }

  /** Index for the next device: its constructor asks, then calls `add`. */
  newIndex(): number {
    return this.#byIndex.length;
  }

  /** @throws AssertionError when the name is taken or there are too many: the caller has checked `byName`. */
  add(device: NetDevice, control: DeviceControl | null = null): void {
    assert(device.index === this.#byIndex.length && device.index <= DEVICES_MAX, "devices are added in order");
    assert(!this.#byName.has(device.name), "a device name is unique");
    this.#byIndex.push(device);
    this.#list.push(device);
    this.#byName.set(device.name, device);
    if (control !== null) this.#controls.push(control);
  }

  /** Makes frames tagged with `id` on `parent` arrive on `device`. */
  addVlan(parent: NetDevice, id: number, device: NetDevice): void {
    const key = vlanKey(parent, id);
    assert(!this.#vlans.has(key), "a VLAN has one device per interface");
    this.#vlans.set(key, device);
  }

  vlanOf(parent: NetDevice, id: number): NetDevice | null {
    return this.#vlans.get(vlanKey(parent, id)) ?? null;
  }

  /** Major number for the next discipline that somebody sets: 8001:, 8002:... as tc chooses them. */
  newQdiscHandle(): number {
    return ++this.#qdiscHandles;
  }

  list(): readonly NetDevice[] {
    return this.#list;
  }

  byName(name: string): NetDevice | null {
    return this.#byName.get(name) ?? null;
  }

  byIndex(index: number): NetDevice | null {
    return this.#byIndex[index] ?? null;
  }

  addHandler(etherType: number, handler: PacketHandler): void {
    assert(!this.#handlers.has(etherType), "an ethertype has one handler");
    this.#handlers.set(etherType, handler);
    if (etherType === ETHERTYPE_IPV4) this.#ipv4 = handler;
  }

  /** @param device null for all of them. */
  addTap(tap: PacketTap, device: NetDevice | null): void {
    if (device === null) this.#taps = [...this.#taps, tap];
    else device.taps = [...device.taps, tap];
  }

  removeTap(tap: PacketTap, device: NetDevice | null): void {
    if (device === null) this.#taps = this.#taps.filter((other) => other !== tap);
    else device.taps = device.taps.filter((other) => other !== tap);
  }

  observe(observer: DeviceObserver): void {
    this.#observers.push(observer);
  }

  /** For devices: tells routes and neighbours (call_netdevice_notifiers). */
  changed(device: NetDevice, what: DeviceChange): void {
    for (const observer of this.#observers) observer.deviceChanged(device, what);
  }

  /** Shows a packet to the taps, both ways; `skb.data` is at the Ethernet header. */
  tap(skb: SkBuff, device: NetDevice): void {
    for (const tap of this.#taps) tap.onPacket(skb, device);
    for (const tap of device.taps) tap.onPacket(skb, device);
  }

  /**
   * Shows a packet that has no link layer to the taps, as a copy behind an Ethernet header of zeros: it looks as on
   * `lo`.
   */
  tapBare(skb: SkBuff, device: NetDevice): void {
    const twin = this.core.skbs.copy(skb);
    const at = twin.push(ETHERNET_HEADER_BYTES);
    twin.bytes.fill(0, at, at + ETHERNET.type);
    put16(twin.bytes, at + ETHERNET.type, skb.protocol);
    twin.macHeader = at;
    this.tap(twin, device);
    this.core.skbs.free(twin);
  }

  hasTaps(device: NetDevice): boolean {
    return this.#taps.length !== 0 || device.taps.length !== 0;
  }

  /** A packet has come in, with `skb.data` at its Ethernet header (netif_receive_skb). Takes ownership. */
  receive(skb: SkBuff, device: NetDevice): void {
    if (device.isPointToPoint) {
      this.#receiveBare(skb, device);
      return;
    }
    if (skb.headLength < ETHERNET_HEADER_BYTES) {
      device.stats.rxErrors++;
      this.core.drop(skb, "PKT_TOO_SMALL");
      return;
    }
    skb.macHeader = skb.data;
    skb.deviceIndex = device.index;
    const bytes = skb.bytes;
    skb.packetType = packetTypeOf(bytes, skb.data, device.mac);
    if (this.core.trace.active) this.core.traceSkb(NETIF_RECEIVE_SKB, skb, device.index, skb.length);
    if (this.#taps.length !== 0 || device.taps.length !== 0) this.tap(skb, device);
    const etherType = u16(bytes, skb.data + ETHERNET.type);
    if (etherType === ETHERTYPE_VLAN) {
      this.#receiveTagged(skb, device);
      return;
    }
    if (skb.packetType === PACKET_OTHERHOST) {
      this.core.drop(skb, "OTHERHOST");
      return;
    }
    skb.protocol = etherType;
    skb.networkHeader = skb.pull(ETHERNET_HEADER_BYTES);
    const handler = etherType === ETHERTYPE_IPV4 ? this.#ipv4 : (this.#handlers.get(etherType) ?? null);
    if (handler === null) {
      device.stats.rxDropped++;
      this.core.drop(skb, "UNHANDLED_PROTO");
      return;
    }
    handler.receive(skb, device);
  }

  /** A packet of a device without link layer, `skb.data` at its IP header and `skb.protocol` set. */
  #receiveBare(skb: SkBuff, device: NetDevice): void {
    skb.deviceIndex = device.index;
    skb.packetType = PACKET_HOST;
    skb.macHeader = skb.data;
    skb.networkHeader = skb.data;
    if (this.core.trace.active) this.core.traceSkb(NETIF_RECEIVE_SKB, skb, device.index, skb.length);
    if (this.hasTaps(device)) this.tapBare(skb, device);
    const handler = this.#handlers.get(skb.protocol) ?? null;
    if (handler !== null) {
      handler.receive(skb, device);
      return;
    }
    device.stats.rxDropped++;
    this.core.drop(skb, "UNHANDLED_PROTO");
  }

  /** Queues a packet on this CPU for the softirq (netif_rx). @returns false when the queue was full and it died. */
  netifRx(skb: SkBuff, device: NetDevice): boolean {
    skb.deviceIndex = device.index;
    if (this.core.trace.active) this.core.traceSkb(NETIF_RX, skb, device.index, skb.length);
    const cpu = this.#cpus[this.core.cpu.index];
    assert(cpu !== undefined, "the current CPU is one of the machine's");
    if (cpu.softnet.enqueueBacklog(skb)) return true;
    device.stats.rxDropped++;
    return false;
  }

  receiveQueued(skb: SkBuff): void {
    const device = this.byIndex(skb.deviceIndex);
    if (device === null || !device.isUp) this.core.drop(skb, "DEV_READY");
    else this.receive(skb, device);
  }

  /**
   * Stops all cards from handing packets up, until `allowInput` with the same reason: a full queue further up makes
   * packets die in the card's ring, where they have cost nothing yet (Mogul and Ramakrishnan 1997, section 6.6.1).
   */
  inhibitInput(reason: string): void {
    this.#inhibitors.add(reason);
    this.#updateInhibition();
  }

  allowInput(reason: string): void {
    this.#inhibitors.delete(reason);
    this.#updateInhibition();
  }

  /** Packets that wait in queues of devices and CPUs. */
  queuedPackets(): number {
    const backlogs = this.#cpus.reduce((sum, cpu) => sum + cpu.softnet.queuedPackets(), 0);
    return this.#controls.reduce((sum, control) => sum + control.queuedPackets(), backlogs);
  }

  checkInvariants(): void {
    for (const cpu of this.#cpus) cpu.softnet.checkInvariants();
    for (const control of this.#controls) control.checkInvariants();
    assert(this.inputInhibited === this.#inhibitors.size > 0, "input is inhibited while somebody wants it");
  }

  /** The machine is off: every queued packet dies. */
  shutdown(): void {
    for (const cpu of this.#cpus) cpu.softnet.shutdown();
    for (const control of this.#controls) control.shutdown();
  }

  #updateInhibition(): void {
    const inhibited = this.#inhibitors.size > 0;
    if (inhibited === this.inputInhibited) return;
    this.inputInhibited = inhibited;
    for (const control of this.#controls) control.inputChanged();
  }

  /** Takes the 802.1Q tag off and goes on with the VLAN's own interface (vlan_do_receive). */
  #receiveTagged(skb: SkBuff, device: NetDevice): void {
    if (skb.headLength < ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES) {
      this.core.drop(skb, "PKT_TOO_SMALL");
      return;
    }
    const id = u16(skb.bytes, skb.data + ETHERNET_HEADER_BYTES) & VLAN_ID_MASK;
    // A tag with identifier 0 carries a priority and no VLAN (802.1Q, 6.8).
    const target = id === 0 ? device : this.vlanOf(device, id);
    if (target === null || !target.isUp) {
      this.core.drop(skb, target === null ? "VLAN_FILTER" : "DEV_READY");
      return;
    }
    removeVlanTag(this.core, skb);
    if (target !== device) {
      target.stats.rxPackets++;
      target.stats.rxBytes += skb.length;
    }
    this.receive(skb, target);
  }
}

const vlanKey = (parent: NetDevice, id: number): number => parent.index * 4096 + id;

/** Whom the frame is for, seen from an interface with that address (eth_type_trans). */
function packetTypeOf(bytes: Uint8Array, at: number, own: MacAddress): number {
  if (isGroupMacAt(bytes, at)) return readMac(bytes, at) === MAC_BROADCAST ? PACKET_BROADCAST : PACKET_MULTICAST;
  return readMac(bytes, at) === own ? PACKET_HOST : PACKET_OTHERHOST;
}

/** Moves the two addresses over the tag at `skb.data + 12`. */
export function removeVlanTag(core: KernelCore, skb: SkBuff): void {
  core.skbs.makeWritable(skb);
  const at = skb.data;
  skb.bytes.copyWithin(at + VLAN_TAG_BYTES, at, at + ETHERNET.type);
  skb.pull(VLAN_TAG_BYTES);
}

/** Puts a tag with that identifier behind the two addresses at `skb.data`. */
export function insertVlanTag(core: KernelCore, skb: SkBuff, id: number): void {
  core.skbs.makeWritable(skb);
  core.skbs.ensureHeadroom(skb, VLAN_TAG_BYTES);
  const at = skb.push(VLAN_TAG_BYTES);
  skb.bytes.copyWithin(at, at + VLAN_TAG_BYTES, at + VLAN_TAG_BYTES + ETHERNET.type);
  put16(skb.bytes, at + ETHERNET.type, ETHERTYPE_VLAN);
  put16(skb.bytes, at + ETHERNET_HEADER_BYTES, id & VLAN_ID_MASK);
}
