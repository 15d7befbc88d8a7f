/** Everything in /bin: one entry a command, several names where a tool has them. */
import type { Program } from "../kernel/syscall/sys.ts";
import { cat } from "./commands/cat.ts";
import { date, uptime } from "./commands/date.ts";
import { cp, mkdir, mv, rm, rmdir, touch } from "./commands/files.ts";
import { grep } from "./commands/grep.ts";
import { head, tail } from "./commands/head-tail.ts";
import { ls } from "./commands/ls.ts";
import { killall, ps, time, watch, xargs } from "./commands/processes.ts";
import {
  clear,
  dmesg,
  echo,
  env,
  hostname,
  id,
  kill,
  noFalse,
  printf,
  pwd,
  sleep,
  test,
  uname,
  yesTrue,
} from "./commands/small.ts";
import { seq, sort, tee, uniq, wc, yes } from "./commands/text.ts";
import { ip } from "./ip/ip.ts";
import { arp } from "./net/arp.ts";
import { curl } from "./net/curl.ts";
import { ethtool } from "./net/ethtool.ts";
import { httpd } from "./net/httpd.ts";
import { hping3 } from "./net/hping.ts";
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
import { tcpdump } from "./tcpdump/tcpdump.ts";

export const programs: ReadonlyMap<string, Program> = new Map<string, Program>([
  ["[", test],
  ["arp", arp],
  ["cat", cat],
  ["clear", clear],
  ["cp", cp],
  ["curl", curl],
  ["date", date],
  ["dmesg", dmesg],
  ["echo", echo],
  ["env", env],
  ["ethtool", ethtool],
  ["false", noFalse],
  ["grep", grep],
  ["head", head],
  ["hostname", hostname],
  ["hping3", hping3],
  ["httpd", httpd],
  ["id", id],
  ["ip", ip],
  ["iperf", iperf],
  ["kill", kill],
  ["killall", killall],
  ["ls", ls],
  ["mkdir", mkdir],
  ["mv", mv],
  ["nc", nc],
  ["netstat", netstat],
  ["nstat", nstat],
  ["ping", ping],
  ["printf", printf],
  ["ps", ps],
  ["pwd", pwd],
  ["rm", rm],
  ["rmdir", rmdir],
  ["screend", screend],
  ["seq", seq],
  ["sh", sh],
  ["sleep", sleep],
  ["sort", sort],
  ["ss", ss],
  ["sysctl", sysctl],
  ["tail", tail],
  ["tc", tc],
  ["tcpdump", tcpdump],
  ["tee", tee],
  ["test", test],
  ["time", time],
  ["touch", touch],
  ["traceroute", traceroute],
  ["true", yesTrue],
  ["udpblast", udpblast],
  ["udpsink", udpsink],
  ["uname", uname],
  ["uniq", uniq],
  ["uptime", uptime],
  ["watch", watch],
  ["wc", wc],
  ["xargs", xargs],
  ["yes", yes],
]);
