import { describe, expect, it } from "vitest";
import { SECOND } from "../../../base/time.ts";
import { TestMachine } from "../../../../test/harness/process.ts";
import { seqAdd, seqOf } from "../sequence.ts";
import { cookieSaysEcn, cookieTimestamp, decodeCookieTimestamp, SynCookies } from "./syn-cookies.ts";
import { OptionsReceived } from "../tcp-sock.ts";

const TUPLE = { boundAddress: 0x0a000001, localPort: 80, remoteAddress: 0x0a000002, remotePort: 4000 };
const IRS = seqOf(0x12345678);

describe("SYN cookies", () => {
  it.each([
    [100, 536],
    [536, 536],
    [1299, 536],
    [1300, 1300],
    [1459, 1440],
    [1460, 1460],
    [9000, 1460],
  ])("remember an MSS of %i as %i", (asked, kept) => {
    const cookies = new SynCookies(new TestMachine().core);
    const { isn, mss } = cookies.make(TUPLE, IRS, asked);
    expect(mss).toBe(kept);
    expect(cookies.check(TUPLE, IRS, isn)).toBe(kept);
  });

  it("are good for the minute they were made in and the next", () => {
    const machine = new TestMachine();
    const cookies = new SynCookies(machine.core);
    const { isn } = cookies.make(TUPLE, IRS, 1460);
    machine.advance(119 * SECOND);
    expect(cookies.check(TUPLE, IRS, isn)).toBe(1460);
    machine.advance(2 * SECOND);
    expect(cookies.check(TUPLE, IRS, isn)).toBe(0);
  });

  it("fit one connection and one sequence number", () => {
    const cookies = new SynCookies(new TestMachine().core);
    const { isn } = cookies.make(TUPLE, IRS, 1460);
    expect(cookies.check({ ...TUPLE, remotePort: 4001 }, IRS, isn)).toBe(0);
    expect(cookies.check({ ...TUPLE, remoteAddress: 0x0a000003 }, IRS, isn)).toBe(0);
    // The numbers right beside one are cookies with another MSS.
    expect(cookies.check(TUPLE, seqAdd(IRS, 1000), isn)).toBe(0);
    let hits = 0;
    for (let i = 1; i < 10_000; i++) if (cookies.check(TUPLE, IRS, seqAdd(isn, i * 7919)) !== 0) hits++;
    expect(hits).toBeLessThan(3);
  });
});

describe("options in a cookie's timestamp", () => {
  const sysctls = new TestMachine().userland.tcp.sysctls;

  it.each(
    [true, false].flatMap((wscaleOk) =>
      [true, false].flatMap((sackOk) =>
        [true, false].flatMap((ecnOk) => [0, 7, 14].map((sndWscale) => ({ wscaleOk, sackOk, ecnOk, sndWscale }))),
      ),
    ),
  )("bring back %j", (said) => {
    for (const nowMs of [0x100, 12_345, 12_350, 0x7fffffff]) {
      const stamp = cookieTimestamp(said, nowMs);
      expect(stamp).toBeLessThanOrEqual(nowMs);
      expect(nowMs - stamp).toBeLessThan(128);
      const options = new OptionsReceived();
      options.sawTstamp = true;
      options.rcvTsecr = stamp;
      expect(decodeCookieTimestamp(options, sysctls)).toBe(true);
      expect(options.wscaleOk).toBe(said.wscaleOk);
      if (said.wscaleOk) expect(options.sndWscale).toBe(said.sndWscale);
      expect(options.sackOk).toBe(said.sackOk);
      expect(cookieSaysEcn(options)).toBe(said.ecnOk);
    }
  });

  it("are none of ours when they say what is switched off", () => {
    const options = new OptionsReceived();
    options.sawTstamp = true;
    options.rcvTsecr = cookieTimestamp({ wscaleOk: true, sackOk: true, ecnOk: false, sndWscale: 7 }, 10_000);
    const strict = new TestMachine().userland.tcp.sysctls;
    strict.sack = 0;
    expect(decodeCookieTimestamp(options, strict)).toBe(false);
  });
});
