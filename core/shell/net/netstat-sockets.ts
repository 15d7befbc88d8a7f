/** netstat's table of sockets (net-tools 2.10): -t, -u, -w, -a, -l, -n, -p, -e, -o. */
import { SECOND } from "../../base/time.ts";
import type { SocketInfo } from "../../kernel/syscall/netlink.ts";
import type { Call, Sys } from "../../kernel/syscall/sys.ts";
import { formatIpv4 } from "../../wire/address.ts";
import { fixedPoint } from "../lib/format.ts";
import { readHosts, type Hosts } from "../lib/hosts.ts";
import type { Arguments } from "../lib/options.ts";
import { print } from "../lib/output.ts";
import { portName, protocolName } from "../lib/services.ts";
import { sockets } from "./netlink.ts";

/** Columns of an endpoint; a name too long for it loses its end. */
const END_COLUMNS = 23;

/** As netstat calls the states that ss has other names for. */
const STATES = new Map([
  ["ESTAB", "ESTABLISHED"],
  ["SYN-SENT", "SYN_SENT"],
  ["SYN-RECV", "SYN_RECV"],
  ["FIN-WAIT-1", "FIN_WAIT1"],
  ["FIN-WAIT-2", "FIN_WAIT2"],
  ["TIME-WAIT", "TIME_WAIT"],
  ["CLOSE-WAIT", "CLOSE_WAIT"],
  ["LAST-ACK", "LAST_ACK"],
  ["UNCONN", ""],
]);

/** In netstat's order. */
const PROTOCOLS: readonly SocketInfo["protocol"][] = ["tcp", "udp", "raw", "icmp"];

export function* socketTable(sys: Sys, args: Arguments): Call<number> {
  const hosts = yield* readHosts(sys);
  const any = args.has("u") || args.has("t") || args.has("w");
  const letters: Readonly<Record<SocketInfo["protocol"], string>> = {
    tcp: "t",
    udp: "u",
    raw: "w",
    icmp: "w",
    packet: "",
  };
  const wanted = PROTOCOLS.filter((protocol) => !any || args.has(letters[protocol]));
  const scope = args.has("a") ? "servers and established" : args.has("l") ? "only servers" : "w/o servers";
  yield* print(sys, `Active Internet connections (${scope})\n`);
  const extras = [
    args.has("e") ? " User       Inode     " : "",
    args.has("p") ? " PID/Program name    " : "",
    args.has("o") ? " Timer" : "",
  ].join("");
  yield* print(sys, `Proto Recv-Q Send-Q Local Address           Foreign Address         State      ${extras}\n`);
  const all = yield* sockets(sys);
  for (const protocol of wanted) {
    for (const each of all) {
      if (each.protocol === protocol && isShown(each, args)) yield* print(sys, socketLine(each, args, hosts));
    }
  }
  return 0;
}

function isShown(each: SocketInfo, args: Arguments): boolean {
  if (args.has("a")) return true;
  const passive = each.state === "UNCONN" || each.state === "LISTEN";
  return args.has("l") ? passive : !passive;
}

function socketLine(each: SocketInfo, args: Arguments, hosts: Hosts): string {
  const end = (at: SocketInfo["local"]): string => endpoint(each, at, args.has("n") ? null : hosts).padEnd(END_COLUMNS);
  // /proc/net/tcp, which netstat reads, has no backlog.
  const unsent = each.state === "LISTEN" ? 0 : each.sendQueueBytes;
  const queues = `${String(each.receiveQueueBytes).padStart(6)} ${String(unsent).padStart(6)}`;
  const state = (STATES.get(each.state) ?? each.state).padEnd(11);
  const owner = each.process === null ? "-" : `${each.process.pid}/${each.process.command}`;
  const extras = [
    args.has("e") ? ` ${(args.has("n") ? "0" : "root").padEnd(10)} ${String(each.inode).padEnd(10)}` : "",
    args.has("p") ? ` ${owner.padEnd(20)}` : "",
    args.has("o") ? ` ${timerText(each)}` : "",
  ].join("");
  return `${each.protocol.padEnd(5)} ${queues} ${end(each.local)} ${end(each.peer)} ${state}${extras}\n`;
}

/** @param hosts null for numbers. */
function endpoint(each: SocketInfo, { address, port }: SocketInfo["local"], hosts: Hosts | null): string {
  const nameOf = each.protocol === "raw" ? protocolName : portName;
  const name = port === 0 ? "*" : hosts === null ? String(port) : nameOf(port);
  const host = hosts === null || address === 0 ? formatIpv4(address) : hosts.label(address);
  return `${host.slice(0, END_COLUMNS - 2 - name.length)}:${name}`;
}

/** `on (0.20/1/0)`: seconds left, retransmissions, probes. */
function timerText({ tcp }: SocketInfo): string {
  if (tcp === undefined || tcp.timer === null) return "off (0.00/0/0)";
  const name = tcp.timer === "persist" ? "probe" : tcp.timer;
  const left = fixedPoint(Math.floor((tcp.timerLeft * 100) / SECOND), 2);
  return `${name} (${left}/${tcp.retransmits}/${tcp.probes})`;
}
