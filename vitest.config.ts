import { defineConfig } from "vitest/config";

/**
 * Tests that drive the built window in a browser take minutes, and those of the command line start it a hundred times:
 * `npm test` runs them, the everyday loop does not.
 */
const AS_USERS_DO = "test/{e2e,electron,cli}/**";
const isLong = process.env["LASTACK_LONG"] !== undefined;

export default defineConfig({
  test: {
    include: ["core/**/*.test.ts", "renderer/**/*.test.ts", "electron/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["node_modules/**", ...(isLong ? [] : [AS_USERS_DO])],
    // Laws draw hundreds of cases: vitest's 5 s are for an idle machine.
    testTimeout: 30_000,
    // No test changes anything global, so files may share loaded modules; loading them took a third of the time.
    isolate: false,
    maxWorkers: "100%",
  },
});
