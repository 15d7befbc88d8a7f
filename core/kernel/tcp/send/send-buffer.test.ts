import fc from "fast-check";
import { expect, test } from "vitest";
import { connection, FIRST } from "../../../../test/harness/tcp-sock.ts";
import { copyOut } from "../../skb/skb-pool.ts";
import { seqAdd, seqDistance, seqOf, type Seq } from "../sequence.ts";

const at = (seq: Seq, length: number, from: Uint8Array, base: number): Uint8Array => {
  const start = seqDistance(seqOf(base), seq);
  return from.slice(start, start + length);
};

/** toEqual takes a microsecond a byte. */
const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

test("holds what a plain array would, over any appends, reads and releases", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("append" as const), length: fc.integer({ min: 0, max: 70_000 }) }),
    fc.record({ do: fc.constant("release" as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({
      do: fc.constant("read" as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.integer({ min: 0, max: 66_000 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(FIRST, -5000, 0x7fff_f000), (steps, base) => {
      const { tcp, world } = connection();
      const buffer = tcp.sendBuffer;
      const blocks = world.blocks.outstanding;
      tcp.writeSeq = seqOf(base);
      let stream = new Uint8Array(0);
      let una = seqOf(base);
      for (const what of steps) {
        const held = seqDistance(una, tcp.writeSeq);
        if (what.do === "append") {
          const bytes = Uint8Array.from({ length: what.length }, (_, i) => (stream.length + i * 7) & 0xff);
          buffer.append(bytes, 0, bytes.length);
          const longer = new Uint8Array(stream.length + bytes.length);
          longer.set(stream);
          longer.set(bytes, stream.length);
          stream = longer;
          tcp.writeSeq = seqAdd(tcp.writeSeq, bytes.length);
        } else if (what.do === "release") {
          una = seqAdd(una, Math.floor(held * what.part));
          buffer.release(una);
        } else {
          const from = seqAdd(una, Math.floor(held * what.part));
          const length = Math.min(what.length, seqDistance(from, tcp.writeSeq));
          const copy = new Uint8Array(length + 2);
          buffer.copyOut(from, length, copy, 1);
          expect(isSame(copy.subarray(1, length + 1), at(from, length, stream, base))).toBe(true);
          const skb = world.skbs.alloc(0);
          buffer.addFrags(skb, from, length);
          expect(skb.length).toBe(length);
          const gathered = new Uint8Array(length);
          copyOut(skb, 0, gathered, 0, length);
          expect(isSame(gathered, at(from, length, stream, base))).toBe(true);
          world.skbs.free(skb);
        }
        buffer.checkInvariants();
        expect(buffer.bytes).toBe(seqDistance(una, tcp.writeSeq));
      }
      buffer.clear();
      expect(world.blocks.outstanding).toBe(blocks);
    }),
    { numRuns: 40 },
  );
});

test("a packet under way keeps its bytes after they were acknowledged and more was written", () => {
  const { tcp, world } = connection();
  tcp.sendBuffer.append(Uint8Array.of(1, 2, 3), 0, 3);
  tcp.writeSeq = seqAdd(tcp.writeSeq, 3);
  const skb = world.skbs.alloc(0);
  tcp.sendBuffer.addFrags(skb, seqOf(FIRST), 3);
  tcp.sendBuffer.release(seqOf(FIRST + 3));
  tcp.sendBuffer.append(new Uint8Array(300).fill(9), 0, 300);
  const bytes = new Uint8Array(3);
  copyOut(skb, 0, bytes, 0, 3);
  expect([...bytes]).toEqual([1, 2, 3]);
  world.skbs.free(skb);
});

test("reading what is not held is a bug", () => {
  const { tcp } = connection();
  tcp.sendBuffer.append(new Uint8Array(10), 0, 10);
  expect(() => tcp.sendBuffer.copyOut(seqOf(FIRST + 5), 6, new Uint8Array(6), 0)).toThrow("in the send buffer");
  tcp.sendBuffer.release(seqOf(FIRST + 4));
  expect(() => tcp.sendBuffer.copyOut(seqOf(FIRST + 3), 1, new Uint8Array(1), 0)).toThrow("in the send buffer");
});
