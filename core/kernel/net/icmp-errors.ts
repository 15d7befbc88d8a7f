/** What sockets report for ICMP errors (Linux icmp_err_convert, net/ipv4/icmp.c; RFC 1122, section 4.2.3.9). */
import type { Ipv4Address } from "../../wire/address.ts";
import { ICMP_TYPE } from "../../wire/icmp.ts";
import { E } from "../syscall/errno.ts";
import type { IcmpError } from "./protocol.ts";

/** By code of destination unreachable: errno, and whether it ends a connection. */
const UNREACHABLE: readonly (readonly [errno: number, isFatal: boolean])[] = [
  [E.ENETUNREACH, false],
  [E.EHOSTUNREACH, false],
  [E.ENOPROTOOPT, true],
  [E.ECONNREFUSED, true],
  [E.EMSGSIZE, false],
  [E.EOPNOTSUPP, false],
  [E.ENETUNREACH, true],
  [E.EHOSTDOWN, true],
  [E.ENONET, true],
  [E.ENETUNREACH, true],
  [E.EHOSTUNREACH, true],
  [E.ENETUNREACH, false],
  [E.EHOSTUNREACH, false],
  [E.EHOSTUNREACH, true],
  [E.EHOSTUNREACH, true],
  [E.EHOSTUNREACH, true],
];
/** Highest code of destination unreachable there is (NR_ICMP_UNREACH). */
export const UNREACHABLE_CODE_MAX = UNREACHABLE.length - 1;

/** The one record that is passed around for every error. */
export class IcmpErrorRecord implements IcmpError {
  type = 0;
  code = 0;
  info = 0;
  offender: Ipv4Address = 0 as Ipv4Address;
  errno = 0;
  isFatal = false;

  /** Sets errno and isFatal by type and code. */
  classify(): void {
    const [errno, isFatal] =
      this.type === ICMP_TYPE.DEST_UNREACH
        ? (UNREACHABLE[this.code] ?? ([E.EHOSTUNREACH, false] as const))
        : this.type === ICMP_TYPE.PARAMETERPROB
          ? ([E.EPROTO, true] as const)
          : ([E.EHOSTUNREACH, false] as const);
    this.errno = errno;
    this.isFatal = isFatal;
  }
}
