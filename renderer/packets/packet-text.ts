/**
 * Packets as text, for the clipboard: one line, the layers, and the bytes as `tcpdump -xx` and Wireshark print them.
 */
import type { PacketDetail, PacketRow } from "../../core/contract/api/packet-view.ts";

const BYTES_A_LINE = 16;

/** Seconds with nine digits, as the list shows them. */
export function secondsOf(ns: number): string {
  return `${Math.floor(ns / 1e9)}.${String(Math.round(ns % 1e9)).padStart(9, "0")}`;
}

/** Without the name of the protocol, which has a column of its own. */
export function infoOf({ protocol, info }: Pick<PacketRow, "protocol" | "info">): string {
  return info.startsWith(`${protocol}, `) ? info.slice(protocol.length + 2) : info;
}

export function rowText(row: PacketRow): string {
  const { number, time, interface: at, direction, source, target, protocol, length, info, drop } = row;
  const fate = drop === "" ? "" : ` [dropped: ${drop}]`;
  return [number, secondsOf(time), `${at} ${direction}`, source, target, protocol, length, info + fate].join("\t");
}

export function detailText({ row, layers, bytes }: PacketDetail): string {
  const tree = layers.flatMap((layer) => [
    layer.summary + (layer.error === "" ? "" : ` [${layer.error}]`),
    ...layer.fields.map(({ label, value, error }) => `    ${label}: ${value}${error === "" ? "" : ` [${error}]`}`),
  ]);
  return [rowText(row), "", ...tree, "", bytesText(bytes)].join("\n");
}

export function bytesText(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_A_LINE) {
    const some = [...bytes.subarray(at, at + BYTES_A_LINE)];
    const hex = some
      .map(hexByte)
      .join(" ")
      .padEnd(BYTES_A_LINE * 3 - 1);
    lines.push(`${hexOffset(at)}  ${hex}  ${some.map(printable).join("")}`);
  }
  return lines.join("\n");
}

export const hexByte = (byte: number): string => byte.toString(16).padStart(2, "0");

export const hexOffset = (offset: number): string => offset.toString(16).padStart(4, "0");

/** ASCII, or a dot. */
export const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".");
