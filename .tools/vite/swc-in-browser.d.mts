import type { Plugin } from "vite";
export function swcInBrowser(): Plugin;
