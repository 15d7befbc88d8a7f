/**
 * ip (iproute2 6.1): link, address, route, neighbour, with the abbreviations iproute2 takes. Left out: rules, tunnels,
 * IPv6.
 */
import type { Program } from "../../kernel/syscall/sys.ts";
import { print, warn } from "../lib/output.ts";
import { complete, Words, wrongUse, type IpOptions } from "./context.ts";
import { addressCommand, linkCommand } from "./link.ts";
import { neighbourCommand } from "./neighbour.ts";
import { routeCommand } from "./route.ts";

const USAGE = `Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
where  OBJECT := { address | link | neighbour | route }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -br[ief] | -o[neline] | -j[son] | -4 }`;

const OBJECTS = ["address", "route", "link", "neighbor", "neighbour", "help"] as const;
const OPTIONS = [
  "statistics",
  "stats",
  "details",
  "brief",
  "oneline",
  "json",
  "pretty",
  "4",
  "6",
  "Version",
  "help",
  "color",
  "family",
] as const;

export const ip: Program = function* (sys, argv) {
  let at = 1;
  const given: string[] = [];
  for (; argv[at]?.startsWith("-") === true; at++) {
    const word = (argv[at] ?? "").replace(/^--?/, "");
    const option = complete(word.replace(/^br$/, "brief"), OPTIONS);
    if (option === null) return yield* wrongUse(sys, `Option "${argv[at] ?? ""}" is unknown, try "ip -help".`);
    if (option === "family") at++;
    given.push(option);
  }
  if (given.includes("Version")) {
    yield* print(sys, "ip utility, iproute2-6.1.0\n");
    return 0;
  }
  const word = argv[at];
  const object = word === undefined ? "help" : complete(word, OBJECTS);
  if (object === "help" || given.includes("help")) {
    yield* warn(sys, `${USAGE}\n`);
    return word === undefined ? 255 : 0;
  }
  const options: IpOptions = {
    statistics: given.filter((each) => each === "statistics" || each === "stats").length,
    brief: given.includes("brief"),
    oneLine: given.includes("oneline"),
    json: given.includes("json"),
    details: given.includes("details"),
  };
  if (given.includes("6")) return 0;
  const words = new Words(argv.slice(at + 1));
  switch (object) {
    case "link":
      return yield* linkCommand(sys, options, words);
    case "address":
      return yield* addressCommand(sys, options, words);
    case "route":
      return yield* routeCommand(sys, options, words);
    case "neighbor":
    case "neighbour":
      return yield* neighbourCommand(sys, options, words);
    case null:
      return yield* wrongUse(sys, `Object "${word ?? ""}" is unknown, try "ip help".`);
  }
};
