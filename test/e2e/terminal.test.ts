/** Terminals: a shell on a host, its line editing and completion, Ctrl-C, several of them, and time going back. */
import type { Locator } from "@playwright/test";
import { expect, test } from "vitest";
import { describeWorkbench, eventually, type Workbench } from "./workbench.ts";

const LAB = "ping-across-a-router";

interface ScreenElement extends HTMLElement {
  readonly screen: { readonly text: string };
}

/** The one in front. */
const terminal = ({ page }: Workbench): Locator => page.locator("[data-testid=terminal]:visible");

async function shown(bench: Workbench): Promise<string> {
  return terminal(bench).evaluate((element) => (element as ScreenElement).screen.text);
}

const foot = ({ page }: Workbench): Locator => page.locator("[data-pane=terminal]:visible .foot");

async function openTerminal(bench: Workbench, host: string): Promise<void> {
  await bench.row(host).click();
  await bench.page.keyboard.press("Control+`");
  await terminal(bench).waitFor();
}

async function openRunning(open: () => Promise<Workbench>): Promise<Workbench> {
  const bench = await open();
  await bench.openSample(LAB);
  await bench.showPane("outline");
  await bench.page.locator("[data-testid=topology]").focus();
  await bench.page.keyboard.press("Space");
  await openTerminal(bench, "h1");
  await eventually(() => shown(bench)).toBe("root@h1:~#");
  return bench;
}

describeWorkbench("terminal", ({ open }) => {
  test("a double click on a host opens a shell, which waits for time to go on, and says so", async () => {
    const bench = await open();
    await bench.openSample(LAB);
    const { x, y } = await bench.node("h1");
    await bench.page.mouse.dblclick(x, y);
    await terminal(bench).waitFor();
    await eventually(() => foot(bench).innerText()).toContain("Time stands still");
    await bench.page.keyboard.type("hostname\n");
    await foot(bench).getByRole("button", { name: "Play" }).click();
    await eventually(() => shown(bench)).toMatch(/^root@h1:~# hostname\nh1\nroot@h1:~#/m);
    expect(await foot(bench).innerText()).not.toContain("Time stands still");
  });

  test("lines are edited, remembered and completed by the shell of the host", async () => {
    const bench = await openRunning(open);
    const { keyboard } = bench.page;
    await keyboard.type("ehco one");
    await keyboard.press("Home");
    await keyboard.press("ArrowRight");
    await keyboard.press("Delete");
    await keyboard.press("ArrowRight");
    await keyboard.type("h");
    await keyboard.press("Enter");
    await eventually(() => shown(bench)).toContain("echo one\none\n");
    await keyboard.press("ArrowUp");
    await keyboard.type(" two\n");
    await eventually(() => shown(bench)).toContain("\none two\n");
    // Not traceroute, which the lab's own checks run too: h2 limits the rate of what it answers to both of them.
    await keyboard.type("pin");
    await keyboard.press("Tab");
    await keyboard.type("-c 1 h");
    await keyboard.press("Tab");
    await eventually(() => shown(bench)).toContain("ping -c 1 h\nh1  h2\nroot@h1:~# ping -c 1 h");
    await keyboard.type("2\n");
    await eventually(() => shown(bench)).toContain("\n1 packets transmitted, 1 received, 0% packet loss");
  });

  test("Ctrl-C stops ping, Ctrl-D ends the shell, and Enter begins a new one", async () => {
    const bench = await openRunning(open);
    const { keyboard } = bench.page;
    await keyboard.type("ping h2\n");
    await eventually(() => shown(bench)).toContain("icmp_seq=2");
    await keyboard.press("Control+c");
    await eventually(() => shown(bench)).toContain("packets transmitted");
    await keyboard.press("Control+d");
    await eventually(() => foot(bench).innerText()).toContain("has ended with status 0");
    await keyboard.press("Enter");
    await eventually(() => shown(bench)).toBe("root@h1:~#");
  });

  test("there are as many as one likes, each a tab of its own", async () => {
    const bench = await openRunning(open);
    await openTerminal(bench, "h2");
    await eventually(() => shown(bench)).toBe("root@h2:~#");
    await bench.page.keyboard.press("Control+Shift+`");
    await bench.page.locator(".tab", { hasText: "h2 (2)" }).waitFor();
    await eventually(() => shown(bench)).toBe("root@h2:~#");
    await bench.page.keyboard.type("echo second\n");
    await eventually(() => shown(bench)).toContain("\nsecond\n");
    await openTerminal(bench, "h1");
    await eventually(() => shown(bench)).toBe("root@h1:~#");
    expect(await bench.page.locator(".tab:has-text('h1'), .tab:has-text('h2')").count()).toBe(3);
  });

  test("what was printed is void when time goes back, and comes again", async () => {
    const bench = await openRunning(open);
    await bench.page.keyboard.type("uptime\n");
    await eventually(() => shown(bench)).toContain("1 user\nroot");
    await bench.page.locator("[data-testid=topology]").focus();
    await bench.page.keyboard.press("Space");
    await eventually(() => foot(bench).innerText()).toContain("Time stands still");
    const before = await shown(bench);
    const stopped = await bench.time();
    const seek = async (seconds: number): Promise<void> => {
      await bench.page.locator("[data-testid=topology]").focus();
      await bench.page.keyboard.press("Control+g");
      await bench.page.keyboard.type(`${seconds}s`);
      await bench.page.keyboard.press("Enter");
      await eventually(() => bench.time()).toBe(seconds);
    };
    await seek(0);
    await eventually(() => shown(bench)).toBe("");
    expect(await foot(bench).innerText()).toContain("at a later time");
    await seek(stopped);
    await eventually(() => shown(bench)).toBe(before);
  });
});
