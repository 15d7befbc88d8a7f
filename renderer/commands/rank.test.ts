import { expect, test } from "vitest";
import { rankCommands } from "./rank.ts";

const COMMANDS = [
  "Run Play",
  "Run Step to the next packet",
  "View Fit the whole network",
  "Network Unplug",
  "Network Plug in",
];
const rank = (query: string): string[] => rankCommands(COMMANDS, query, (text) => text);

test("all words must occur, in any order", () => {
  expect(rank("packet step")).toEqual(["Run Step to the next packet"]);
  expect(rank("nothing")).toEqual([]);
});

test("nothing typed is everything, as it comes", () => {
  expect(rank("")).toEqual(COMMANDS);
});

test("the start of a word counts more than its middle", () => {
  expect(rank("plug")).toEqual(["Network Plug in", "Network Unplug"]);
});
