import { expect, test } from "vitest";
import { SysctlTable, sysctlList } from "./sysctl.ts";

const LIST = sysctlList("test.", { ttl: ["ttl", 1, 255], most: ["most"] });

function machine(): { table: SysctlTable; home: { ttl: number; most: number } } {
  const table = new SysctlTable();
  const home = { ttl: 64, most: 7 };
  table.define(LIST, home);
  return { table, home };
}

test("parameters are read and set by name, within their range", () => {
  const { table, home } = machine();
  const algorithm = table.defineText("test.congestion_control", "cubic", ["reno", "cubic"]);
  expect(table.names()).toEqual(["test.congestion_control", "test.most", "test.ttl"]);
  expect(table.set("test.ttl", " 32\n")).toBeNull();
  expect([home.ttl, table.get("test.ttl"), table.number("test.ttl")]).toEqual([32, "32", 32]);
  expect(table.set("test.congestion_control", "reno")).toBeNull();
  expect(algorithm.value).toBe("reno");
});

test("each machine has its own, and only those that were defined", () => {
  const { table } = machine();
  const other = machine();
  table.set("test.ttl", "1");
  expect(other.home.ttl).toBe(64);
  const bare = new SysctlTable();
  expect([bare.names(), bare.get("test.ttl"), bare.set("test.ttl", "1")]).toEqual([[], undefined, "ENOENT"]);
});

test("a name is taken once, and a list has one home", () => {
  const { table, home } = machine();
  expect(() => table.define(LIST, home)).toThrow("one home");
  expect(() => table.defineText("test.ttl", "", null)).toThrow("once");
  expect(() => sysctlList("test.", { other: ["ttl"] })).toThrow("once");
});

test("who observes hears of a number that was set", () => {
  const { table } = machine();
  let heard = 0;
  table.observe({ sysctlsChanged: () => void heard++ });
  table.set("test.ttl", "5");
  table.set("test.ttl", "500");
  expect(heard).toBe(1);
});

test.each([
  ["test.ttl", "0", "EINVAL"],
  ["test.ttl", "256", "EINVAL"],
  ["test.ttl", "many", "EINVAL"],
  ["test.ttl", "1e2", "EINVAL"],
  ["test.most", "2147483648", "EINVAL"],
  ["test.nothing", "1", "ENOENT"],
])("%s = %s is %s", (name, value, error) => {
  const { table } = machine();
  expect(table.set(name, value)).toBe(error);
  expect(table.get("test.ttl")).toBe("64");
});
