/** Everything in /bin. */
import type { Program } from "../kernel/syscall/sys.ts";
import { cat } from "./commands/cat.ts";
import { date, uptime } from "./commands/date.ts";
import { grep } from "./commands/grep.ts";
import { ls } from "./commands/ls.ts";
import { dmesg, echo, hostname, kill, sleep, uname } from "./commands/small.ts";
import { arp } from "./net/arp.ts";
import { ethtool } from "./net/ethtool.ts";
import { iperf } from "./net/iperf.ts";
import { nc } from "./net/nc.ts";
import { netstat } from "./net/netstat.ts";
import { nstat } from "./net/nstat.ts";
import { ping } from "./net/ping.ts";
import { ss } from "./net/ss.ts";
import { sysctl } from "./net/sysctl.ts";
import { tc } from "./net/tc.ts";
import { traceroute } from "./net/traceroute.ts";
import { screend, udpblast, udpsink } from "./net/udp-tools.ts";
import { sh } from "./sh/sh.ts";

export const programs: ReadonlyMap<string, Program> = new Map<string, Program>([
  ["sh", sh],
  ["cat", cat],
  ["date", date],
  ["dmesg", dmesg],
  ["echo", echo],
  ["grep", grep],
  ["hostname", hostname],
  ["kill", kill],
  ["ls", ls],
  ["sleep", sleep],
  ["uname", uname],
  ["uptime", uptime],
  ["arp", arp],
  ["ethtool", ethtool],
  ["iperf", iperf],
  ["nc", nc],
  ["netstat", netstat],
  ["nstat", nstat],
  ["ping", ping],
  ["ss", ss],
  ["sysctl", sysctl],
  ["tc", tc],
  ["traceroute", traceroute],
  ["screend", screend],
  ["udpblast", udpblast],
  ["udpsink", udpsink],
]);
