/** What a person does to the packet list, and looks at what comes of it. */
import type { CDPSession, Page, Response } from "@playwright/test";

const LIST = "[role=grid][aria-label=Packets]";
/** Its scrollbar stands beside it. */
const BAR = `${LIST} + .bar`;
const GESTURE_MS = 2500;
const TURN_PX = 120;
const TURN_MS = 33;
const TURNS = 75;
const HAND_STEPS = 30;
const FRAME_MS = 16;
/** Id of a command of Monaco's, which stands in its code whatever a build makes of names. */
const MONACO_MARK = "editor.action.triggerSuggest";

/** Looks for the editor's code among what the page loads: by what is in the files, whatever they are called. */
export class MonacoWatch {
  readonly #texts: Promise<string>[] = [];

  constructor(page: Page) {
    page.on("response", (response: Response) => {
      if (/\.js$/.test(new URL(response.url()).pathname)) this.#texts.push(response.text().catch(() => ""));
    });
  }

  async count(): Promise<number> {
    return (await Promise.all(this.#texts)).filter((text) => text.includes(MONACO_MARK)).length;
  }
}

/** The rows of the list. */
export class PacketRows {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  count(): Promise<number> {
    return this.#page.evaluate((list) => Number(document.querySelector(list)?.getAttribute("aria-rowcount")) - 1, LIST);
  }

  async waitFor(rows: number, timeout: number): Promise<void> {
    await this.#page.waitForFunction(
      ([list, least]) => Number(document.querySelector(list)?.getAttribute("aria-rowcount")) > least,
      [LIST, rows] as const,
      { timeout, polling: 500 },
    );
  }

  /** Index of the first row that is drawn. */
  first(): Promise<number> {
    return this.#page.evaluate((list) => {
      const rows = [...document.querySelectorAll<HTMLElement>(`${list} [data-index]`)];
      return Math.min(...rows.map(({ dataset }) => Number(dataset["index"])));
    }, LIST);
  }

  /** Every row in sight shows its packet. */
  async waitUntilFilled(): Promise<void> {
    await this.#page.waitForFunction((list) => {
      const rows = [...document.querySelectorAll<HTMLElement>(`${list} [data-index]`)];
      return rows.length > 5 && rows.every((row) => row.ariaBusy === "false");
    }, LIST);
  }
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

async function boxOf(page: Page, selector = LIST): Promise<Box> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`${selector} is in sight`);
  return box;
}

/**
 * Turns the wheel upwards, 30 times a second: the same work whatever the page costs. As fast as Playwright can, a page
 * that answers sooner would be charged for more rows.
 */
export async function turnWheel(page: Page): Promise<void> {
  const box = await boxOf(page);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const start = Date.now();
  for (let turn = 0; turn < TURNS; turn++) {
    await page.mouse.wheel(0, -TURN_PX);
    await page.waitForTimeout(Math.max(0, start + (turn + 1) * TURN_MS - Date.now()));
  }
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The mouse by Chromium's own protocol: Playwright's runs code in the page with each movement of a drag. */
class Hand {
  readonly #page: Page;
  readonly #session: CDPSession;

  constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  async #send(type: "mousePressed" | "mouseReleased" | "mouseMoved", at: Point): Promise<void> {
    const button = type === "mouseMoved" ? {} : { clickCount: 1 };
    await this.#session.send("Input.dispatchMouseEvent", { type, ...at, button: "left", buttons: 1, ...button });
  }

  press(at: Point): Promise<void> {
    return this.#send("mousePressed", at);
  }

  release(at: Point): Promise<void> {
    return this.#send("mouseReleased", at);
  }

  /** Takes about half a second for such a way. */
  async move(from: Point, to: Point): Promise<void> {
    for (let step = 1; step <= HAND_STEPS; step++) {
      const share = step / HAND_STEPS;
      await this.#send("mouseMoved", { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share });
      await this.#page.waitForTimeout(FRAME_MS);
    }
  }
}

/** Drags the scrollbar's thumb up and down. @returns the rows on the screen each time it was up, and down. */
export async function dragBar(page: Page): Promise<{ up: number[]; down: number[] }> {
  const rows = new PacketRows(page);
  const up: number[] = [];
  const down: number[] = [];
  const box = await boxOf(page, BAR);
  const x = box.x + box.width / 2;
  // The thumb is at the end, over the arrow that takes one step.
  const [top, bottom] = [box.y + 10, box.y + box.height - 17];
  const session = await page.context().newCDPSession(page);
  const hand = new Hand(page, session);
  await page.mouse.move(x, bottom);
  await hand.press({ x, y: bottom });
  for (const end = Date.now() + GESTURE_MS; Date.now() < end;) {
    await hand.move({ x, y: bottom }, { x, y: top });
    up.push(await rows.first());
    await hand.move({ x, y: top }, { x, y: (top + bottom) / 2 });
    down.push(await rows.first());
  }
  await hand.release({ x, y: (top + bottom) / 2 });
  await session.detach();
  return { up, down };
}
