/**
 * An ordered set as an intrusive treap: the items are the nodes, so that joining allocates nothing. Joining at either
 * end, and leaving, take constant time on average; looking up takes the logarithm of the size. Priorities come from a
 * counter's hash, so that two runs build the same tree.
 * Linux uses red-black trees in the same places (TCP's retransmit and out-of-order queues).
 */
import { assert } from "./assert.ts";

export class TreeNode {
  left: this | null = null;
  right: this | null = null;
  parent: this | null = null;
  /** -1 outside any tree. */
  priority = -1;
}

/** Negative when `a` comes first. Never 0 between two items of one tree. */
export type Order<T> = (a: T, b: T) => number;

export class OrderedTree<T extends TreeNode> {
  readonly #order: Order<T>;
  #root: T | null = null;
  #first: T | null = null;
  #last: T | null = null;
  #joined = 0;
  size = 0;

  constructor(order: Order<T>) {
    this.#order = order;
  }

  get first(): T | null {
    return this.#first;
  }

  get last(): T | null {
    return this.#last;
  }

  insert(item: T): void {
    const last = this.#last;
    if (last === null || this.#order(last, item) < 0) {
      this.#attach(item, last, false);
      return;
    }
    let at = this.#root as T;
    for (;;) {
      const isLeft = this.#order(item, at) < 0;
      const below = isLeft ? at.left : at.right;
      if (below === null) {
        this.#attach(item, at, isLeft);
        return;
      }
      at = below;
    }
  }

  /** Puts `item` right behind `before`, where its place must be. */
  insertAfter(before: T, item: T): void {
    if (before.right === null) this.#attach(item, before, false);
    else {
      let at: T = before.right;
      while (at.left !== null) at = at.left;
      this.#attach(item, at, true);
    }
  }

  remove(item: T): void {
    assert(item.priority >= 0, "an item leaves the tree that it is in");
    if (item === this.#first) this.#first = this.next(item);
    if (item === this.#last) this.#last = this.previous(item);
    // Down until it is a leaf on one side, then out.
    while (item.left !== null && item.right !== null) {
      this.#rotateUp(item.left.priority > item.right.priority ? item.left : item.right);
    }
    const child = item.left ?? item.right;
    const parent = item.parent;
    if (child !== null) child.parent = parent;
    this.#replaceBelow(parent, item, child);
    item.left = null;
    item.right = null;
    item.parent = null;
    item.priority = -1;
    this.size--;
  }

  next(item: T): T | null {
    if (item.right !== null) {
      let at: T = item.right;
      while (at.left !== null) at = at.left;
      return at;
    }
    let at: T = item;
    let up = at.parent;
    while (up !== null && up.right === at) {
      at = up;
      up = at.parent;
    }
    return up;
  }

  previous(item: T): T | null {
    if (item.left !== null) {
      let at: T = item.left;
      while (at.right !== null) at = at.right;
      return at;
    }
    let at: T = item;
    let up = at.parent;
    while (up !== null && up.left === at) {
      at = up;
      up = at.parent;
    }
    return up;
  }

  /**
   * The last item for which `probe` is not positive: pass the distance from what is sought to the item, and this is the
   * item at it or before it. Null when all are behind it.
   */
  findLast(probe: (item: T) => number): T | null {
    let found: T | null = null;
    for (let at = this.#root; at !== null;) {
      if (probe(at) <= 0) {
        found = at;
        at = at.right;
      } else at = at.left;
    }
    return found;
  }

  checkInvariants(): void {
    let count = 0;
    let before: T | null = null;
    for (let at = this.#first; at !== null; at = this.next(at)) {
      count++;
      if (before !== null) assert(this.#order(before, at) < 0, "items are in order");
      if (at.parent !== null) assert(at.parent.priority >= at.priority, "a parent has the higher priority");
      before = at;
    }
    assert(count === this.size && before === this.#last, "every item is reached");
  }

  #attach(item: T, parent: T | null, isLeft: boolean): void {
    assert(item.priority < 0, "an item is in one tree at most");
    item.priority = Math.imul(++this.#joined, 0x9e3779b1) >>> 1;
    item.parent = parent;
    this.size++;
    if (parent === null) {
      this.#root = item;
      this.#first = item;
      this.#last = item;
      return;
    }
    if (isLeft) {
      parent.left = item;
      if (parent === this.#first) this.#first = item;
    } else {
      parent.right = item;
      if (parent === this.#last) this.#last = item;
    }
    while (item.parent !== null && item.parent.priority < item.priority) this.#rotateUp(item);
  }

  /** `item` changes places with its parent. */
  #rotateUp(item: T): void {
    const parent = item.parent as T;
    const above = parent.parent;
    if (parent.left === item) {
      parent.left = item.right;
      if (item.right !== null) item.right.parent = parent;
      item.right = parent;
    } else {
      parent.right = item.left;
      if (item.left !== null) item.left.parent = parent;
      item.left = parent;
    }
    parent.parent = item;
    item.parent = above;
    this.#replaceBelow(above, parent, item);
  }

  #replaceBelow(parent: T | null, old: T, item: T | null): void {
    if (parent === null) this.#root = item;
    else if (parent.left === old) parent.left = item;
    else parent.right = item;
  }
}
