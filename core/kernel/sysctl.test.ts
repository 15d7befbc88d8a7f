import { expect, test } from "vitest";
import { SysctlTable } from "./sysctl.ts";

test("parameters are read and set by name, within their range", () => {
  const table = new SysctlTable();
  const ttl = table.define("net.ipv4.ip_default_ttl", 64, 1, 255);
  const algorithm = table.defineText("net.ipv4.tcp_congestion_control", "cubic", ["reno", "cubic"]);
  expect(table.names()).toEqual(["net.ipv4.ip_default_ttl", "net.ipv4.tcp_congestion_control"]);
  expect(table.set("net.ipv4.ip_default_ttl", " 32\n")).toBeNull();
  expect([ttl.value, table.get("net.ipv4.ip_default_ttl")]).toEqual([32, "32"]);
  expect(table.set("net.ipv4.tcp_congestion_control", "reno")).toBeNull();
  expect(algorithm.value).toBe("reno");
});

test.each([
  ["net.ipv4.ip_default_ttl", "0", "EINVAL"],
  ["net.ipv4.ip_default_ttl", "256", "EINVAL"],
  ["net.ipv4.ip_default_ttl", "many", "EINVAL"],
  ["net.ipv4.ip_default_ttl", "1e2", "EINVAL"],
  ["net.ipv4.nothing", "1", "ENOENT"],
])("%s = %s is %s", (name, value, error) => {
  const table = new SysctlTable();
  table.define("net.ipv4.ip_default_ttl", 64, 1, 255);
  expect(table.set(name, value)).toBe(error);
  expect(table.get("net.ipv4.ip_default_ttl")).toBe("64");
});
