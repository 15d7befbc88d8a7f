/**
 * What each operation of a machine costs, in ns of CPU time. One table a profile.
 *
 * - `ideal`: all zero. Contexts still happen, in order, but take no time; for protocol work and for speed.
 * - `modern`: a server core of about 2020; the orders of magnitude follow published measurements of Linux's receive
 *   path at 1 to 2 million small packets a second and core.
 * - `1996`: the machine of Mogul and Ramakrishnan (DECstation 3000/300, Digital UNIX), whose paper on receive livelock
 *   (ACM TOCS 15(3), 1997) gives rates and no costs. The table was fitted to three rates, one packet an interrupt:
 *   + `irq`, `irqPacket`, `softirq`, `poll`, `ipReceive`, `ipForward`, `transmit` and `transmitDone`, all that a
 *     forwarded packet needs, are 210 us: a peak of 4,700 a second (figure 6-1);
 *   + `irq` and `irqPacket`, the part that comes first whatever else there is to do, are 70 us: nothing else runs from
 *     14,300 a second on, near the 14,880 of a full Ethernet, where the authors expected livelock;
 *   + all of them but the last two, which come before a process in the path, are 165 us: that gets nothing from 6,000 a
 *     second on, and with some 150 us of its own it peaks at 2,000 (figure 6-1, with screend).
 *   How each sum is divided is our guess.
 */
export interface CostTable {
  /** Enter and leave a hard IRQ handler, once per interrupt. */
  readonly irq: number;
  /** Driver work for one packet in the handler of the pre-NAPI driver, including queueing it for the softirq. */
  readonly irqPacket: number;
  /** Enter and leave softirq processing. */
  readonly softirq: number;
  /** One napi poll call, without its packets. */
  readonly poll: number;
  /** Driver and buffer work for one received packet in a poll. */
  readonly pollPacket: number;
  /** Protocol work per packet on receive: IP input and delivery. */
  readonly ipReceive: number;
  /** Route lookup and header rewrite of a forwarded packet. */
  readonly ipForward: number;
  readonly ipOutput: number;
  readonly udpReceive: number;
  readonly udpSend: number;
  readonly tcpReceive: number;
  readonly tcpSend: number;
  /** Queueing discipline and descriptor of one packet sent. */
  readonly transmit: number;
  /** Reclaiming one transmitted descriptor. */
  readonly transmitDone: number;
  /** Crossing into the kernel and back. */
  readonly syscall: number;
  /** Copy between user and kernel and software checksum, per KiB. */
  readonly copyKib: number;
  readonly checksumKib: number;
  readonly contextSwitch: number;
  /** Making a task runnable. */
  readonly wakeup: number;
  /** Timer expiry handling. */
  readonly timer: number;
  /** A thousand steps of a guest program: bytecodes of its interpreter, standing for a compiled program's work. */
  readonly interpreterKilostep: number;
}

export type CostProfileName = "ideal" | "modern" | "1996";

const IDEAL: CostTable = {
  irq: 0,
  irqPacket: 0,
  softirq: 0,
  poll: 0,
  pollPacket: 0,
  ipReceive: 0,
  ipForward: 0,
  ipOutput: 0,
  udpReceive: 0,
  udpSend: 0,
  tcpReceive: 0,
  tcpSend: 0,
  transmit: 0,
  transmitDone: 0,
  syscall: 0,
  copyKib: 0,
  checksumKib: 0,
  contextSwitch: 0,
  wakeup: 0,
  timer: 0,
  interpreterKilostep: 0,
};

const MODERN: CostTable = {
  irq: 600,
  irqPacket: 400,
  softirq: 150,
  poll: 80,
  pollPacket: 120,
  ipReceive: 130,
  ipForward: 200,
  ipOutput: 120,
  udpReceive: 150,
  udpSend: 250,
  tcpReceive: 300,
  tcpSend: 350,
  transmit: 150,
  transmitDone: 40,
  syscall: 120,
  copyKib: 60,
  checksumKib: 90,
  contextSwitch: 1200,
  wakeup: 500,
  timer: 200,
  interpreterKilostep: 1000,
};

const YEAR_1996: CostTable = {
  irq: 15_000,
  irqPacket: 55_000,
  softirq: 10_000,
  poll: 5_000,
  pollPacket: 50_000,
  ipReceive: 35_000,
  ipForward: 45_000,
  ipOutput: 30_000,
  udpReceive: 30_000,
  udpSend: 50_000,
  tcpReceive: 80_000,
  tcpSend: 90_000,
  transmit: 35_000,
  transmitDone: 10_000,
  syscall: 20_000,
  copyKib: 25_000,
  checksumKib: 25_000,
  contextSwitch: 60_000,
  wakeup: 15_000,
  timer: 10_000,
  interpreterKilostep: 20_000,
};

export const COST_PROFILES: Readonly<Record<CostProfileName, CostTable>> = {
  ideal: IDEAL,
  modern: MODERN,
  "1996": YEAR_1996,
};
