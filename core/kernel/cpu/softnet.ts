/**
 * Receive processing of one CPU: the NAPI poll list and net_rx_action, and the backlog that loopback and pre-NAPI
 * drivers feed (struct softnet_data, net/core/dev.c). A step handles one packet.
 * Left out: receive packet steering (so `received_rps` stays 0), threaded NAPI, and the completion queue of NET_TX.
 */
import { assert } from "../../base/assert.ts";
import { Ring } from "../../base/ring.ts";
import { MICROSECOND, type Nanoseconds } from "../../base/time.ts";
import { WIDE_ZERO } from "../../base/wide-zero.ts";
import { KIND } from "../../contract/trace-event.ts";
import type { KernelCore } from "../core.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import type { SysctlObserver } from "../sysctl.ts";
import { Backlog, type BacklogSink } from "./backlog.ts";
import type { Cpu } from "./cpu.ts";
import type { Napi } from "./napi.ts";
import { SOFTIRQ, type Work } from "./work.ts";

const NAPI_POLL = KIND["napi:napi_poll"];
const TIME_SQUEEZE = KIND["softnet:time_squeeze"];

export class Softnet implements Work, SysctlObserver {
  readonly #core: KernelCore;
  readonly #cpu: Cpu;
  /** Scheduled since the last net_rx_action began. */
  #pollList = new Ring<Napi>();
  /** What the running net_rx_action has still to poll, and what used its weight up and wants another turn. */
  #list = new Ring<Napi>();
  readonly #repoll = new Ring<Napi>();
  /** Devices in the three lists: nearly always none, which is known without a look at them. */
  #listed = 0;
  /** The device to poll when `begin` says so, before those on the lists. */
  #first: Napi | null = null;
  #current: Napi | null = null;
  #inAction = false;
  #work = 0;
  #budgetLeft = 0;
  // Of the parameters, so that a poll need not look at them.
  #budget = 0;
  #limitNs = 0;
  /** The running net_rx_action takes time, and began at `#startedAt`. */
  #isTimed = false;
  #startedAt: number = WIDE_ZERO;
  readonly #backlog: Backlog;

  /** Columns of /proc/net/softnet_stat. */
  #processed = 0;
  dropped = 0;
  timeSqueeze = 0;
  readonly receivedRps = 0;

  constructor(core: KernelCore, cpu: Cpu) {
    this.#core = core;
    this.#cpu = cpu;
    this.sysctlsChanged();
    core.sysctls.observe(this);
    this.#backlog = new Backlog(this, core.netCore);
  }

  sysctlsChanged(): void {
    this.#budget = this.#core.netCore.netdevBudget;
    this.#limitNs = this.#core.netCore.netdevBudgetUsecs * MICROSECOND;
  }

  /** Puts a device on the poll list (__napi_schedule); nothing when it is there already. */
  schedule(napi: Napi): void {
    if (napi.isScheduled) return;
    napi.isScheduled = true;
    this.#pollList.push(napi);
    this.#listed++;
    this.#cpu.raiseSoftirq(SOFTIRQ.NET_RX);
  }

  get processed(): number {
    return this.#processed + this.#cpu.passed;
  }

  set sink(sink: BacklogSink) {
    this.#backlog.sink = sink;
  }

  /** netif_rx: queues the packet for the softirq. @returns false when the backlog was full and the packet died. */
  enqueueBacklog(skb: SkBuff): boolean {
    if (this.#backlog.queue.length >= this.#core.netCore.netdevMaxBacklog) {
      this.dropped++;
      this.#core.drop(skb, "CPU_BACKLOG");
      return false;
    }
    this.#backlog.queue.push(skb);
    this.schedule(this.#backlog);
    return true;
  }

  get backlogLength(): number {
    return this.#backlog.queue.length;
  }

  // net_rx_action

  stepCost(): Nanoseconds {
    const napi = this.#current;
    if (napi !== null) return napi.hasPackets ? napi.packetCost : 0;
    const next = this.#list.length > 0 ? this.#list.at(0) : this.#pollList.length > 0 ? this.#pollList.at(0) : null;
    if (next === null) return 0;
    return this.#core.costs.poll + (next.hasPackets ? next.packetCost : 0);
  }

  step(): boolean {
    if (!this.#inAction && !this.#beginAction()) return false;
    const napi = this.#current ?? this.#beginPoll();
    if (this.#work < napi.weight && napi.hasPackets) {
      this.#work++;
      this.#processed++;
      napi.pollPacket();
      if (this.#work < napi.weight && napi.hasPackets) return true;
    }
    this.#endPoll(napi);
    const isLate = this.#isTimed && this.#core.engine.now >= this.#startedAt + this.#limitNs;
    if (this.#budgetLeft <= 0 || isLate) {
      this.timeSqueeze++;
      if (this.#core.trace.active) this.#core.trace.record(TIME_SQUEEZE, 0, 0, this.#cpu.index);
    } else if (this.#listed > 0 && this.#list.length > 0) {
      return true;
    }
    this.#endAction();
    return false;
  }

  /** What `schedule` and the beginning of a net_rx_action come to when this is the only device to poll, at no cost. */
  begin(napi: Napi): void {
    assert(!napi.isScheduled && !this.#inAction, "nothing is being polled");
    napi.isScheduled = true;
    this.#first = napi;
    this.#inAction = true;
    this.#isTimed = false;
    this.#budgetLeft = this.#budget;
  }

  #beginAction(): boolean {
    if (this.#pollList.length === 0) return false;
    this.#inAction = true;
    this.#isTimed = true;
    this.#budgetLeft = this.#budget;
    this.#startedAt = this.#core.engine.now;
    const scheduled = this.#pollList;
    this.#pollList = this.#list;
    this.#list = scheduled;
    assert(this.#pollList.length === 0, "a finished net_rx_action leaves its list empty");
    return true;
  }

  #beginPoll(): Napi {
    let napi = this.#first;
    if (napi === null) {
      napi = this.#list.shift() ?? null;
      this.#listed--;
    } else this.#first = null;
    assert(napi?.isScheduled === true, "what is on the poll list is scheduled");
    this.#current = napi;
    this.#work = 0;
    napi.polls++;
    napi.beginPoll();
    return napi;
  }

  #endPoll(napi: Napi): void {
    napi.endPoll();
    if (this.#core.trace.active) {
      const weight = napi.weight === Infinity ? 0 : napi.weight;
      this.#core.trace.record(NAPI_POLL, 0, this.#core.engine.cause, napi.deviceIndex, this.#work, weight);
    }
    this.#budgetLeft -= this.#work;
    this.#current = null;
    if (this.#work >= napi.weight) {
      this.#repoll.push(napi);
      this.#listed++;
      return;
    }
    napi.isScheduled = false;
    napi.complete();
  }

  /** Next time come first those not reached, then the new ones, then those that had a full turn. */
  #endAction(): void {
    this.#inAction = false;
    if (this.#listed === 0) return;
    if (this.#list.length > 0) {
      for (let napi = this.#pollList.shift(); napi !== undefined; napi = this.#pollList.shift()) this.#list.push(napi);
      const rest = this.#list;
      this.#list = this.#pollList;
      this.#pollList = rest;
    }
    for (let napi = this.#repoll.shift(); napi !== undefined; napi = this.#repoll.shift()) this.#pollList.push(napi);
    if (this.#pollList.length > 0) this.#cpu.raiseSoftirq(SOFTIRQ.NET_RX);
  }

  queuedPackets(): number {
    return this.#backlog.queue.length;
  }

  checkInvariants(): void {
    assert(this.#inAction || this.#list.length === 0, "only a running net_rx_action has a list of its own");
    const listed = this.#pollList.length + this.#list.length + this.#repoll.length;
    assert(this.#listed === listed, "devices on the lists are counted");
    this.#backlog.checkInvariants();
  }

  shutdown(): void {
    const { queue } = this.#backlog;
    for (let skb = queue.shift(); skb !== null; skb = queue.shift()) this.#core.drop(skb, "NODE_DOWN");
    this.#pollList.clear();
    this.#list.clear();
    this.#repoll.clear();
    this.#listed = 0;
    this.#first = null;
    this.#current = null;
    this.#inAction = false;
  }
}
