/** A star of hosts around one switch: reading the lab, building the world, and one ping. Arguments: [hosts] */
import { assert } from "../../../core/base/assert.ts";
import { SECOND, type VirtualTime } from "../../../core/base/time.ts";
import { parseLab } from "../../../core/lab/parse.ts";
import { Session } from "../../../core/session/session.ts";
import { measure } from "../measure.ts";

const hosts = Number(process.argv[2] ?? 1000);
const names = Array.from({ length: hosts }, (_, index) => `h${index}`);
const text = [
  "lastack: 1",
  "name: star",
  "nodes:",
  "  s: { kind: switch }",
  ...names.map((name) => `  ${name}: { kind: host }`),
  "links:",
  ...names.map((name) => `  - { ends: [s, ${name}] }`),
].join("\n");

measure(`star ${hosts}`, () => {
  const start = process.hrtime.bigint();
  const since = (): number => Number(process.hrtime.bigint() - start) / 1e9;
  const lab = parseLab(text, "star.lab.yaml");
  assert(lab.ok, "the lab is right");
  const parsed = since();
  const session = new Session(lab.value);
  const built = since();
  session.inject({ kind: "exec", node: "h0", command: `ping -c 1 h${hosts - 1}`, console: 1 });
  session.advance((2 * SECOND) as VirtualTime);
  assert(session.report().consoles[0]?.status === 0, "the last host answers the first");
  return { events: session.eventCount, facts: { parse_s: parsed, build_s: built - parsed } };
});
