/**
 * Options of SOL_SOCKET, which every socket has (sk_setsockopt in net/core/sock.c). What some of them set off in TCP is
 * in tcp/show/tcp-options-api.ts. Left out: SO_INCOMING_CPU, SO_BUSY_POLL, SO_ATTACH_FILTER, SO_ZEROCOPY.
 */
import { SECOND, TIME_MAX } from "../../base/time.ts";
import type { NetDevice } from "../device/net-device.ts";
import { E } from "../syscall/errno.ts";
import { SO, type OptionResult, type OptionValue } from "../syscall/sys.ts";
import { RCVBUF_MIN, SNDBUF_MIN } from "./limits.ts";
import type { Socket } from "./socket.ts";

/** Finds interfaces for SO_BINDTODEVICE. */
export interface DeviceNames {
  byName(name: string): NetDevice | null | undefined;
  byIndex(index: number): NetDevice | null | undefined;
}

/** Bits of SO_BUF_LOCK. */
const SNDBUF_LOCK = 1;
const RCVBUF_LOCK = 2;
const INT_MAX = 0x7fffffff;

/** Sets an option of any socket. @returns 0, -errno, -ENOPROTOOPT for one that is not of this level. */
export function setSocketOption(socket: Socket, devices: DeviceNames, option: number, value: OptionValue): number {
  if (option === SO.BINDTODEVICE) return bindToDevice(socket, devices, value);
  if (option === SO.LINGER) return setLinger(socket, value);
  if (typeof value !== "number" || !Number.isFinite(value)) return -E.EINVAL;
  const flag = FLAGS.get(option);
  if (flag !== undefined) {
    flag(socket, value !== 0);
    return 0;
  }
  switch (option) {
    case SO.PRIORITY:
      if (value < 0) return -E.EINVAL;
      socket.priority = Math.floor(value);
      return 0;
    case SO.MARK:
      socket.mark = value >>> 0;
      return 0;
    case SO.RCVLOWAT:
      socket.rcvLowat = value < 0 ? INT_MAX : Math.floor(value) || 1;
      return 0;
    case SO.MAX_PACING_RATE:
      socket.maxPacingRate = value < 0 || value >= 0xffffffff ? Infinity : Math.floor(value);
      return 0;
    case SO.RCVTIMEO:
    case SO.SNDTIMEO:
      return setTimeout(socket, option, value);
    default:
      return setBuffer(socket, option, value);
  }
}

/** SO_DONTROUTE is taken and has no effect: every host of a lab knows its networks. */
const FLAGS: ReadonlyMap<number, (socket: Socket, on: boolean) => void> = new Map([
  [SO.REUSEADDR, (socket: Socket, on: boolean): unknown => (socket.reuseAddress = on)],
  [SO.REUSEPORT, (socket, on) => (socket.reusePort = on)],
  [SO.BROADCAST, (socket, on) => (socket.broadcast = on)],
  [SO.KEEPALIVE, (socket, on) => (socket.keepAlive = on)],
  [SO.TIMESTAMP, (socket, on) => (socket.timestamps = on)],
  [SO.DONTROUTE, (): void => {}],
]);

export function getSocketOption(socket: Socket, devices: DeviceNames, option: number): OptionResult {
  switch (option) {
    case SO.ERROR:
      return { value: -socket.takeError() };
    case SO.BINDTODEVICE:
      return { value: devices.byIndex(socket.device)?.name ?? "" };
    case SO.LINGER:
      return { value: { on: socket.lingers, seconds: Math.floor(socket.lingerNs / SECOND) } };
    case SO.MEMINFO:
      return { value: socket.memoryInfo() };
    default: {
      const value = SIMPLE_VALUES.get(option)?.(socket);
      return value === undefined ? { error: -E.ENOPROTOOPT } : { value: Number(value) };
    }
  }
}

const SIMPLE_VALUES: ReadonlyMap<number, (socket: Socket) => number | boolean> = new Map([
  [SO.TYPE, (socket: Socket): number | boolean => socket.type],
  [SO.PROTOCOL, (socket) => socket.protocol],
  [SO.DOMAIN, (socket) => socket.domain],
  [SO.REUSEADDR, (socket) => socket.reuseAddress],
  [SO.REUSEPORT, (socket) => socket.reusePort],
  [SO.BROADCAST, (socket) => socket.broadcast],
  [SO.KEEPALIVE, (socket) => socket.keepAlive],
  [SO.TIMESTAMP, (socket) => socket.timestamps],
  [SO.PRIORITY, (socket) => socket.priority],
  [SO.MARK, (socket) => socket.mark],
  [SO.RCVBUF, (socket) => socket.receiveBufferBytes],
  [SO.SNDBUF, (socket) => socket.sendBufferBytes],
  [SO.BUF_LOCK, (socket) => lockBits(socket)],
  [SO.RCVLOWAT, (socket) => socket.rcvLowat],
  [SO.SNDLOWAT, () => 1],
  [SO.MAX_PACING_RATE, (socket) => Math.min(socket.maxPacingRate, 0xffffffff)],
  [SO.RCVTIMEO, (socket) => socket.receiveTimeout],
  [SO.SNDTIMEO, (socket) => socket.sendTimeout],
  [SO.DONTROUTE, () => 0],
  [SO.ACCEPTCONN, () => 0],
]);

const lockBits = (socket: Socket): number =>
  (socket.sendBufferLocked ? SNDBUF_LOCK : 0) | (socket.receiveBufferLocked ? RCVBUF_LOCK : 0);

/** Sizes that a program sets are its own affair from then on: auto-tuning leaves them alone. */
function setBuffer(socket: Socket, option: number, value: number): number {
  switch (option) {
    case SO.RCVBUF:
    case SO.RCVBUFFORCE:
      socket.receiveBufferLocked = true;
      socket.receiveBufferBytes = bufferBytes(
        value,
        mostBytes(socket, "rmemMax", option === SO.RCVBUFFORCE),
        RCVBUF_MIN,
      );
      return 0;
    case SO.SNDBUF:
    case SO.SNDBUFFORCE:
      socket.sendBufferLocked = true;
      socket.sendBufferBytes = bufferBytes(value, mostBytes(socket, "wmemMax", option === SO.SNDBUFFORCE), SNDBUF_MIN);
      socket.waiters.wake();
      return 0;
    case SO.BUF_LOCK:
      if ((value & ~(SNDBUF_LOCK | RCVBUF_LOCK)) !== 0) return -E.EINVAL;
      socket.sendBufferLocked = (value & SNDBUF_LOCK) !== 0;
      socket.receiveBufferLocked = (value & RCVBUF_LOCK) !== 0;
      return 0;
    default:
      return -E.ENOPROTOOPT;
  }
}

/** The FORCE options are for root, who everybody is, and only bound by what an int holds doubled. */
const mostBytes = (socket: Socket, kind: "rmemMax" | "wmemMax", forced: boolean): number =>
  forced ? INT_MAX >> 1 : socket.core.netCore[kind];

/** Linux doubles what is asked for, since it counts its own overhead against the buffer too (socket(7)). */
const bufferBytes = (value: number, most: number, least: number): number =>
  Math.max(least, Math.min(Math.max(0, Math.floor(value)), most) * 2);

function setTimeout(socket: Socket, option: number, value: number): number {
  if (value < 0) return -E.EINVAL;
  const span = Math.min(Math.floor(value), TIME_MAX - SECOND);
  if (option === SO.RCVTIMEO) socket.receiveTimeout = span;
  else socket.sendTimeout = span;
  return 0;
}

function setLinger(socket: Socket, value: OptionValue): number {
  if (typeof value !== "object" || !("on" in value) || !Number.isFinite(value.seconds)) return -E.EINVAL;
  socket.lingers = value.on;
  // l_linger is unsigned to the kernel: what is negative means for ever.
  const seconds = value.seconds < 0 ? Infinity : Math.floor(value.seconds);
  if (value.on) socket.lingerNs = Math.min(seconds * SECOND, TIME_MAX - SECOND);
  return 0;
}

function bindToDevice(socket: Socket, devices: DeviceNames, value: OptionValue): number {
  if (typeof value !== "string") return -E.EINVAL;
  if (value === "") {
    socket.device = 0;
    return 0;
  }
  const device = devices.byName(value) ?? null;
  if (device === null) return -E.ENODEV;
  socket.device = device.index;
  return 0;
}
