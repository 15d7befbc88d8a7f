import { defineConfig } from "vitest/config";

/** Tests that drive the built window in a browser take minutes: `npm test` runs them, the everyday loop does not. */
const IN_A_BROWSER = "test/{e2e,electron}/**";
const isLong = process.env["LASTACK_LONG"] !== undefined;

export default defineConfig({
  test: {
    include: ["core/**/*.test.ts", "renderer/**/*.test.ts", "electron/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["node_modules/**", ...(isLong ? [] : [IN_A_BROWSER])],
    // Laws draw hundreds of cases: vitest's 5 s are for an idle machine.
    testTimeout: 30_000,
    // No test changes anything global, so files may share loaded modules; loading them took a third of the time.
    isolate: false,
    maxWorkers: "100%",
  },
});
