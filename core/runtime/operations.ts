/**
 * What a guest's library can ask of the machine, by number. The library is told the numbers when it is started, so they
 * stand here alone.
 */
import { E, errnoName, strerror } from "../kernel/syscall/errno.ts";

export const OPERATION = {
  // Answered at once
  now: 16,
  random: 17,
  print: 18,
  state: 19,
  decide: 20,
  // Answered when the machine has done it
  sleep: 32,
  socket: 33,
  bind: 34,
  listen: 35,
  accept: 36,
  connect: 37,
  send: 38,
  sendto: 39,
  recv: 40,
  recvfrom: 41,
  shutdown: 42,
  close: 43,
  getsockname: 44,
  getpeername: 45,
  setsockopt: 46,
  getsockopt: 47,
  gethostbyname: 48,
  open: 64,
  read: 65,
  write: 66,
  fsync: 67,
  unlink: 68,
  mkdir: 69,
  rmdir: 70,
  rename: 71,
  stat: 72,
  readdir: 73,
} as const;

export type OperationName = keyof typeof OPERATION;

/** What the library's kernel module is told when it is started. */
export const LIBRARY_BOOT = {
  operations: OPERATION,
  errors: Object.values(E).map((number) => [number, errnoName(number), strerror(number)] as const),
};
