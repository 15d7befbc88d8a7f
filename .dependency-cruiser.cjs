// The layers, low to high. A folder may import itself and what its row lists; everything else is an error
// (default deny: a new folder with no row may import nothing, and nothing may import it).
const low = ["core/base", "core/contract"];
const layers = {
  "core/base": [],
  "core/contract": ["core/base"],
  "core/wire": low,
  "core/engine": low,
  "core/trace": [...low, "core/wire"],
  "core/lab": low,
  "core/checkers": [...low, "core/trace"],
  "core/fabric": [...low, "core/wire", "core/engine", "core/trace"],
  "core/kernel": [...low, "core/wire", "core/engine", "core/trace"],
  "core/runtime": [...low, "core/engine", "core/trace", "core/kernel/syscall"],
  "core/sandbox": [...low, "core/runtime"],
  "core/shell": [...low, "core/wire", "core/kernel/syscall"],
  "core/packetdrill": [...low, "core/wire", "core/engine", "core/trace", "core/kernel"],
  "core/world": [
    ...low,
    "core/wire",
    "core/engine",
    "core/trace",
    "core/lab",
    "core/fabric",
    "core/kernel",
    "core/runtime",
    "core/shell",
  ],
  // core/wire: the packet list dissects and filters captured frames, and labs' addresses are shown as text.
  "core/session": [...low, "core/wire", "core/engine", "core/trace", "core/lab", "core/checkers", "core/world"],
  "core/worker": [...low, "core/session", "core/sandbox"],
  "core/node": [...low, "core/lab", "core/session", "core/sandbox", "core/packetdrill", "core/trace", "core/wire"],
  renderer: [...low, "core/lab"],
  electron: [...low, "core/lab", "core/node"],
  test: ["core", "renderer", "electron", "resources"],
};
const names = Object.keys(layers);
const home = "^(core|renderer|electron|test)/";
const may = (name, ...more) => `^(${[name, ...layers[name], ...more].join("|")})/`;
const unitTest = "[.]test[.]ts$";
module.exports = {
  forbidden: [
    ...names.flatMap((name) => [
      {
        name: `layer:${name}`,
        severity: "error",
        comment: `${name} may import only ${may(name)}`,
        from: { path: `^${name}/`, pathNot: unitTest },
        to: { path: home, pathNot: may(name) },
      },
      // A unit test beside the code obeys the same row, and may also use the shared harness.
      {
        name: `layer:${name} (test)`,
        severity: "error",
        comment: `a test in ${name} may import only ${may(name, "test/harness")}`,
        from: { path: `^${name}/.*${unitTest}` },
        to: { path: home, pathNot: may(name, "test/harness") },
      },
    ]),
    {
      name: "layer:unlisted",
      severity: "error",
      comment: "add a row for this folder to the table above",
      from: { path: home, pathNot: `^(${names.join("|")})/` },
      to: { path: home },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    // Pure packages are argued one by one, each in its one folder: zod and yaml in core/lab, zod in core/session (it
    // parses what the window asks), unbash in core/shell, @noble in core/runtime.
    {
      name: "core-is-pure",
      severity: "error",
      comment: "no Node module and no package in core, save the pure ones of its folder",
      from: { path: "^core/", pathNot: "^core/(node|worker|sandbox|lab|session|shell|runtime)/|[.]test[.]ts$" },
      to: {
        dependencyTypes: ["core", "npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown", "unknown"],
      },
    },
    {
      name: "electron-stays-in-electron",
      severity: "error",
      from: { pathNot: "^electron/" },
      to: { path: "^electron$|node_modules/electron/" },
    },
    {
      name: "no-test-in-product",
      severity: "error",
      from: { path: "^(core|renderer|electron)/", pathNot: "[.]test[.]ts$" },
      to: { path: "^test/|[.]test[.]ts$|node_modules/(vitest|fast-check)/" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".vue", ".js"] },
  },
};
