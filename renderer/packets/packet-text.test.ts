import { describe, expect, it } from "vitest";
import type { PacketDetail, PacketRow } from "../../core/contract/api/packet-view.ts";
import { classOf } from "./packet-looks.ts";
import { filtersFor } from "./packet-filters.ts";
import { bytesText, detailText, rowText, secondsOf } from "./packet-text.ts";

const ROW: PacketRow = {
  ...{ number: 3, time: 1_204_517_300, interface: "h1:eth0", direction: "out", source: "10.0.0.1", target: "10.0.0.2" },
  ...{ protocol: "TCP", length: 54, info: "TCP, 1234 > 80 [ACK], seq 1, win 9, 0 bytes", packet: 2, drop: "" },
};
const field = (name: string, value: string) => ({ name, label: name, value, from: 0, to: 1, error: "" });
const PACKET: PacketDetail = {
  row: ROW,
  layers: [
    {
      ...{ protocol: "ip", summary: "IPv4", from: 0, to: 2, error: "cut short" },
      fields: [field("ip.src", "10.0.0.1"), field("ip.dst", "10.0.0.2")],
    },
    {
      ...{ protocol: "tcp", summary: "TCP", from: 0, to: 2, error: "" },
      fields: [field("tcp.srcport", "1234"), field("tcp.dstport", "80")],
    },
  ],
  bytes: Uint8Array.of(0x41, 0, 0xff),
};

describe("packets as text", () => {
  it("tells times exactly", () => {
    expect(secondsOf(1_204_517_300)).toBe("1.204517300");
    expect(secondsOf(7)).toBe("0.000000007");
  });

  it("writes a line, and the reason of a drop", () => {
    expect(rowText(ROW).split("\t").slice(0, 3)).toEqual(["3", "1.204517300", "h1:eth0 out"]);
    expect(rowText({ ...ROW, drop: "rx_ring_full" })).toContain("[dropped: rx_ring_full]");
  });

  it("writes layers, errors and bytes", () => {
    const text = detailText(PACKET);
    expect(text).toContain("IPv4 [cut short]\n    ip.src: 10.0.0.1");
    expect(bytesText(PACKET.bytes)).toBe(`0000  41 00 ff${" ".repeat(39)}  A..`);
  });
});

describe("what a packet looks like and suggests", () => {
  it("sorts TCP by what the segment does", () => {
    const of = (info: string): string => classOf({ protocol: "TCP", info });
    expect(of("TCP, 1 > 2 [SYN, ACK], seq 1, 0 bytes")).toBe("tcp-syn");
    expect(of("TCP, 1 > 2 [FIN, PSH, ACK], seq 1, 10 bytes")).toBe("tcp-fin");
    expect(of("TCP, 1 > 2 [RST], seq 1, 0 bytes")).toBe("tcp-rst");
    expect(of("TCP, 1 > 2 [PSH, ACK], seq 1, 10 bytes")).toBe("tcp-data");
    expect(of("TCP, 1 > 2 [ACK], seq 1, 0 bytes")).toBe("tcp");
    expect(classOf({ protocol: "IPv4", info: "" })).toBe("other");
  });

  it("filters by conversation, host and protocol", () => {
    expect(filtersFor(PACKET).map(({ filter }) => filter)).toEqual([
      "ip.addr == 10.0.0.1 && ip.addr == 10.0.0.2 && tcp.port == 1234 && tcp.port == 80",
      "ip.addr == 10.0.0.1 && ip.addr == 10.0.0.2",
      "ip.addr == 10.0.0.1",
      "tcp",
    ]);
  });
});
