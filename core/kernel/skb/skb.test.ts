import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../base/assert.ts";
import { BlockPool } from "../../wire/block.ts";
import { copyOut, SkbPool } from "./skb-pool.ts";
import { SkbQueue } from "./skb-queue.ts";
import { HEADROOM_BYTES, type SkBuff } from "./skbuff.ts";

function pool(): SkbPool {
  return new SkbPool(new BlockPool());
}

function withPayload(skbs: SkbPool, payload: readonly number[]): SkBuff {
  const skb = skbs.alloc(payload.length);
  skb.bytes.set(payload, skb.put(payload.length));
  return skb;
}

const whole = (skb: SkBuff): number[] => {
  const out = new Uint8Array(skb.length);
  copyOut(skb, 0, out, 0, skb.length);
  return [...out];
};

describe("an sk_buff", () => {
  test("pushes and pulls headers without moving bytes", () => {
    const skb = withPayload(pool(), [1, 2, 3]);
    expect([skb.headroom, skb.length]).toEqual([HEADROOM_BYTES, 3]);
    skb.bytes[skb.push(1)] = 9;
    expect(whole(skb)).toEqual([9, 1, 2, 3]);
    skb.pull(2);
    expect(whole(skb)).toEqual([2, 3]);
    skb.trim(1);
    expect(whole(skb)).toEqual([2]);
    skb.checkInvariants();
  });

  test("refuses what Linux would panic at", () => {
    const skb = withPayload(pool(), [1]);
    expect(() => skb.push(HEADROOM_BYTES + 1)).toThrow("headroom");
    expect(() => skb.pull(1 + HEADROOM_BYTES + 5)).toThrow(AssertionError);
    expect(() => withPayload(pool(), [1]).put(100_000)).toThrow("tailroom");
  });

  test("a clone shares bytes until one of them is made writable", () => {
    const skbs = pool();
    const skb = withPayload(skbs, [1, 2, 3]);
    const clone = skbs.clone(skb);
    expect(clone.block).toBe(skb.block);
    skbs.makeWritable(clone);
    clone.bytes[clone.data] = 7;
    expect([whole(skb), whole(clone)]).toEqual([
      [1, 2, 3],
      [7, 2, 3],
    ]);
    skbs.free(skb);
    skbs.free(clone);
    expect([skbs.outstanding, skbs.blocks.outstanding]).toEqual([0, 0]);
  });

  test("is freed once, and never out of a queue", () => {
    const skbs = pool();
    const skb = withPayload(skbs, [1]);
    const queue = new SkbQueue();
    queue.push(skb);
    expect(() => skbs.free(skb)).toThrow("queue");
    expect(() => queue.push(skb)).toThrow("one queue");
    expect(queue.shift()).toBe(skb);
    skbs.free(skb);
    expect(() => skbs.free(skb)).toThrow("once");
  });

  test("uncharges its account when the last user lets go", () => {
    const skbs = pool();
    const skb = withPayload(skbs, [1]);
    let freed = 0;
    skb.account = { uncharge: (bytes) => (freed += bytes) };
    skb.users++;
    skbs.free(skb);
    expect(freed).toBe(0);
    const size = skb.truesize;
    skbs.free(skb);
    expect(freed).toBe(size);
  });
});

test("linearize, copy, makeWritable and ensureHeadroom keep the bytes, pulled headers and offsets", () => {
  const payload = fc.array(fc.nat(255), { minLength: 4, maxLength: 40 });
  const operation = fc.constantFrom("linearize", "copy", "writable", "headroom", "clone");
  fc.assert(
    fc.property(
      payload,
      fc.array(payload, { maxLength: 3 }),
      fc.array(operation, { maxLength: 6 }),
      (head, frags, operations) => {
        const skbs = pool();
        let skb = withPayload(skbs, head);
        skb.networkHeader = skb.data;
        skb.pull(2); // what was pulled must survive as well
        for (const bytes of frags) {
          const block = skbs.blocks.acquire(bytes.length);
          block.bytes.set(bytes, block.start);
          skbs.addFragment(skb, { block, start: block.start, length: bytes.length });
        }
        const expected = [...head.slice(2), ...frags.flat()];
        for (const name of operations) {
          if (name === "linearize") skbs.linearize(skb);
          else if (name === "writable") skbs.makeWritable(skb);
          else if (name === "headroom") skbs.ensureHeadroom(skb, skb.headroom + 30);
          else {
            const twin = name === "copy" ? skbs.copy(skb) : skbs.clone(skb);
            skbs.free(skb);
            skb = twin;
          }
          skb.checkInvariants();
          expect(whole(skb)).toEqual(expected);
          expect(skb.data - skb.networkHeader).toBe(2);
          expect(skb.bytes[skb.networkHeader]).toBe(head[0]);
        }
        skbs.free(skb);
        expect([skbs.outstanding, skbs.blocks.outstanding]).toEqual([0, 0]);
      },
    ),
  );
});
