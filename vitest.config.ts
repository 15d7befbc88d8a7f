import { defineConfig } from "vitest/config";

const WINDOW = ["node_modules/**", "test/{e2e,electron}/**", "{renderer,electron}/**"];

export default defineConfig({
  test: {
    include: ["core/**/*.test.ts", "renderer/**/*.test.ts", "test/**/*.test.ts"],
    // The window and the desktop app are tested in a real browser, by `npm run test:window`, until they are complete.
    ...(process.env["LASTACK_WINDOW"] === "1" ? {} : { exclude: WINDOW }),
    // Laws draw hundreds of cases: vitest's 5 s are for an idle machine.
    testTimeout: 30_000,
    // No test changes anything global, so files may share loaded modules; loading them took a third of the time.
    isolate: false,
    maxWorkers: "100%",
  },
});
