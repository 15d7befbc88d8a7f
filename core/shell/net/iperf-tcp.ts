/** What iperf's TCP client and server share: sockets with the options asked for, and the lines about a connection. */
import { strerror } from "../../kernel/syscall/errno.ts";
import { AF, IP, SO, SOCK, SOL, TCP, type Call, type Sys } from "../../kernel/syscall/sys.ts";
import type { TcpInfo } from "../../kernel/syscall/tcp-info.ts";
import { formatIpv4 } from "../../wire/address.ts";
import { inetAddress } from "../lib/address.ts";
import { warn } from "../lib/output.ts";
import { label, sizeText } from "./iperf-format.ts";
import type { IperfSettings } from "./iperf-settings.ts";

/** @param port to bind to; 0 for any. @returns a socket or -errno. */
export function* openTcp(sys: Sys, settings: IperfSettings, port: number): Call<number> {
  const fd = yield* sys.socket(AF.INET, SOCK.STREAM, 0);
  if (fd < 0) return fd;
  yield* sys.setsockopt(fd, SOL.SOCKET, SO.REUSEADDR, 1);
  if (settings.buffer > 0) {
    yield* sys.setsockopt(fd, SOL.SOCKET, SO.RCVBUF, settings.buffer);
    yield* sys.setsockopt(fd, SOL.SOCKET, SO.SNDBUF, settings.buffer);
  }
  if (settings.noDelay) yield* sys.setsockopt(fd, SOL.TCP, TCP.NODELAY, 1);
  if (settings.tos > 0) yield* sys.setsockopt(fd, SOL.IP, IP.TOS, settings.tos);
  if (settings.mss > 0 && (yield* sys.setsockopt(fd, SOL.TCP, TCP.MAXSEG, settings.mss)) < 0) {
    yield* warn(sys, `WARNING: attempt to set TCP maximum segment size to ${settings.mss} failed\n`);
  }
  if (settings.congestion !== "") {
    const error = yield* sys.setsockopt(fd, SOL.TCP, TCP.CONGESTION, settings.congestion);
    if (error < 0) {
      yield* warn(sys, `Attempt to set '${settings.congestion}' congestion control failed: ${strerror(error)}\n`);
    }
  }
  if (port === 0 && settings.bind === 0) return fd;
  const error = yield* sys.bind(fd, inetAddress(settings.bind, port));
  return error < 0 ? error : fd;
}

/** The last lines of the head. @param option SO_SNDBUF of a client, SO_RCVBUF of a server. */
export function* headText(sys: Sys, fd: number, settings: IperfSettings, option: number): Call<string> {
  let text = "";
  if (settings.congestion !== "" || settings.enhanced) {
    const name = yield* sys.getsockopt(fd, SOL.TCP, TCP.CONGESTION);
    text = `TCP congestion control using ${"error" in name ? "" : String(name.value)}\n`;
    if (settings.enhanced && option === SO.SNDBUF) {
      const nagle = settings.noDelay ? " and nodelay (Nagle off)" : " (Nagle on)";
      text += `TOS set to 0x${settings.tos.toString(16)}${nagle}\n`;
    }
  }
  const size = yield* sys.getsockopt(fd, SOL.SOCKET, option);
  const bytes = "error" in size ? 0 : Number(size.value);
  const note = settings.buffer > 0 ? ` (WARNING: requested ${sizeText(settings.buffer)})` : " (default)";
  return `${text}TCP window size: ${sizeText(bytes)}${settings.buffer === bytes ? "" : note}\n`;
}

/** Null when the connection is no more. */
export function* infoOf(sys: Sys, fd: number): Call<TcpInfo | null> {
  const result = yield* sys.getsockopt(fd, SOL.TCP, TCP.INFO);
  return "error" in result || typeof result.value !== "object" || !("tcpi_state" in result.value) ? null : result.value;
}

const ETHERNET_MTU = 1500;

/** `[  1] local ... connected with ... (icwnd/mss/irtt=14/1448/4011)`. */
export function* connectionText(sys: Sys, fd: number, id: number, settings: IperfSettings): Call<string> {
  const [local, peer] = [inetAddress(), inetAddress()];
  yield* sys.getsockname(fd, local);
  yield* sys.getpeername(fd, peer);
  const info = yield* infoOf(sys, fd);
  const window = info === null ? 0 : Math.floor((info.tcpi_snd_cwnd * info.tcpi_snd_mss) / 1024);
  const start = info === null ? "" : ` (icwnd/mss/irtt=${window}/${info.tcpi_snd_mss}/${info.tcpi_rtt})`;
  const ends = `local ${formatIpv4(local.address)} port ${local.port} connected with ${formatIpv4(peer.address)}`;
  const line = `${label(id)} ${ends} port ${peer.port}${start}\n`;
  if (!settings.printsMss || info === null) return line;
  const kind = info.tcpi_pmtu === ETHERNET_MTU ? "ethernet" : "unknown interface";
  return `${line}${label(id)} MSS size ${info.tcpi_snd_mss} bytes (MTU ${info.tcpi_pmtu} bytes, ${kind})\n`;
}
