/** TCP options as scripts write them and as headers carry them: kind, bytes and text of each, in order. */
import { put16, put32, put8, toHex, u16, u32, u8 } from "../base/bytes.ts";
import { TCPOPT } from "../wire/tcp-options.ts";

/** MD5 signatures (RFC 2385), and shared experiments (RFC 6994) with fast open's number. */
export const TCPOPT_MD5 = 19;
export const TCPOPT_EXPERIMENT = 254;
export const FASTOPEN_EXPERIMENT_ID = 0xf989;

export interface ScriptOption {
  readonly kind: number;
  /** The option whole, with kind and length where it has them. */
  readonly bytes: Uint8Array;
}

export const optionNop = (): ScriptOption => ({ kind: TCPOPT.NOP, bytes: Uint8Array.of(TCPOPT.NOP) });
export const optionEol = (): ScriptOption => ({ kind: TCPOPT.EOL, bytes: Uint8Array.of(TCPOPT.EOL) });

/** @param data what follows kind and length. */
export function optionOf(kind: number, data: Uint8Array): ScriptOption {
  const bytes = new Uint8Array(2 + data.length);
  put8(bytes, 0, kind);
  put8(bytes, 1, bytes.length);
  bytes.set(data, 2);
  return { kind, bytes };
}

export function optionMss(mss: number): ScriptOption {
  const data = new Uint8Array(2);
  put16(data, 0, mss);
  return optionOf(TCPOPT.MSS, data);
}

export function optionTimestamps(value: number, echo: number): ScriptOption {
  const data = new Uint8Array(8);
  put32(data, 0, value);
  put32(data, 4, echo);
  return optionOf(TCPOPT.TIMESTAMP, data);
}

/** @param edges left and right edge of each block. */
export function optionSack(edges: readonly number[]): ScriptOption {
  const data = new Uint8Array(4 * edges.length);
  edges.forEach((edge, index) => put32(data, 4 * index, edge));
  return optionOf(TCPOPT.SACK, data);
}

export function optionFastOpen(cookie: Uint8Array, isExperiment: boolean): ScriptOption {
  if (!isExperiment) return optionOf(TCPOPT.FASTOPEN, cookie);
  const data = new Uint8Array(2 + cookie.length);
  put16(data, 0, FASTOPEN_EXPERIMENT_ID);
  data.set(cookie, 2);
  return optionOf(TCPOPT_EXPERIMENT, data);
}

/** Options of a header between `from` and `to`, each a copy; null where a length makes no sense. */
export function readOptions(bytes: Uint8Array, from: number, to: number): ScriptOption[] | null {
  const options: ScriptOption[] = [];
  for (let at = from; at < to;) {
    const kind = u8(bytes, at);
    const length = kind === TCPOPT.NOP || kind === TCPOPT.EOL ? 1 : at + 1 < to ? u8(bytes, at + 1) : 0;
    if (length === 0 || (length === 1 && kind > TCPOPT.NOP) || at + length > to) return null;
    options.push({ kind, bytes: bytes.slice(at, at + length) });
    at += length;
  }
  return options;
}

export const optionsBytes = (options: readonly ScriptOption[]): number =>
  options.reduce((sum, option) => sum + option.bytes.length, 0);

/** Edges of a SACK option's blocks, left and right in turn. */
export function sackEdges(option: ScriptOption): number[] {
  const edges: number[] = [];
  for (let at = 2; at + 4 <= option.bytes.length; at += 4) edges.push(u32(option.bytes, at));
  return edges;
}

/** Value and echo of the timestamps among them; null without any. */
export function timestampsOf(options: readonly ScriptOption[]): { value: number; echo: number } | null {
  const option = options.find(({ kind, bytes }) => kind === TCPOPT.TIMESTAMP && bytes.length === 10);
  return option === undefined ? null : { value: u32(option.bytes, 2), echo: u32(option.bytes, 6) };
}

/** As a script writes it. */
export function optionText(option: ScriptOption): string {
  const { kind, bytes } = option;
  const length = bytes.length;
  if (kind === TCPOPT.NOP) return "nop";
  if (kind === TCPOPT.EOL) return "eol";
  if (kind === TCPOPT.MSS && length === 4) return `mss ${u16(bytes, 2)}`;
  if (kind === TCPOPT.WINDOW && length === 3) return `wscale ${u8(bytes, 2)}`;
  if (kind === TCPOPT.SACK_PERM && length === 2) return "sackOK";
  if (kind === TCPOPT.TIMESTAMP && length === 10) return `TS val ${u32(bytes, 2)} ecr ${u32(bytes, 6)}`;
  if (kind === TCPOPT.SACK && length % 8 === 2) return `sack ${blocksText(sackEdges(option))}`;
  if (kind === TCPOPT.FASTOPEN) return `FO ${toHex(bytes.subarray(2))}`.trim();
  if (kind === TCPOPT_EXPERIMENT && length >= 4 && u16(bytes, 2) === FASTOPEN_EXPERIMENT_ID) {
    return `FOEXP ${toHex(bytes.subarray(4))}`.trim();
  }
  return kind === TCPOPT_MD5 ? `md5 ${toHex(bytes.subarray(2))}` : `option-${kind} ${toHex(bytes.subarray(2))}`;
}

function blocksText(edges: readonly number[]): string {
  const blocks: string[] = [];
  for (let i = 0; i + 1 < edges.length; i += 2) blocks.push(`${edges[i] ?? 0}:${edges[i + 1] ?? 0}`);
  return blocks.join(" ");
}

/** `<mss 1460,nop,nop,sackOK>`, or nothing for none. */
export const optionsText = (options: readonly ScriptOption[] | null): string =>
  options === null ? "<...>" : options.length === 0 ? "" : `<${options.map(optionText).join(",")}>`;
