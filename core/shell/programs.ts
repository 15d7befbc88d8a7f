/** Everything in /bin. */
import type { Program } from "../kernel/syscall/sys.ts";
import { sh } from "./sh/sh.ts";

export const programs: ReadonlyMap<string, Program> = new Map<string, Program>([["sh", sh]]);
