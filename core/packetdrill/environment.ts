/**
 * The machine under test: a kernel with one CPU where all work is free, and `tun0`, whose other end the script holds.
 * Time stands still unless the script waits for something.
 */
import { assert } from "../base/assert.ts";
import { instant, MILLISECOND, SECOND, type Nanoseconds, type VirtualTime } from "../base/time.ts";
import { Engine } from "../engine/engine.ts";
import { COST_PROFILES } from "../kernel/cost.ts";
import { TunDevice, type TunPacket, type TunSink } from "../kernel/device/tun-device.ts";
import { Kernel } from "../kernel/kernel.ts";
import { SkbPool } from "../kernel/skb/skb-pool.ts";
import type { NetlinkRequest } from "../kernel/syscall/netlink.ts";
import { TraceRecorder } from "../trace/recorder.ts";
import { BlockPool } from "../wire/block.ts";
import { FramePool } from "../wire/frame.ts";
import { networkOf } from "../wire/address.ts";
import { SCRIPT_EVENTS_MAX, START_OFFSET } from "./limits.ts";
import { failed } from "./problem.ts";
import type { Settings } from "./settings.ts";

export const DEVICE_NAME = "tun0";
/** Same for every run: a script's outcome is a function of its text. */
const SEED = 1;
const TRACE_EVENTS = 1;
/** What is left of a machine's boot before a script begins. */
const BOOT: Nanoseconds = 5 * SECOND;
const REMOTE_PREFIX_LENGTH = 24;

/** A packet that left the stack, and when. */
export interface SentPacket extends TunPacket {
  readonly at: VirtualTime;
}

export class Environment implements TunSink {
  readonly engine = new Engine(SEED);
  readonly kernel: Kernel;
  readonly tun: TunDevice;
  readonly skbs: SkbPool;
  readonly #blocks = new BlockPool();
  /** Sent and not yet looked at. */
  readonly #sent: SentPacket[] = [];
  #eventsLeft = SCRIPT_EVENTS_MAX;
  /** Sees every packet as it leaves. */
  onSent: (packet: SentPacket) => void = () => undefined;

  constructor(settings: Settings) {
    const { engine } = this;
    this.skbs = new SkbPool(this.#blocks);
    const frames = new FramePool(this.#blocks);
    const trace = new TraceRecorder(engine, TRACE_EVENTS);
    this.kernel = new Kernel(
      { engine, trace, skbs: this.skbs, frames },
      { hostname: "packetdrill", costs: COST_PROFILES.ideal, cpus: 1, programs: new Map(), epochNs: 0 },
    );
    this.tun = new TunDevice(this.kernel.core, this.kernel.devices, DEVICE_NAME);
    this.tun.mtu = settings.mtu;
    this.tun.attach(this);
    this.tun.setUp(true);
    const { localAddress: address, localPrefixLength: prefixLength, gateway, remoteAddress } = settings;
    this.configure({ kind: "address-add", device: DEVICE_NAME, address, prefixLength });
    const network = networkOf(remoteAddress, REMOTE_PREFIX_LENGTH);
    const route = { network, prefixLength: REMOTE_PREFIX_LENGTH, via: gateway, device: DEVICE_NAME };
    this.configure({ kind: "route-add", route });
    this.advance(instant(BOOT));
  }

  get now(): VirtualTime {
    return this.engine.now;
  }

  configure(request: NetlinkRequest): void {
    const reply = this.kernel.userland.netlink(request);
    assert(typeof reply !== "number", `the machine takes its configuration: ${request.kind}`);
  }

  onPacket(packet: TunPacket): void {
    const sent = { ...packet, at: this.engine.now };
    this.#sent.push(sent);
    this.onSent(sent);
  }

  /** The oldest packet not yet looked at; null when there is none now. */
  takeSent(): SentPacket | null {
    return this.#sent.shift() ?? null;
  }

  get hasSent(): boolean {
    return this.#sent.length > 0;
  }

  /** The instant at which a script that is ready now begins: a quarter of a millisecond behind the next tick. */
  nextStart(): VirtualTime {
    return instant((Math.floor(this.now / MILLISECOND) + 1) * MILLISECOND + START_OFFSET);
  }

  /** Lets time pass up to an instant. @throws RunFailure when the script never comes to rest. */
  advance(until: VirtualTime): void {
    this.advanceWhile(until, () => true);
  }

  /** Lets time pass while the condition holds, at most up to an instant; it is asked after each event. */
  advanceWhile(until: VirtualTime, condition: () => boolean): void {
    while (condition()) {
      const next = this.engine.nextTime;
      // Not beyond the next event: the clock is to stand where the condition was met.
      this.#eventsLeft -= this.engine.advance(next <= until ? (next as VirtualTime) : until, 1);
      if (this.#eventsLeft < 0) {
        throw failed(0, `more than ${SCRIPT_EVENTS_MAX} events: the script never comes to rest`);
      }
      if (next > until) return;
    }
  }

  /** All that is due at this instant happens. */
  settle(): void {
    this.advance(this.now);
  }

  /** Ends the machine. @throws AssertionError when a packet was lost from sight. */
  shutdown(): void {
    this.kernel.checkInvariants();
    this.kernel.shutdown();
    assert(this.skbs.outstanding === 0, `every packet ends: ${this.skbs.outstanding} are left`);
  }
}
