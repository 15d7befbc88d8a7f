import { describe, expect, it } from "vitest";
import type { PacketPage, PacketRow } from "../../core/contract/api/packet-view.ts";
import { PAGE_ROWS, PacketPages, type FetchPage } from "./packet-pages.ts";

/** A core with packets numbered from 1, of which the filter "even" lets through every other one. */
class FakeCore {
  newest = 0;
  forgotten = 0;
  readonly asked: { filter: string; from: number | "end"; count: number }[] = [];

  page: FetchPage = async (params) => {
    this.asked.push(params);
    await Promise.resolve();
    if (params.filter === "bad") throw { code: "filter/syntax", title: "no", column: 1 };
    const numbers: number[] = [];
    for (let number = this.forgotten + 1; number <= this.newest; number++) {
      if (params.filter === "" || number % 2 === 0) numbers.push(number);
    }
    const from = params.from === "end" ? Math.max(0, numbers.length - params.count) : params.from;
    const rows = numbers.slice(from, from + params.count).map((number) => ({ number }) as PacketRow);
    return { total: numbers.length, complete: true, forgotten: this.forgotten, from, rows };
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

async function pagesOf(core: FakeCore): Promise<PacketPages> {
  const pages = new PacketPages(core.page, () => undefined);
  pages.look(0, 20);
  pages.refresh();
  await settled();
  return pages;
}

describe("pages of packets", () => {
  it("come when they are looked at, one request for each", async () => {
    const core = new FakeCore();
    core.newest = 1000;
    const pages = await pagesOf(core);
    expect(pages.total).toBe(1000);
    expect(pages.row(7)?.number).toBe(8);
    expect(pages.row(500)).toBeUndefined();
    pages.look(495, 515);
    await settled();
    expect([pages.row(495)?.number, pages.row(514)?.number]).toEqual([496, 515]);
    const before = core.asked.length;
    pages.look(0, 20);
    await settled();
    expect(core.asked.length).toBe(before);
  });

  it("skip what was only scrolled past", async () => {
    const core = new FakeCore();
    core.newest = 100_000;
    const pages = await pagesOf(core);
    const before = core.asked.length;
    for (let at = 1000; at <= 50_000; at += 1000) pages.look(at, at + 20);
    await settled();
    expect(core.asked.length - before).toBeLessThanOrEqual(2);
    expect(pages.row(50_010)?.number).toBe(50_011);
  });

  it("grow with the run: the last page is asked for again", async () => {
    const core = new FakeCore();
    core.newest = 30;
    const pages = await pagesOf(core);
    core.newest = 45;
    pages.refresh();
    await settled();
    pages.look(25, 45);
    await settled();
    expect(pages.total).toBe(45);
    expect(pages.row(44)?.number).toBe(45);
  });

  it("are the newest while these are followed, wherever they are by then", async () => {
    const core = new FakeCore();
    core.newest = 1000;
    const pages = await pagesOf(core);
    pages.isFollowing = true;
    core.newest = 50_030;
    core.forgotten = 7;
    pages.refresh();
    await settled();
    expect(pages.total).toBe(50_023);
    const inSight = (): (number | undefined)[] =>
      [pages.total - 20, pages.total - 1].map((at) => pages.row(at)?.number);
    expect(inSight()).toEqual([50_011, 50_030]);
    const before = core.asked.length;
    pages.look(pages.total - 20, pages.total);
    await settled();
    expect(core.asked.length).toBe(before);
    // Nobody follows any more: what is in sight stays there, and pages come as ever.
    pages.isFollowing = false;
    core.newest = 60_000;
    pages.look(50_003, 50_023);
    await settled();
    expect(pages.row(50_003)?.number).toBe(50_011);
    pages.look(49_000, 49_020);
    await settled();
    expect(pages.row(49_000)?.number).toBe(49_008);
  });

  it("that are followed under a filter are its last ones, also when older packets are forgotten", async () => {
    const core = new FakeCore();
    core.newest = 1000;
    const pages = await pagesOf(core);
    await pages.setFilter("even");
    pages.isFollowing = true;
    core.newest = 3000;
    pages.refresh();
    await settled();
    expect(pages.row(pages.total - 1)?.number).toBe(3000);
    core.forgotten = 500;
    core.newest = 3001;
    pages.isFollowing = false;
    pages.refresh();
    await settled();
    pages.look(pages.total - 20, pages.total);
    await settled();
    expect(pages.total).toBe(1250);
    expect(pages.row(pages.total - 1)?.number).toBe(3000);
  });

  it("keep their numbers when the oldest packets are forgotten", async () => {
    const core = new FakeCore();
    core.newest = 1000;
    const pages = await pagesOf(core);
    core.forgotten = 130;
    core.newest = 1130;
    pages.refresh();
    await settled();
    pages.look(0, 20);
    await settled();
    expect(pages.row(0)?.number).toBe(131);
    expect(pages.row(PAGE_ROWS)?.number ?? 131 + PAGE_ROWS).toBe(131 + PAGE_ROWS);
    expect(await pages.indexOf(200)).toBe(69);
  });

  it("are those of the filter, and a wrong one changes nothing", async () => {
    const core = new FakeCore();
    core.newest = 1000;
    const pages = await pagesOf(core);
    expect(await pages.setFilter("even")).toBeNull();
    await settled();
    expect(pages.total).toBe(500);
    expect(pages.row(3)?.number).toBe(8);
    expect(await pages.indexOf(501)).toBe(250);
    expect((await pages.setFilter("bad"))?.title).toBe("no");
    await settled();
    expect(pages.filter).toBe("even");
    expect(pages.row(3)?.number).toBe(8);
  });

  it("are gone after the run went back, also those on their way", async () => {
    const core = new FakeCore();
    core.newest = 1000;
    const pages = await pagesOf(core);
    pages.look(500, 520);
    core.newest = 3;
    pages.rewind();
    await settled();
    await settled();
    expect(pages.total).toBe(3);
    expect(pages.row(505)).toBeUndefined();
  });

  it("are not asked for again and again when the core is lost", async () => {
    const core = new FakeCore();
    core.newest = 1000;
    let asked = 0;
    const lost = (): Promise<PacketPage> => {
      asked++;
      return Promise.reject(new Error("lost"));
    };
    let isLost = false;
    const pages = new PacketPages(
      (params) => (isLost ? lost() : core.page(params)),
      () => undefined,
    );
    pages.refresh();
    await settled();
    isLost = true;
    pages.look(500, 520);
    await settled();
    expect(asked).toBe(1);
    isLost = false;
    pages.refresh();
    await settled();
    expect(pages.row(500)?.number).toBe(501);
  });
});
