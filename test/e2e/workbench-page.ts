/** One open window of the workbench: where things are on its canvas, and what a person does in it. */
import type { Locator, Page } from "@playwright/test";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What TopologyPane leaves at its element. */
interface TopologyElement extends HTMLElement {
  readonly topology: {
    readonly graph: {
      places(): ReadonlyMap<string, Point>;
      toScreen(place: Point): Point;
      readonly viewport: { readonly zoom: number };
    };
    readonly cables: {
      at(index: number): { readonly a: Point; readonly b: Point; readonly control: Point } | null;
    };
    readonly flights: {
      readonly lanes: ReadonlyMap<number, number>;
      readonly bands: ReadonlyMap<number, number>;
    };
    readonly bursts: { readonly bursts: readonly { readonly reason: string }[] };
  };
}

/** One open window. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async openSample(file: string): Promise<void> {
    await this.page.click(`[data-sample="${file}.lab.yaml"]`);
    await this.page.waitForSelector("[data-testid=topology]");
    await this.settled();
  }

  /** Nodes are on the canvas. */
  async settled(): Promise<void> {
    await this.page.waitForFunction(() => {
      const element = document.querySelector<TopologyElement>("[data-testid=topology]");
      return (element?.topology.graph.places().size ?? 0) > 0;
    });
  }

  /** Opens text as if it were dropped as a file. */
  async openText(name: string, text: string): Promise<void> {
    await this.page.evaluate(
      ([file, content]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], file));
        const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer });
        document.querySelector(".app")?.dispatchEvent(event);
      },
      [name, text] as const,
    );
    await this.page.waitForSelector("[data-testid=topology]");
  }

  /** Where a node is in the window. */
  async node(name: string): Promise<Point> {
    const place = await this.page.evaluate((wanted) => {
      const element = document.querySelector<TopologyElement>("[data-testid=topology]");
      const at = element?.topology.graph.places().get(wanted);
      if (element === null || at === undefined) return null;
      const { left, top } = element.getBoundingClientRect();
      const { x, y } = element.topology.graph.toScreen(at);
      return { x: x + left, y: y + top };
    }, name);
    if (place === null) throw new Error(`no node ${name} on the canvas`);
    return place;
  }

  /** Where a link is drawn from: the disc that a node shows under the pointer. */
  async handle(name: string): Promise<Point> {
    const at = await this.node(name);
    const zoom = await this.page.evaluate(
      () => document.querySelector<TopologyElement>("[data-testid=topology]")?.topology.graph.viewport.zoom ?? 1,
    );
    return { x: at.x + 22 * zoom, y: at.y + 22 * zoom };
  }

  async nodeNames(): Promise<string[]> {
    return this.page.evaluate(() => {
      const element = document.querySelector<TopologyElement>("[data-testid=topology]");
      return [...(element?.topology.graph.places().keys() ?? [])];
    });
  }

  /** The middle of a cable in the window. */
  async cable(index: number): Promise<Point> {
    const place = await this.page.evaluate((at) => {
      const element = document.querySelector<TopologyElement>("[data-testid=topology]");
      const cable = element?.topology.cables.at(at);
      if (element === null || cable === null || cable === undefined) return null;
      const { left, top } = element.getBoundingClientRect();
      const middle = {
        x: (cable.a.x + 2 * cable.control.x + cable.b.x) / 4,
        y: (cable.a.y + 2 * cable.control.y + cable.b.y) / 4,
      };
      const { x, y } = element.topology.graph.toScreen(middle);
      return { x: x + left, y: y + top };
    }, index);
    if (place === null) throw new Error(`no cable ${index} on the canvas`);
    return place;
  }

  /** Presses at one place, moves in steps, and lets go at another. */
  async drag(from: Point, to: Point, { steps = 12, release = true } = {}): Promise<void> {
    const { mouse } = this.page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move(to.x, to.y, { steps });
    if (release) await mouse.up();
  }

  /** A row of the list of nodes and links. */
  row(name: string): ReturnType<Page["locator"]> {
    return this.page.locator(`[data-pane=outline] [data-name="${name}"]`);
  }

  async showPane(id: string): Promise<void> {
    await this.run(`pane.${id}`);
    await this.page.waitForSelector(`[data-pane="${id}"]`);
  }

  /** Runs a command from the palette, as a person would. */
  async run(id: string): Promise<void> {
    await this.page.keyboard.press("Control+k");
    const option = this.page.locator(`[role=option][data-command="${id}"]`);
    await option.click();
    // As it goes, the palette gives the focus back: on a slow machine after somebody has begun to type elsewhere.
    await option.waitFor({ state: "detached" });
  }

  digest(): Promise<string> {
    return this.page.locator("[data-testid=digest]").innerText();
  }

  async time(): Promise<number> {
    const text = await this.page.locator("[data-testid=clock]").inputValue();
    return Number(text.replace(/[ s]/g, ""));
  }

  /** Winds to an instant, as a person would: `400ms`, `2.5s`. */
  async seek(instant: string): Promise<void> {
    const [, number = "", unit = "s"] = /^([\d.]+)(ms|s)$/.exec(instant) ?? [];
    const seconds = unit === "ms" ? Number(number) / 1000 : Number(number);
    await this.page.keyboard.press("Control+g");
    await this.page.keyboard.type(instant);
    await this.page.keyboard.press("Enter");
    await this.page.waitForFunction((there) => {
      const clock = document.querySelector<HTMLInputElement>("[data-testid=clock]");
      return Number((clock?.value ?? "-1").replace(/[ s]/g, "")) === there;
    }, seconds);
  }

  /** Until the clock shows at least that many seconds. */
  async runTo(seconds: number): Promise<void> {
    await this.page.waitForFunction((least) => {
      const clock = document.querySelector<HTMLInputElement>("[data-testid=clock]");
      return Number((clock?.value ?? "0").replace(/[ s]/g, "")) >= least;
    }, seconds);
  }

  /** Until the run stands: a pause takes its time to the core and back. */
  async paused(): Promise<void> {
    await this.page
      .locator("footer.status")
      .getByText(/^paused/)
      .waitFor();
  }

  async flightsDrawn(): Promise<number> {
    return this.page.evaluate(() => {
      const element = document.querySelector<TopologyElement>("[data-testid=topology]");
      return [...(element?.topology.flights.lanes.values() ?? [])].reduce((sum, count) => sum + count, 0);
    });
  }

  /** A row of the packet list that is wholly in sight, from the top; with a negative number from the bottom. */
  async packetRow(at: number): Promise<Locator> {
    const list = this.page.locator("[data-pane=packets] .list");
    await list.locator("[data-index]").first().waitFor();
    // Rows that are still coming, or passing a filter, would move away from under a click. During a run they always do.
    let indices = await this.packetRowsInSight(list);
    for (let last = "", reading = 0; last !== indices.join() && reading < 5; reading++) {
      last = indices.join();
      await this.page.waitForTimeout(100);
      indices = await this.packetRowsInSight(list);
    }
    return list.locator(`[data-index="${indices.at(at)}"]`);
  }

  private packetRowsInSight(list: Locator): Promise<number[]> {
    return list.evaluate((element) => {
      const head = 25;
      const { top, bottom } = element.getBoundingClientRect();
      const rows = [...element.querySelectorAll<HTMLElement>("[data-index]")].filter((row) => {
        const box = row.getBoundingClientRect();
        return box.top >= top + head && box.bottom <= bottom;
      });
      return rows.map(({ dataset }) => Number(dataset["index"])).sort((a, b) => a - b);
    });
  }

  /** Directions of links with more packets than dots. */
  async bandsDrawn(): Promise<number> {
    return this.page.evaluate(
      () => document.querySelector<TopologyElement>("[data-testid=topology]")?.topology.flights.bands.size ?? 0,
    );
  }

  async burstReasons(): Promise<string[]> {
    return this.page.evaluate(() => {
      const element = document.querySelector<TopologyElement>("[data-testid=topology]");
      return (element?.topology.bursts.bursts ?? []).map(({ reason }) => reason);
    });
  }
}
