/**
 * One connection as script and stack know it. Scripts number as tcpdump prints: packets with SYN have absolute numbers,
 * all others count from the initial ones. So numbers, timestamps and ports are translated between the two.
 */
import { TH } from "../wire/tcp.ts";
import type { Ipv4Address } from "../wire/address.ts";
import { optionSack, optionTimestamps, sackEdges, type ScriptOption } from "./tcp-option-spec.ts";
import { TCPOPT } from "../wire/tcp-options.ts";
import { u32 } from "../base/bytes.ts";
import { StreamContent } from "./stream-content.ts";

export type SocketPhase =
  | "new"
  | "listening"
  /** A listener's first packet has been injected: the connection to be. */
  | "packet-received"
  | "synack-sent"
  | "synack-acked"
  | "connecting"
  | "syn-sent"
  | "syn-acked";

export interface Endpoint {
  address: Ipv4Address;
  port: number;
}

const NOWHERE: Endpoint = { address: 0 as Ipv4Address, port: 0 };
const SALT_SENT = 0;
const SALT_RECEIVED = 101;

export class ScriptSocket {
  phase: SocketPhase = "new";
  readonly protocol: "tcp" | "udp" | "icmp";
  /** -1 before accept() has returned it. */
  scriptFd = -1;
  local: Endpoint = { ...NOWHERE };
  remote: Endpoint = { ...NOWHERE };
  scriptLocalIsn = 0;
  liveLocalIsn = 0;
  remoteIsn = 0;
  readonly #timestamps = new Map<number, number>();
  #firstScriptTimestamp = 0;
  #firstLiveTimestamp = 0;
  #hasTimestamp = false;
  /** What the program writes, and what arrives for it; how far it has written and read. */
  readonly sent = new StreamContent(SALT_SENT);
  readonly received = new StreamContent(SALT_RECEIVED);
  writtenBytes = 0;
  readBytes = 0;

  constructor(protocol: ScriptSocket["protocol"]) {
    this.protocol = protocol;
  }

  /** The stack's number for a local one of the script: ack and SACK of injected packets. */
  localToLive(seq: number, flags: number): number {
    const isSyn = (flags & TH.SYN) !== 0;
    return (seq + this.liveLocalIsn - (isSyn ? this.scriptLocalIsn : 0)) >>> 0;
  }

  localToScript(seq: number, flags: number): number {
    const isSyn = (flags & TH.SYN) !== 0;
    return (seq - this.liveLocalIsn + (isSyn ? this.scriptLocalIsn : 0)) >>> 0;
  }

  /** The stack's number for a remote one of the script: seq of injected packets. */
  remoteToLive(seq: number, flags: number): number {
    return ((flags & TH.SYN) !== 0 ? seq : seq + this.remoteIsn) >>> 0;
  }

  remoteToScript(seq: number, flags: number): number {
    return ((flags & TH.SYN) !== 0 ? seq : seq - this.remoteIsn) >>> 0;
  }

  /** Place in the stream of a segment's first byte, of its script number: SYN takes one. */
  streamPlace(seq: number, flags: number): number {
    return (flags & TH.SYN) !== 0 ? 0 : (seq - 1) | 0;
  }

  /** Options of an injected packet as the stack is to see them; or what cannot be translated. */
  optionsToLive(options: readonly ScriptOption[], flags: number, scalesEcho: boolean): ScriptOption[] | string {
    const translated: ScriptOption[] = [];
    for (const option of options) {
      if (option.kind === TCPOPT.SACK) {
        translated.push(optionSack(sackEdges(option).map((edge) => this.localToLive(edge, flags))));
      } else if (option.kind === TCPOPT.TIMESTAMP && (flags & TH.ACK) !== 0) {
        const echo = this.#echoToLive(u32(option.bytes, 6), scalesEcho);
        if (typeof echo === "string") return echo;
        translated.push(optionTimestamps(u32(option.bytes, 2), echo));
      } else translated.push(option);
    }
    return translated;
  }

  #echoToLive(echo: number, scales: boolean): number | string {
    const seen = this.#timestamps.get(echo);
    if (seen !== undefined) return seen;
    if (scales && this.#hasTimestamp) {
      return (echo - this.#firstScriptTimestamp + this.#firstLiveTimestamp) >>> 0;
    }
    return `no packet of the script had the timestamp ${echo} that is echoed here`;
  }

  /** A packet written with timestamp `script` was sent with `live`. @returns the live one as the script would count. */
  noteTimestamp(script: number, live: number): number {
    this.#timestamps.set(script, live);
    if (!this.#hasTimestamp) {
      this.#hasTimestamp = true;
      this.#firstScriptTimestamp = script;
      this.#firstLiveTimestamp = live;
    }
    return (this.#firstScriptTimestamp + live - this.#firstLiveTimestamp) >>> 0;
  }

  /** SACK blocks of a packet that was sent, as the script counts. */
  optionsToScript(options: readonly ScriptOption[], flags: number): ScriptOption[] {
    return options.map((option) =>
      option.kind === TCPOPT.SACK
        ? optionSack(sackEdges(option).map((edge) => this.remoteToScript(edge, flags)))
        : option,
    );
  }

  /** A connection to that peer begins, with numbers and bytes of its own. */
  connect(remote: Endpoint): void {
    this.phase = "connecting";
    this.remote = remote;
    this.remoteIsn = 0;
    this.writtenBytes = 0;
    this.readBytes = 0;
  }
}
