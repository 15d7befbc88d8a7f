/** What a lab may have at most, a world has room for; one more is a problem with a position. */
import { expect, test } from "vitest";
import type { VirtualTime } from "../../core/base/time.ts";
import { LAB_LIMITS } from "../../core/lab/limits.ts";
import { parseLab } from "../../core/lab/parse.ts";
import { Session } from "../../core/session/session.ts";

const MOST = LAB_LIMITS.nicsPerNodeMax;

function cards(count: number, settings: string): string {
  const nics = Array.from({ length: count }, (_, index) => `      eth${index}: ${settings}`);
  return ["lastack: 1", "name: wide", "nodes:", "  wide:", "    kind: router", "    nics:", ...nics, ""].join("\n");
}

function cables(count: number): string {
  const numbers = Array.from({ length: count }, (_, index) => index);
  const hosts = numbers.map((index) => `  h${index}: { kind: host }`);
  const links = numbers.map((index) => `  - { ends: ["h${index}:eth0", "wide:eth${index}"] }`);
  return ["lastack: 1", "name: wide", "nodes:", "  wide: { kind: switch }", ...hosts, "links:", ...links, ""].join(
    "\n",
  );
}

test("a machine with as many cards as it may have, and a VLAN on each, starts", () => {
  const lab = parseLab(cards(MOST, "{ vlan: 7 }"), "wide.lab.yaml");
  if (!lab.ok) throw new Error(JSON.stringify(lab.error[0]));
  const session = new Session(lab.value, { seed: 1 });
  session.advance(1_000_000 as VirtualTime);
  expect(lab.value.nodes[0]).toHaveProperty("nics.length", MOST);
  session.close();
});

test.each([
  [cards(MOST + 1, "{ }"), { code: "lab/bad-value", line: 7 }],
  [
    cables(MOST + 1),
    { code: "lab/too-many-nics", line: 4, title: `${MOST + 1} interfaces: a node has at most ${MOST}` },
  ],
])("one more is refused, with a position", (text, problem) => {
  expect(parseLab(text, "wide.lab.yaml")).toMatchObject({ ok: false, error: [problem] });
});
