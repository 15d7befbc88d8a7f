import { beforeEach, describe, expect, it } from "vitest";
import { FakeMachine, ip } from "../../../test/harness/fake-sys.ts";
import { u32 } from "../../base/bytes.ts";
import { IPPROTO_TCP } from "../../wire/ipv4.ts";
import { tcpAck, tcpChecksum, tcpFlags, tcpSeq, TH } from "../../wire/tcp.ts";
import { programs } from "../programs.ts";
import { flagLetters, hpingPacket, readAnswer } from "./hping-packet.ts";

let machine: FakeMachine;
/** Segments sent, each with its time. */
let sent: { at: number; bytes: Uint8Array }[];

beforeEach(() => {
  machine = new FakeMachine(programs);
  machine.write("/etc/hosts", "127.0.0.1 localhost\n10.0.1.2 h2\n10.0.1.9 trusted\n");
  sent = [];
});

/** Every SYN is answered after 1.5 ms with a number that is `step` further than the one before. */
function answer(step: number): void {
  let isn = 4_294_000_000;
  machine.onSend = (socket, bytes) => {
    if (socket.protocol !== IPPROTO_TCP) return bytes.length;
    sent.push({ at: machine.time, bytes: bytes.slice() });
    const [sourcePort, targetPort] = [
      (bytes[22] ?? 0) * 256 + (bytes[23] ?? 0),
      (bytes[20] ?? 0) * 256 + (bytes[21] ?? 0),
    ];
    isn = (isn + step) % 2 ** 32;
    const reply = hpingPacket({
      ...{ source: ip("10.0.1.2"), target: ip("10.0.1.1"), sourcePort, targetPort, seq: isn, ack: 1 },
      ...{ flags: TH.SYN | TH.ACK, window: 64_240, ttl: 63, id: 0, dontFragment: true, data: new Uint8Array(0) },
    });
    machine.at(machine.time + 1_500_000, () => void socket.queue.push({ bytes: reply, at: machine.time }));
    return bytes.length;
  };
}

const hping = (...words: string[]): { status: number; output: string } => machine.run("hping3", ["hping3", ...words]);

describe("hping3", () => {
  it("prints answers and statistics", () => {
    answer(1);
    expect(hping("h2", "-S", "-p", "80", "-c", "2", "-s", "5000", "-i", "u10000")).toEqual({
      status: 0,
      output:
        "HPING h2 (10.0.1.2): S set, 40 headers + 0 data bytes\n" +
        "len=40 ip=10.0.1.2 ttl=63 DF id=0 sport=80 flags=SA seq=0 win=64240 rtt=1.5 ms\n" +
        "len=40 ip=10.0.1.2 ttl=63 DF id=0 sport=80 flags=SA seq=1 win=64240 rtt=1.5 ms\n" +
        "\n--- h2 hping statistic ---\n" +
        "2 packets transmitted, 2 packets received, 0% packet loss\n" +
        "round-trip min/avg/max = 1.5/1.5/1.5 ms\n",
    });
    expect(sent.map(({ at }) => at)).toEqual([0, 10_000_000]);
  });

  it("shows how initial sequence numbers grow", () => {
    answer(64_000);
    const { output } = hping("h2", "-S", "-Q", "-p", "80", "-c", "3", "-i", "u100000");
    expect(output).toContain("4294064000 +4294064000\n4294128000 +64000\n4294192000 +64000\n");
  });

  it("ends with 1 a second after its last packet when nothing answers", () => {
    expect(hping("h2", "-S", "-c", "1", "-q")).toMatchObject({ status: 1 });
    expect(machine.time).toBe(1_000_000_000);
  });

  it("forges source, ports, numbers, flags and data, with a right checksum", () => {
    machine.onSend = (socket, bytes) => {
      if (socket.protocol === IPPROTO_TCP) sent.push({ at: machine.time, bytes: bytes.slice() });
      return bytes.length;
    };
    const words = "h2 --flood -c 3 -a trusted -s 1023 -k -p 513 -M 4294967290+4 -L 7 -A -P -e hello -d 8 -t 9";
    expect(hping(...words.split(" ")).status).toBe(0);
    expect(machine.time).toBe(0);
    expect(sent.map(({ bytes }) => tcpSeq(bytes, 20))).toEqual([4_294_967_290, 4_294_967_294, 2]);
    for (const { bytes } of sent) {
      expect(u32(bytes, 12)).toBe(ip("10.0.1.9"));
      const between = { source: ip("10.0.1.9"), target: ip("10.0.1.2") };
      expect(tcpChecksum(bytes, 20, bytes.length - 20, between)).toBe(0);
      expect([tcpFlags(bytes, 20), tcpAck(bytes, 20), bytes[8]]).toEqual([TH.ACK | TH.PSH, 7, 9]);
      expect(readAnswer(bytes, bytes.length)).toMatchObject({ sourcePort: 1023, targetPort: 513, window: 512 });
      expect(String.fromCharCode(...bytes.subarray(40))).toBe("helloXXX");
    }
  });

  it.each([
    [["nobody"], "unable to resolve"],
    [[], "you must specify only one target host at a time"],
    [["h2", "-M", "x"], "a sequence number is START or START+STEP"],
    [["h2", "-p", "70000"], "bad value of an option"],
    [["h2", "-i", "u0"], "bad value of an option"],
    [["h2", "-E", "/none"], "/none: No such file or directory"],
  ])("refuses %j", (words, message) => {
    const { status, output } = hping(...words);
    expect(status).toBe(1);
    expect(output).toContain(message);
  });

  it("reads no answer from what is none", () => {
    const packet = hpingPacket({
      ...{ source: ip("10.0.1.2"), target: ip("10.0.1.1"), sourcePort: 1, targetPort: 2, seq: 3, ack: 4 },
      ...{ flags: 0xff, window: 5, ttl: 6, id: 7, dontFragment: false, data: new Uint8Array(0) },
    });
    for (let length = 0; length < packet.length; length++) expect(readAnswer(packet, length)).toBeNull();
    expect(flagLetters(readAnswer(packet, packet.length)?.flags ?? 0)).toBe("RSAFPUXY");
  });
});
