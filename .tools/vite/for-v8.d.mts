import type { Plugin } from "vite";
export function forV8(): Plugin;
