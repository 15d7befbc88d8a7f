import { AppUnderTest } from "./app-under-test.ts";
import { Workbench } from "../e2e/workbench-page.ts";
const app = new AppUnderTest();
try {
  const page = await app.page();
  page.on("console", (m) => console.log("console:", m.text()));
  page.on("pageerror", (e) => console.log("pageerror:", e.message));
  await page.waitForSelector(".app");
  const workbench = new Workbench(page);
  await workbench.openSample("ping-across-a-router");
  await workbench.run("run.play-pause");
  await workbench.runTo(0.5);
  await workbench.run("run.play-pause");
  console.log(await workbench.digest(), await workbench.time());
  const pids = await app.do<number[]>("utilityPids");
  console.log(pids);
  process.kill(pids[0] ?? 0, "SIGKILL");
  for (let i=0;i<8;i++) { await page.waitForTimeout(1000); console.log(i, await app.do("utilityPids"), await page.locator(".banner").allInnerTexts(), await page.locator(".banner").evaluateAll((e) => e.map((x) => x.className))); }
  await page.screenshot({ path: "/tmp/lastack/desktop.png" });
} finally { console.log("OUT:", app.output); await app.end(); }
