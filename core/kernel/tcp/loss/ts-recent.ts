/** The timestamp to echo, TS.Recent (tcp_store_ts_recent, tcp_replace_ts_recent; RFC 7323, 4.3 and 5.3). */
import { pawsPasses } from "./paws.ts";
import { seqAfter, type Seq } from "../sequence.ts";
import type { TcpSock } from "../tcp-sock.ts";

export function storeTsRecent(tcp: TcpSock): void {
  tcp.rxOpt.tsRecent = tcp.rxOpt.rcvTsval;
  tcp.rxOpt.tsRecentStampS = tcp.nowS;
}

/** Takes the timestamp of a segment that starts at `seq`, unless it is beyond the last ACK sent, or older. */
export function replaceTsRecent(tcp: TcpSock, seq: Seq): void {
  if (!tcp.rxOpt.sawTstamp || seqAfter(seq, tcp.rcvWup)) return;
  if (pawsPasses(tcp.rxOpt, 0, tcp.nowS)) storeTsRecent(tcp);
}
