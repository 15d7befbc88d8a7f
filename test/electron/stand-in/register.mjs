/** Puts the stand-in in the place of `electron` for the process that main runs in. */
import { register } from "node:module";

register("./hooks.mjs", import.meta.url);
