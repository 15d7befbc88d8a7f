/**
 * The main views, each as a way to get there in a window that was just opened. They stand at fixed instants of fixed
 * runs, so that what they show is the same whenever they are looked at.
 */
import type { Locator } from "@playwright/test";
import { codeOf, placeBehind } from "./program-editor.ts";
import type { Workbench } from "./workbench-page.ts";

export interface Scene {
  readonly name: string;
  /** Compared with the picture that was found good: as that one is, at the smaller size. */
  readonly baseline?: "dark" | "light";
  readonly show: (bench: Workbench) => Promise<void>;
}

const BROKEN = `lastack: 1
name: Broken
nodes:
  h1: { kind: host }
  h2: { kind: hosst, at: [10] }
links:
  - { ends: [h1, h3], delay: 5 parsecs }
`;

async function openAt(bench: Workbench, lab: string, instant: string): Promise<void> {
  await bench.openSample(lab);
  await bench.seek(instant);
}

async function clickNode(bench: Workbench, name: string, button: "left" | "right" = "left"): Promise<void> {
  const { x, y } = await bench.node(name);
  await bench.page.mouse.click(x, y, { button });
}

/** The row of a packet, near the beginning: the list follows the newest until somebody goes elsewhere. */
async function packetRow(bench: Workbench, number: number): Promise<Locator> {
  const { page } = bench;
  const list = page.locator("[data-pane=packets] .list");
  await (await bench.packetRow(0)).click();
  await page.keyboard.press("Home");
  await list.locator('[data-index="0"]').waitFor();
  const row = list.locator(`[data-index="${number - 1}"]`);
  for (let press = 1; press < number; press++) await page.keyboard.press("ArrowDown");
  await row.waitFor();
  return row;
}

async function clickMenu(bench: Workbench, title: string): Promise<void> {
  await bench.page.locator(`[role=menubar] >> text=${title}`).click();
}

export const SCENES: readonly Scene[] = [
  { name: "welcome", baseline: "dark", show: async (bench) => bench.page.mouse.move(0, 0) },
  {
    name: "running",
    baseline: "dark",
    show: (bench) => openAt(bench, "two-phase-commit", "116ms"),
  },
  {
    name: "faults",
    baseline: "light",
    show: async (bench) => {
      await openAt(bench, "two-phase-commit", "2500ms");
      await bench.showPane("outline");
      await bench.row("worker3-s1").click();
      await bench.page.keyboard.press("u");
      await bench.row("worker3-s1").filter({ hasText: "unplugged" }).waitFor();
      await bench.row("worker1").click();
      await bench.run("network.pause");
      await bench.row("worker1").filter({ hasText: "paused" }).waitFor();
    },
  },
  {
    name: "node",
    show: async (bench) => {
      await openAt(bench, "ping-across-a-router", "1200ms");
      await bench.showPane("inspector");
      await clickNode(bench, "r1");
    },
  },
  {
    name: "link",
    baseline: "light",
    show: async (bench) => {
      await openAt(bench, "tcp-bufferbloat", "1s");
      await bench.showPane("outline");
      await bench.page.locator("[data-pane=outline] li").last().click();
      await bench.showPane("inspector");
    },
  },
  {
    name: "packets",
    baseline: "dark",
    show: async (bench) => {
      await openAt(bench, "tcp-loss-and-sack", "700ms");
      await (await packetRow(bench, 40)).click();
      await bench.page
        .locator("[data-pane=packets]")
        .getByRole("treeitem", { name: /Transmission|TCP/ })
        .first()
        .click();
    },
  },
  {
    name: "journey",
    show: async (bench) => {
      await openAt(bench, "ping-across-a-router", "1200ms");
      await (await packetRow(bench, 13)).click({ button: "right" });
      await bench.page.getByRole("menuitem", { name: "Follow on other links" }).click();
      await bench.page.locator(".journey .hop").first().waitFor();
    },
  },
  {
    name: "tcp",
    baseline: "light",
    show: async (bench) => {
      await openAt(bench, "tcp-loss-and-sack", "900ms");
      await bench.showPane("tcp");
      await bench.page.locator("[data-pane=tcp] .u-wrap canvas").nth(2).waitFor();
    },
  },
  {
    name: "kernel",
    baseline: "dark",
    show: async (bench) => {
      await openAt(bench, "receive-livelock", "102ms");
      await bench.showPane("kernel");
      await bench.page.getByLabel("Machine").selectOption("irq");
      const timeline = bench.page.getByTestId("kernel-timeline");
      await timeline.focus();
      await bench.page.keyboard.press("Shift+ArrowRight");
      for (let press = 0; press < 12; press++) await bench.page.keyboard.press("+");
    },
  },
  {
    name: "editor",
    baseline: "light",
    show: async (bench) => {
      await bench.openSample("socket-client-and-server");
      await bench.showPane("programs");
      await codeOf(bench).locator(".view-line").first().waitFor({ timeout: 60_000 });
      await bench.page
        .locator("[data-pane=programs]")
        .getByRole("button", { name: /socket-server/ })
        .click();
      await placeBehind(bench, "await server(consockfd);");
      await bench.page.keyboard.type("\nawait recvf");
      await bench.page.locator(".suggest-widget .monaco-list-row").first().waitFor({ timeout: 60_000 });
    },
  },
  {
    name: "terminal",
    show: async (bench) => {
      await openAt(bench, "ping-across-a-router", "500ms");
      const { x, y } = await bench.node("h1");
      await bench.page.mouse.dblclick(x, y);
      await bench.page.locator("[data-testid=terminal]:visible").waitFor();
      await bench.page.keyboard.type("ip addr\nping -c 1 h2\n");
    },
  },
  {
    name: "broken",
    baseline: "dark",
    show: async (bench) => {
      await bench.openText("broken.lab.yaml", BROKEN);
      await bench.page.locator("[data-pane=problems] .problem").first().waitFor();
    },
  },
  {
    name: "empty",
    show: async (bench) => {
      await bench.page.click("button:text('New lab')");
      await bench.page.waitForSelector("[data-testid=topology]");
    },
  },
  {
    name: "palette",
    baseline: "light",
    show: async (bench) => {
      await bench.openSample("tcp-fairness");
      await bench.page.keyboard.press("Control+k");
      await bench.page.keyboard.type("st");
    },
  },
  {
    name: "keys",
    baseline: "dark",
    show: async (bench) => {
      await bench.openSample("tcp-fairness");
      await bench.page.locator("[data-testid=topology]").focus();
      await bench.page.keyboard.press("?");
      await bench.page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "impair",
    baseline: "dark",
    show: async (bench) => {
      await bench.openSample("tcp-bufferbloat");
      await bench.showPane("outline");
      await bench.page.locator("[data-pane=outline] li").last().click();
      await bench.page.keyboard.press("i");
      await bench.page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "menu",
    show: async (bench) => {
      await bench.openSample("tcp-handshake");
      await clickMenu(bench, "Network");
    },
  },
  {
    name: "context-menu",
    baseline: "dark",
    show: async (bench) => {
      await bench.openSample("tcp-handshake");
      await clickNode(bench, "h1", "right");
      await bench.page.getByRole("menuitem").first().waitFor();
    },
  },
  {
    name: "new-program",
    show: async (bench) => {
      await bench.openSample("ping-across-a-router");
      await bench.run("programs.new");
      await bench.page.getByRole("dialog").waitFor();
    },
  },
];
