import fc from "fast-check";
import { expect, test } from "vitest";
import { putMac, type MacAddress } from "../wire/address.ts";
import { MacTable, NO_PORT } from "./mac-table.ts";

const AGEING = 100;
const act = fc.record({
  mac: fc.integer({ min: 0, max: 40 }),
  vlan: fc.constantFrom(0, 1, 4094),
  port: fc.integer({ min: 0, max: 3 }),
  waits: fc.integer({ min: 0, max: 20 }),
  what: fc.constantFrom("learn", "learn", "learn", "lookup", "forget"),
});

test("agrees with a plain map that ages, as long as there is room", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const clock = { now: 0 };
      const table = new MacTable({ clock, entriesMax: 200, ageingNs: AGEING });
      const model = new Map<string, { port: number; at: number }>();
      const bytes = new Uint8Array(6);
      for (const { mac, vlan, port, waits, what } of acts) {
        clock.now += waits;
        // Spread over both halves of the key.
        putMac(bytes, 0, (mac * 0x10000001f) as MacAddress);
        const key = `${vlan}/${mac}`;
        if (what === "learn") {
          table.learn(bytes, 0, vlan, port);
          model.set(key, { port, at: clock.now });
        } else if (what === "forget") {
          table.forgetPort(port);
          for (const [known, entry] of model) if (entry.port === port) model.delete(known);
        } else {
          const entry = model.get(key);
          const living = entry !== undefined && clock.now - entry.at < AGEING;
          expect(table.lookup(bytes, 0, vlan)).toBe(living ? entry.port : NO_PORT);
        }
        table.checkInvariants();
      }
      expect(table.entries().length).toBe([...model.values()].filter(({ at }) => clock.now - at < AGEING).length);
    }),
  );
});
