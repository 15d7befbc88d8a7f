/**
 * Forwarding without a detour: a frame that a router only passes on goes from card to card in one function, and no
 * sk_buff is made of it. Linux has the same thing as XDP's xdp_fwd (samples/bpf) and as netfilter's flow table. It is
 * taken where nobody could tell the difference: work costs nothing (profile `ideal`), the trace is off, and everything
 * on the way is in its usual state. All else goes the long way, which is input.ts, forward.ts, output.ts and
 * neighbour.ts; what is counted, captured and sent is the same for both (test/determinism/fast-forward.test.ts).
 */
import { u16, u8 } from "../../base/bytes.ts";
import { isLoopback, isZeroNetwork } from "../../wire/address.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4 } from "../../wire/ethernet.ts";
import type { Frame } from "../../wire/frame.ts";
import { IPV4, IPV4_HEADER_BYTES, ipv4Source, ipv4Target } from "../../wire/ipv4.ts";
import type { SnmpCounters } from "../counters.ts";
import type { FrameIngress, FrameShortcut } from "../device/net-device.ts";
import type { NetCoreSysctls } from "../net-core-sysctls.ts";
import type { AddressTable } from "./addresses.ts";
import { countDownTtl, isHeaderSumRight } from "./header-checksum.ts";
import { countEcn } from "./input.ts";
import type { IpQueue } from "./ip-queue.ts";
import type { IpSysctls } from "./ip-sysctls.ts";
import type { Route } from "./route.ts";
import type { Routing } from "./routing.ts";

/** Version 4 and a header without options. */
const PLAIN_HEADER = 0x45;

/** What decides whether and where a frame is forwarded. */
export interface FastForwardParts {
  readonly addresses: AddressTable;
  readonly routing: Routing;
  readonly queue: IpQueue;
  readonly sysctls: IpSysctls;
  readonly netCore: NetCoreSysctls;
}

export class FastForward implements FrameShortcut {
  readonly #snmp: SnmpCounters;
  readonly #parts: FastForwardParts;
  readonly #addresses: AddressTable;
  readonly #routing: Routing;
  readonly #queue: IpQueue;

  constructor(snmp: SnmpCounters, parts: FastForwardParts) {
    this.#snmp = snmp;
    this.#parts = parts;
    this.#addresses = parts.addresses;
    this.#routing = parts.routing;
    this.#queue = parts.queue;
  }

  /**
   * The machine is a router, does not look at sources, and polls a packet without being squeezed (softnet.ts). Devices
   * know of the shortcut while this holds: to ask for each frame that comes to a host would be five cache lines.
   */
  get isAllowed(): boolean {
    const { sysctls, netCore } = this.#parts;
    return sysctls.ipForward === 1 && sysctls.rpFilter === 0 && netCore.netdevBudget > 1;
  }

  take(frame: Frame, ingress: FrameIngress): boolean {
    if (this.#queue.isOpen || !ingress.canPass(frame)) return false;
    if (!this.#isPlain(frame)) return false;
    const route = this.#routeOf(frame);
    if (route === null || route.device === ingress) return false;
    const egress = route.device.egress;
    if (egress?.canPass(frame) !== true) return false;
    ingress.countPass(frame);
    this.#count(frame);
    countDownTtl(frame.bytes, frame.start + ETHERNET_HEADER_BYTES);
    route.neighbour?.pass(frame.bytes, frame.start);
    egress.pass(frame);
    return true;
  }

  /** Whether the frame holds a datagram that may go on, and nothing else: no options, no padding, time to live left. */
  #isPlain(frame: Frame): boolean {
    const { bytes } = frame;
    const at = frame.start + ETHERNET_HEADER_BYTES;
    const total = frame.length - ETHERNET_HEADER_BYTES;
    if (total < IPV4_HEADER_BYTES || u16(bytes, frame.start + ETHERNET.type) !== ETHERTYPE_IPV4) return false;
    if (u8(bytes, at) !== PLAIN_HEADER || u16(bytes, at + IPV4.totalLength) !== total) return false;
    return u8(bytes, at + IPV4.ttl) > 1 && isHeaderSumRight(bytes, at, IPV4_HEADER_BYTES);
  }

  /** Where it goes, when that is known down to the next hop's link address; else null. */
  #routeOf(frame: Frame): Route | null {
    const at = frame.start + ETHERNET_HEADER_BYTES;
    const source = ipv4Source(frame.bytes, at);
    const target = ipv4Target(frame.bytes, at);
    // Class D and E, loopback and "this network" are for the long way, which counts them as martians, and so are
    // packets that seem to come from ourselves.
    if (source >>> 28 >= 14 || target >>> 28 >= 14 || isLoopback(source) || isLoopback(target)) return null;
    if (isZeroNetwork(source) || isZeroNetwork(target) || this.#addresses.isLocal(source)) return null;
    const route = this.#routing.known(target);
    if (route?.type !== "unicast" || frame.length - ETHERNET_HEADER_BYTES > route.forwardMtu) return null;
    return route.neighbour?.canPass === true ? route : null;
  }

  #count(frame: Frame): void {
    const { ip, ipExt } = this.#snmp;
    const total = frame.length - ETHERNET_HEADER_BYTES;
    ip.InReceives++;
    ip.ForwDatagrams++;
    ip.OutTransmits++;
    ipExt.InOctets += total;
    ipExt.OutOctets += total;
    countEcn(ipExt, u8(frame.bytes, frame.start + ETHERNET_HEADER_BYTES + IPV4.tos));
  }
}
