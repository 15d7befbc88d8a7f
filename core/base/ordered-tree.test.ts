import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderedTree, TreeNode } from "./ordered-tree.ts";

class Item extends TreeNode {
  readonly key: number;
  constructor(key: number) {
    super();
    this.key = key;
  }
}

const keys = (tree: OrderedTree<Item>): number[] => {
  const all: number[] = [];
  for (let at = tree.first; at !== null; at = tree.next(at)) all.push(at.key);
  return all;
};

const depth = (tree: OrderedTree<Item>): number => {
  let most = 0;
  for (let at = tree.first; at !== null; at = tree.next(at)) {
    let levels = 0;
    for (let up: Item | null = at; up !== null; up = up.parent) levels++;
    most = Math.max(most, levels);
  }
  return most;
};

test("stays in order under insertions and removals, and finds what an array would find", () => {
  const operation = fc.record({ key: fc.nat(50), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 120 }), fc.nat(50), (operations, sought) => {
      const tree = new OrderedTree<Item>((a, b) => a.key - b.key);
      const items = new Map<number, Item>();
      for (const { key, remove } of operations) {
        const known = items.get(key);
        if (known === undefined && !remove) {
          const item = new Item(key);
          const before = tree.findLast((at) => at.key - key);
          if (before === null) tree.insert(item);
          else tree.insertAfter(before, item);
          items.set(key, item);
        } else if (known !== undefined && remove) {
          tree.remove(known);
          items.delete(key);
        }
        tree.checkInvariants();
      }
      const sorted = [...items.keys()].sort((a, b) => a - b);
      expect(keys(tree)).toEqual(sorted);
      expect([tree.size, tree.first?.key, tree.last?.key]).toEqual([sorted.length, sorted[0], sorted.at(-1)]);
      expect(tree.findLast((at) => at.key - sought)?.key).toBe(sorted.findLast((key) => key <= sought));
      const backwards: number[] = [];
      for (let at = tree.last; at !== null; at = tree.previous(at)) backwards.push(at.key);
      expect(backwards.reverse()).toEqual(sorted);
    }),
  );
});

test("is shallow, whether items come in order, backwards or at random", () => {
  const count = 20_000;
  for (const key of [(i: number) => i, (i: number) => -i, (i: number) => Math.imul(i, 0x85ebca6b)]) {
    const tree = new OrderedTree<Item>((a, b) => a.key - b.key);
    for (let i = 0; i < count; i++) tree.insert(new Item(key(i)));
    // A random treap of that size is about 35 deep; a list would be 20,000.
    expect(depth(tree)).toBeLessThan(80);
  }
});
