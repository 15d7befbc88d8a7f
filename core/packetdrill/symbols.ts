/** Names that scripts use in calls, with Linux's numbers: flags, options, protocols, error numbers, ioctls. */
import { E, type ErrnoName } from "../kernel/syscall/errno.ts";
import {
  AF,
  EPOLL,
  EPOLL_CTL,
  IP,
  MSG,
  O,
  PMTUDISC,
  POLL,
  SIOCINQ,
  SIOCOUTQ,
  SIOCOUTQNSD,
  SO,
  SOCK,
  SOL,
  TCP,
} from "../kernel/syscall/sys.ts";
import { ICMP_TYPE, ICMP_UNREACH } from "../wire/icmp.ts";
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from "../wire/ipv4.ts";

/** F_GETFL and F_SETFL are all of fcntl that there is. */
export const FCNTL = { GETFL: 3, SETFL: 4 } as const;
export const TCP_CM_INQ = TCP.INQ;
/** Origins of extended errors (linux/errqueue.h). */
export const SO_EE_ORIGIN = { NONE: 0, LOCAL: 1, ICMP: 2 } as const;

function prefixed(prefix: string, table: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(table).map(([name, value]) => [`${prefix}${name}`, value]);
}

const SYMBOLS: ReadonlyMap<string, number> = new Map<string, number>([
  ...prefixed("AF_", AF),
  ...prefixed("PF_", AF),
  ...prefixed("SOCK_", SOCK),
  ...prefixed("MSG_", MSG),
  ...prefixed("SOL_", SOL),
  ...prefixed("SO_", SO),
  ...prefixed("IP_", IP),
  ...prefixed("TCP_", TCP),
  ...prefixed("IP_PMTUDISC_", PMTUDISC),
  ...prefixed("POLL", POLL),
  ...prefixed("EPOLL", EPOLL),
  ...prefixed("EPOLL_CTL_", EPOLL_CTL),
  ...prefixed("O_", O),
  ...prefixed("F_", FCNTL),
  ...prefixed("SO_EE_ORIGIN_", SO_EE_ORIGIN),
  ...prefixed("", E),
  ...prefixed("ICMP_", ICMP_TYPE),
  ...prefixed("ICMP_", ICMP_UNREACH),
  ["EWOULDBLOCK", E.EAGAIN],
  ["ENOTSUP", E.EOPNOTSUPP],
  ["IPPROTO_IP", 0],
  ["IPPROTO_ICMP", IPPROTO_ICMP],
  ["IPPROTO_TCP", IPPROTO_TCP],
  ["IPPROTO_UDP", IPPROTO_UDP],
  ["TCP_CM_INQ", TCP_CM_INQ],
  ["SIOCINQ", SIOCINQ],
  ["FIONREAD", SIOCINQ],
  ["SIOCOUTQ", SIOCOUTQ],
  ["TIOCOUTQ", SIOCOUTQ],
  ["SIOCOUTQNSD", SIOCOUTQNSD],
  ["SHUT_RD", 0],
  ["SHUT_WR", 1],
  ["SHUT_RDWR", 2],
  ["EPOLLRDNORM", 0x40],
  ["EPOLLWRNORM", 0x100],
  ["POLLRDNORM", 0x40],
  ["POLLWRNORM", 0x100],
  ["ICMP_UNREACH", ICMP_TYPE.DEST_UNREACH],
  ["ICMP_UNREACH_NEEDFRAG", ICMP_UNREACH.FRAG_NEEDED],
  ["ICMP_UNREACH_PORT", ICMP_UNREACH.PORT_UNREACH],
  ["ICMP_UNREACH_HOST", ICMP_UNREACH.HOST_UNREACH],
  ["ICMP_UNREACH_NET", ICMP_UNREACH.NET_UNREACH],
  ["INADDR_ANY", 0],
]);

export const symbolValue = (name: string): number | undefined => SYMBOLS.get(name);

/** The number of an error symbol, or undefined when Linux has none of that name here. */
export const errnoValue = (name: string): number | undefined =>
  name === "EWOULDBLOCK" ? E.EAGAIN : (E[name as ErrnoName] as number | undefined);
