import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TestReceiver } from "../../../test/harness/tcp-receiver.ts";
import { toHex } from "../../base/bytes.ts";
import { parseTcpOptions } from "../../wire/tcp-options.ts";
import { TCP_HEADER_BYTES, TH } from "../../wire/tcp.ts";
import type { SkBuff } from "../skb/skbuff.ts";
import {
  clearOptions,
  establishedOptionsLength,
  newCookie,
  PARSE_ESTABLISHED,
  PARSE_HANDSHAKE,
  parseEstablishedOptions,
  parseOptions,
  synAckOptionsLength,
  writeEstablishedOptions,
  writeSynAckOptions,
  writeSynOptions,
  type SynOptions,
} from "./options.ts";
import { seqOf } from "./sequence.ts";

const SYN: SynOptions = {
  mss: 1460,
  timestamps: true,
  value: 100,
  echo: 7,
  sack: true,
  windowShift: 8,
  cookie: null,
  exp: false,
};

function synBytes(options: Partial<SynOptions>): string {
  const bytes = new Uint8Array(40);
  const length = writeSynAckOptions(bytes, 0, { ...SYN, ...options });
  expect(synAckOptionsLength({ ...SYN, ...options })).toBe(length);
  return toHex(bytes.subarray(0, length), " ");
}

/** A segment with these option bytes behind a header that says so. */
function withOptions(receiver: TestReceiver, flags: number, options: ArrayLike<number>): SkBuff {
  const skb = receiver.segment(0, 0, { flags, optionBytes: options.length });
  for (let i = 0; i < options.length; i++) skb.bytes[skb.transportHeader + TCP_HEADER_BYTES + i] = options[i] ?? 0;
  return skb;
}

describe("options of a SYN have Linux's layout", () => {
  test.each<[Partial<SynOptions>, string]>([
    [{}, "02 04 05 b4 04 02 08 0a 00 00 00 64 00 00 00 07 01 03 03 08"],
    [{ timestamps: false }, "02 04 05 b4 01 01 04 02 01 03 03 08"],
    [{ timestamps: false, windowShift: -1 }, "02 04 05 b4 01 01 04 02"],
    [{ sack: false }, "02 04 05 b4 01 01 08 0a 00 00 00 64 00 00 00 07 01 03 03 08"],
    [{ sack: false, timestamps: false }, "02 04 05 b4 01 03 03 08"],
    [{ sack: false, timestamps: false, windowShift: -1 }, "02 04 05 b4"],
    [{ timestamps: false, windowShift: -1, cookie: new Uint8Array(0) }, "02 04 05 b4 01 01 04 02 22 02 01 01"],
    [
      { timestamps: false, windowShift: -1, cookie: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
      "02 04 05 b4 01 01 04 02 22 0a 01 02 03 04 05 06 07 08 01 01",
    ],
    [
      { timestamps: false, windowShift: -1, cookie: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), exp: true },
      "02 04 05 b4 01 01 04 02 fe 0c f9 89 01 02 03 04 05 06 07 08",
    ],
    [
      { timestamps: false, windowShift: -1, cookie: new Uint8Array(0), exp: true },
      "02 04 05 b4 01 01 04 02 fe 04 f9 89",
    ],
  ])("%o", (options, expected) => {
    expect(synBytes(options)).toBe(expected);
  });

  test("a cookie that does not fit any more is left out", () => {
    expect(synBytes({ cookie: new Uint8Array(16) })).toHaveLength(40 * 3 - 1);
    expect(synBytes({ cookie: new Uint8Array(16), exp: true })).toHaveLength(40 * 3 - 1);
    expect(synBytes({ cookie: new Uint8Array(20) })).toHaveLength(20 * 3 - 1);
  });

  test("our own SYN says what the sysctls allow, and notes Fast Open", () => {
    const { tcp, sysctls } = new TestReceiver();
    sysctls.windowScaling = 0;
    tcp.fastopenReq = { cookie: new Uint8Array(0), exp: true, copied: 0, data: null };
    const bytes = new Uint8Array(40);
    const length = writeSynOptions(tcp, bytes, 0);
    expect(toHex(bytes.subarray(0, length), " ")).toBe("02 04 05 b4 04 02 08 0a 00 00 00 00 00 00 00 00 fe 04 f9 89");
    expect([tcp.fastopen.synFastopen, tcp.fastopen.synFastopenExp]).toEqual([true, true]);
  });

  test("what is written is read back", () => {
    const cookies = fc.option(
      fc.constantFrom(0, 4, 8, 16).chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
    );
    fc.assert(
      fc.property(
        fc.record({
          mss: fc.integer({ min: 1, max: 65_535 }),
          timestamps: fc.boolean(),
          value: fc.integer({ min: 0, max: 0xffffffff }),
          echo: fc.integer({ min: 0, max: 0xffffffff }),
          sack: fc.boolean(),
          windowShift: fc.integer({ min: -1, max: 14 }),
          cookie: cookies,
          exp: fc.boolean(),
        }),
        (options) => {
          const receiver = new TestReceiver();
          const bytes = new Uint8Array(40);
          const length = writeSynAckOptions(bytes, 0, options);
          const into = receiver.tcp.rxOpt;
          clearOptions(into);
          const cookie = newCookie();
          const skb = withOptions(receiver, TH.SYN, bytes.subarray(0, length));
          parseOptions(receiver.sysctls, skb, into, { established: false, fastopen: cookie });
          expect([into.mssClamp, into.sawTstamp, into.sackOk]).toEqual([options.mss, options.timestamps, options.sack]);
          if (options.timestamps) expect([into.rcvTsval, into.rcvTsecr]).toEqual([options.value, options.echo]);
          expect(into.wscaleOk ? into.sndWscale : -1).toBe(options.windowShift);
          expect(cookie.length).toBe(options.cookie?.length ?? -1);
          if (options.cookie !== null) {
            expect([...cookie.value.subarray(0, cookie.length)]).toEqual([...options.cookie]);
            expect(cookie.exp).toBe(options.exp);
          }
          expect(parseTcpOptions(bytes, 0, length).ok).toBe(true);
        },
      ),
    );
  });
});

describe("reading options", () => {
  test("never throws, and reads nothing that is cut off", () => {
    const receiver = new TestReceiver();
    const junk = fc.uint8Array({ maxLength: 40 });
    const likely = fc
      .array(fc.constantFrom(0, 1, 2, 3, 4, 5, 8, 10, 18, 34, 254, 0xf9, 0x89), { maxLength: 40 })
      .map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(fc.oneof(junk, likely), fc.boolean(), fc.boolean(), (bytes, established, syn) => {
        const padded = new Uint8Array((bytes.length + 3) & ~3);
        padded.set(bytes);
        const skb = withOptions(receiver, syn ? TH.SYN : TH.ACK, padded);
        const into = receiver.tcp.rxOpt;
        into.tstampOk = true;
        const cookie = newCookie();
        parseOptions(receiver.sysctls, skb, into, { established, fastopen: cookie });
        parseEstablishedOptions(receiver.tcp, skb);
        const end = skb.transportHeader + TCP_HEADER_BYTES + padded.length;
        if (into.numSacks > 0) expect(into.sackAt + 8 * into.numSacks).toBeLessThanOrEqual(end);
        expect(cookie.length).toBeLessThanOrEqual(16);
        receiver.machine.core.consume(skb);
      }),
      { numRuns: 1000 },
    );
  });

  test("a header that claims more than the packet's memory has is read as far as that goes", () => {
    const receiver = new TestReceiver();
    const skb = withOptions(receiver, TH.SYN, [2, 4, 5, 0xb4]);
    skb.bytes[skb.transportHeader + 12] = 0xf0;
    expect(() => parseOptions(receiver.sysctls, skb, receiver.tcp.rxOpt, PARSE_HANDSHAKE)).not.toThrow();
  });

  test("what a handshake agrees on is not read later, nor what a sysctl forbids", () => {
    const receiver = new TestReceiver({ sackOk: false });
    const into = receiver.tcp.rxOpt;
    const options = [2, 4, 1, 0, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 20];
    const skb = withOptions(receiver, TH.SYN, options);
    parseOptions(receiver.sysctls, skb, into, PARSE_ESTABLISHED);
    expect([into.mssClamp, into.sackOk, into.sawTstamp, into.wscaleOk]).toEqual([536, false, false, false]);
    for (const name of ["sack", "timestamps", "windowScaling"] as const) receiver.sysctls[name] = 0;
    parseOptions(receiver.sysctls, skb, into, PARSE_HANDSHAKE);
    expect([into.mssClamp, into.sackOk, into.sawTstamp, into.wscaleOk]).toEqual([256, false, false, false]);
    for (const name of ["sack", "timestamps", "windowScaling"] as const) receiver.sysctls[name] = 1;
    into.userMss = 100;
    parseOptions(receiver.sysctls, skb, into, PARSE_HANDSHAKE);
    expect([into.mssClamp, into.sackOk, into.sawTstamp, into.sndWscale]).toEqual([100, true, true, 14]);
  });

  test("the echoed timestamp comes without our offset, whatever the layout", () => {
    const receiver = new TestReceiver({ tstampOk: true });
    receiver.tcp.tsOffset = 1000;
    const into = receiver.tcp.rxOpt;
    parseEstablishedOptions(receiver.tcp, withOptions(receiver, TH.ACK, [1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 4, 0]));
    expect([into.sawTstamp, into.rcvTsval, into.rcvTsecr]).toEqual([true, 5, 24]);
    parseEstablishedOptions(receiver.tcp, withOptions(receiver, TH.ACK, [8, 10, 0, 0, 0, 6, 0, 0, 4, 1, 1, 1]));
    expect([into.rcvTsval, into.rcvTsecr]).toEqual([6, 25]);
    expect(parseEstablishedOptions(receiver.tcp, receiver.segment(0, 0))).toBe(false);
    expect(into.sawTstamp).toBe(false);
  });
});

describe("options of an established connection", () => {
  const write = (receiver: TestReceiver): string => {
    const bytes = new Uint8Array(40);
    const length = establishedOptionsLength(receiver.tcp);
    expect(writeEstablishedOptions(receiver.tcp, bytes, 0)).toBe(length);
    return toHex(bytes.subarray(0, length), " ");
  };
  const blocks = (receiver: TestReceiver, count: number): void => {
    for (let i = 0; i < count; i++) {
      receiver.tcp.selectiveAcks.push({ start: seqOf(i * 2 + 1), end: seqOf(i * 2 + 2) });
    }
  };

  test("timestamps, blocks, and a duplicate that is told once", () => {
    const receiver = new TestReceiver({ tstampOk: true });
    receiver.tcp.rxOpt.tsRecent = 9;
    receiver.tcp.tsOffset = 3;
    expect(write(receiver)).toBe("01 01 08 0a 00 00 00 03 00 00 00 09");
    blocks(receiver, 1);
    receiver.tcp.dsack = true;
    receiver.tcp.duplicateSack.start = seqOf(0xfffffff0);
    const stamps = "01 01 08 0a 00 00 00 03 00 00 00 09";
    expect(write(receiver)).toBe(`${stamps} 01 01 05 12 ff ff ff f0 00 00 00 00 00 00 00 01 00 00 00 02`);
    expect(write(receiver)).toBe(`${stamps} 01 01 05 0a 00 00 00 01 00 00 00 02`);
  });

  test.each([
    [false, false, 4, 36],
    [false, true, 4, 36],
    [true, false, 4, 40],
    [true, true, 2, 40],
    [false, false, 0, 0],
    [true, false, 1, 24],
  ])("timestamps %s, duplicate %s and %d blocks take %d bytes", (tstampOk, dsack, count, expected) => {
    const receiver = new TestReceiver({ tstampOk });
    receiver.tcp.dsack = dsack;
    blocks(receiver, count);
    expect(write(receiver)).toHaveLength(expected === 0 ? 0 : expected * 3 - 1);
  });
});
