/** The library as the sandbox wants it: modules, which of them programs may import, and what the first one is told. */
import { LIBRARY_MODULES } from "./library.generated.ts";
import { LIBRARY_BOOT } from "./operations.ts";

const KERNEL = "lastack/kernel";

export const GUEST_LIBRARY = {
  modules: LIBRARY_MODULES,
  hidden: new Set([KERNEL, "lastack/check"]),
  kernel: KERNEL,
  boot: LIBRARY_BOOT,
} as const;
