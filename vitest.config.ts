import { defineConfig } from "vitest/config";

/**
 * Left out of the everyday loop, `npx vitest` without a filter, which shall take about a minute: tests that drive the
 * built window in a browser or start the command line a hundred times, and tests of whole labs over and over, for
 * hundreds of seeds, on real maps, against tshark and theory. `npm test` runs everything in full. Named by a filter,
 * tests of whole labs run as a sample.
 */
const AS_USERS_DO = "test/{e2e,electron,cli}/**";
const WHOLE_LABS = [
  "test/{capture,determinism,experiments,programs,real,simulate,tcp}/**",
  "test/fabric/csma-cd.test.ts",
];
const isLong = process.env["LASTACK_LONG"] !== undefined;
const isFiltered = process.argv.slice(2).some((argument) => !/^(-.*|run|watch|dev)$/.test(argument));

const leftOut = isLong ? [] : isFiltered ? [AS_USERS_DO] : [AS_USERS_DO, ...WHOLE_LABS];

export default defineConfig({
  test: {
    include: ["core/**/*.test.ts", "renderer/**/*.test.ts", "electron/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["node_modules/**", ...leftOut],
    // Laws draw hundreds of cases: vitest's 5 s are for an idle machine.
    testTimeout: 30_000,
    // No test changes anything global, so files may share loaded modules; loading them took a third of the time.
    isolate: false,
    // Modules as Node loads them: vitest's own loader makes every import a look-up, and loops up to six times slower.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    execArgv: ["--import", "tsx"],
    maxWorkers: "100%",
  },
});
