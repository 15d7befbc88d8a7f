import fc from "fast-check";
import { expect, it } from "vitest";
import { TcpBench } from "../../../test/harness/tcp-bench.ts";
import type { Ipv4Address } from "../../wire/address.ts";
import { TimeWaitSock } from "./close/time-wait-sock.ts";
import { TcpTables, emptyLookup, type Lookup } from "./tables.ts";

/** Few ports and addresses, so that buckets and connections meet; many steps, so that the table grows. */
const step = fc.record({
  local: fc.constantFrom(80, 81, 65_535),
  remote: fc.integer({ min: 1024, max: 1100 }),
  address: fc.constantFrom(0x0a000001, 0xc0a80001, 0xfffffffe),
  removes: fc.boolean(),
});

function lookup({ local, remote, address }: { local: number; remote: number; address: number }): Lookup {
  const key = emptyLookup();
  key.localPort = local;
  key.remotePort = remote;
  key.remoteAddress = address as Ipv4Address;
  return key;
}

it("finds what was put in and not taken out, and nothing else", () => {
  const { tcp } = new TcpBench();
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const tables = new TcpTables(1);
      const model = new Map<string, TimeWaitSock>();
      for (const each of steps) {
        const name = `${each.local} ${each.remote} ${each.address}`;
        const known = model.get(name) ?? null;
        expect(tables.find(lookup(each))).toBe(known);
        if (each.removes) {
          if (known === null) continue;
          expect(tables.remove(known)).toBe(true);
          expect(tables.remove(known)).toBe(false);
          model.delete(name);
        } else if (known === null) {
          const entry = Object.assign(new TimeWaitSock(tcp), lookup(each));
          tables.insert(entry);
          model.set(name, entry);
        }
        tables.checkInvariants();
        expect(new Set(tables.entries())).toEqual(new Set(model.values()));
        expect(tables.timeWaits).toBe(model.size);
      }
    }),
  );
});
