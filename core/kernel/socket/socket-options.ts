/** Options of SOL_SOCKET, which every socket has (sock_setsockopt in net/core/sock.c). */
import { SECOND, TIME_MAX } from "../../base/time.ts";
import type { NetDevice } from "../device/net-device.ts";
import { E } from "../syscall/errno.ts";
import { SO } from "../syscall/sys.ts";
import { RCVBUF_MIN, SNDBUF_MIN } from "./limits.ts";
import type { Socket } from "./socket.ts";

export type OptionValue = number | string | Uint8Array;
export type OptionResult = { value: number | string } | { error: number };

/** Finds interfaces for SO_BINDTODEVICE. */
export interface DeviceNames {
  byName(name: string): NetDevice | null | undefined;
  byIndex(index: number): NetDevice | null | undefined;
}

/** Sets an option of any socket. @returns 0, -errno, -ENOPROTOOPT for one that is not of this level. */
export function setSocketOption(socket: Socket, devices: DeviceNames, option: number, value: OptionValue): number {
  if (option === SO.BINDTODEVICE) return bindToDevice(socket, devices, value);
  if (typeof value !== "number" || !Number.isFinite(value)) return -E.EINVAL;
  switch (option) {
    case SO.REUSEADDR:
      socket.reuseAddress = value !== 0;
      return 0;
    case SO.REUSEPORT:
      socket.reusePort = value !== 0;
      return 0;
    case SO.BROADCAST:
      socket.broadcast = value !== 0;
      return 0;
    case SO.KEEPALIVE:
      socket.keepAlive = value !== 0;
      return 0;
    case SO.TIMESTAMP:
      socket.timestamps = value !== 0;
      return 0;
    case SO.PRIORITY:
      if (value < 0) return -E.EINVAL;
      socket.priority = Math.floor(value);
      return 0;
    case SO.MARK:
      socket.mark = value >>> 0;
      return 0;
    case SO.RCVBUF:
      socket.receiveBufferBytes = bufferBytes(socket, "net.core.rmem_max", value, RCVBUF_MIN);
      return 0;
    case SO.SNDBUF:
      socket.sendBufferBytes = bufferBytes(socket, "net.core.wmem_max", value, SNDBUF_MIN);
      socket.waiters.wake();
      return 0;
    case SO.RCVTIMEO:
    case SO.SNDTIMEO:
      return setTimeout(socket, option, value);
    case SO.DONTROUTE:
    case SO.LINGER:
      return 0;
    default:
      return -E.ENOPROTOOPT;
  }
}

export function getSocketOption(socket: Socket, devices: DeviceNames, option: number): OptionResult {
  switch (option) {
    case SO.ERROR:
      return { value: -socket.takeError() };
    case SO.BINDTODEVICE:
      return { value: devices.byIndex(socket.device)?.name ?? "" };
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
  [SO.RCVTIMEO, (socket) => socket.receiveTimeout],
  [SO.SNDTIMEO, (socket) => socket.sendTimeout],
  [SO.DONTROUTE, () => 0],
  [SO.ACCEPTCONN, () => 0],
]);

/** Linux doubles what is asked for, since it counts its own overhead against the buffer too (socket(7)). */
function bufferBytes(socket: Socket, sysctl: string, value: number, least: number): number {
  const most = Number(socket.core.sysctls.get(sysctl));
  return Math.max(least, Math.min(Math.max(0, Math.floor(value)), most) * 2);
}

function setTimeout(socket: Socket, option: number, value: number): number {
  if (value < 0) return -E.EINVAL;
  const span = Math.min(Math.floor(value), TIME_MAX - SECOND);
  if (option === SO.RCVTIMEO) socket.receiveTimeout = span;
  else socket.sendTimeout = span;
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
