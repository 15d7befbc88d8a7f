/**
 * Rows of the packet list, pulled from the core in pages as they come into view. One request at a time, for what is
 * looked at now: whoever scrolls fast asks for where they stop. Rows that may have changed stay until newer ones come,
 * so nothing flickers. While the newest packets are followed, a refresh asks for the last rows, wherever they are by
 * now: under heavy traffic they would be elsewhere again before a page came.
 */
import type { PacketPage, PacketRow } from "../../core/contract/api/packet-view.ts";
import type { ApiProblem } from "../../core/contract/api/problem.ts";

export type FetchPage = (params: { filter: string; from: number | "end"; count: number }) => Promise<PacketPage>;

export const PAGE_ROWS = 100;
/** Pages that are kept; some that are out of sight save a request when people scroll back. */
const PAGES_MAX = 60;
/** Rows asked for at the end besides those in sight, so that a small scroll shows some; and at most. */
const TAIL_SPARE = 20;
const TAIL_MAX = 200;

interface Page {
  readonly rows: readonly PacketRow[];
  /** Rows in all when it came: with more of them now, a page that was not full has more as well. */
  readonly total: number;
  /** Something may have changed since. */
  isOld: boolean;
}

/** Rows at the end of the list, as they came together. */
interface Tail {
  /** As in `#pages`, counted from the first packet of the run without a filter. */
  readonly at: number;
  readonly rows: readonly PacketRow[];
}

interface Request {
  readonly from: number | "end";
  readonly count: number;
  /** Null: the tail. */
  readonly page: number | null;
}

export class PacketPages {
  total = 0;
  /** False while the core still looks through older packets. */
  isComplete = true;
  /** Packets that fell out of the core's store. */
  forgotten = 0;
  /** The list's end is what is looked at. */
  isFollowing = false;
  #filter = "";
  /** By number of the page. Unfiltered rows count from the first packet of the run, so that they keep their place. */
  readonly #pages = new Map<number, Page>();
  #tail: Tail = NO_TAIL;
  readonly #fetch: FetchPage;
  readonly #onChange: () => void;
  #seen = { from: 0, to: 0 };
  #isBusy = false;
  #mustRefresh = false;
  /** A page that was asked for in vain: not again before something has changed. */
  #vain: number | null = null;
  /** Raised when what was asked for is not wanted any more. */
  #epoch = 0;

  constructor(fetch: FetchPage, onChange: () => void) {
    this.#fetch = fetch;
    this.#onChange = onChange;
  }

  get filter(): string {
    return this.#filter;
  }

  /** Undefined: not here yet. */
  row(index: number): PacketRow | undefined {
    const at = index + this.#shift;
    return this.#tail.rows[at - this.#tail.at] ?? this.#pages.get(Math.floor(at / PAGE_ROWS))?.rows[at % PAGE_ROWS];
  }

  /** @returns what is wrong with the filter, which then changes nothing; null when it holds now. */
  async setFilter(filter: string): Promise<ApiProblem | null> {
    if (filter === this.#filter) return null;
    const epoch = ++this.#epoch;
    try {
      const page = await this.#fetch({ filter, from: 0, count: PAGE_ROWS });
      if (epoch !== this.#epoch) return null;
      this.#filter = filter;
      this.#clear();
      this.#take(page, false);
    } catch (problem) {
      if (isFilterProblem(problem)) return problem;
      throw problem;
    } finally {
      // What was on its way for the old filter came to nothing.
      if (epoch === this.#epoch) this.refresh();
    }
    return null;
  }

  /** These rows are on the screen. */
  look(from: number, to: number): void {
    this.#seen = { from, to };
    this.#vain = null;
    this.#pump();
  }

  /** The core has more packets than it had, or has looked at more. */
  refresh(): void {
    this.#mustRefresh = true;
    this.#vain = null;
    this.#pump();
  }

  /** Nothing that was here holds any more. */
  rewind(): void {
    this.#epoch++;
    this.#clear();
    this.total = 0;
    this.forgotten = 0;
    this.isComplete = true;
    this.#onChange();
    this.refresh();
  }

  /** Where the list has packet `number`, or would have it: rows are in the order of their numbers. */
  async indexOf(number: number): Promise<number> {
    if (this.#isUnfiltered) return number - 1 - this.forgotten;
    let from = 0;
    let to = this.total;
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const { rows } = await this.#fetch({ filter: this.#filter, from: middle, count: 1 });
      if ((rows[0]?.number ?? Infinity) < number) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  get #isUnfiltered(): boolean {
    return this.#filter.trim() === "";
  }

  get #shift(): number {
    return this.#isUnfiltered ? this.forgotten : 0;
  }

  #clear(): void {
    this.#pages.clear();
    this.#tail = NO_TAIL;
  }

  #pump(): void {
    if (this.#isBusy) return;
    const request = this.#nextRequest();
    if (request === null) return;
    const { page, ...range } = request;
    if (page === null) this.#mustRefresh = false;
    const epoch = this.#epoch;
    this.#isBusy = true;
    void this.#fetch({ filter: this.#filter, ...range })
      .then(
        (answer) => {
          if (epoch !== this.#epoch) return;
          this.#take(answer, page === null);
        },
        // The core was lost or has no lab: the next push brings what there is then.
        () => undefined,
      )
      .finally(() => {
        this.#isBusy = false;
        const isVain = page !== null && this.#pages.get(page)?.isOld !== false;
        if (isVain && epoch === this.#epoch) this.#vain = page;
        this.#pump();
      });
  }

  #nextRequest(): Request | null {
    const inSight = this.#seen.to - this.#seen.from;
    if (this.isFollowing && this.#mustRefresh) {
      return { from: "end", count: Math.min(TAIL_MAX, inSight + TAIL_SPARE), page: null };
    }
    const page = this.#nextPage();
    if (page === null) return null;
    this.#mustRefresh = false;
    const from = Math.max(0, page * PAGE_ROWS - this.#shift);
    return { from, count: Math.max(1, (page + 1) * PAGE_ROWS - this.#shift - from), page };
  }

  /** The first page in sight that is not here; else one that is old; else, on a refresh, the last one in sight. */
  #nextPage(): number | null {
    const pageOf = (index: number): number => Math.floor((index + this.#shift) / PAGE_ROWS);
    const end = Math.min(this.#seen.to, this.total);
    if (this.isFollowing && this.#isInTail(this.#seen.from, end)) return null;
    let old: number | null = null;
    for (let page = pageOf(this.#seen.from); page <= pageOf(end - 1) && this.#seen.from < end; page++) {
      const known = this.#pages.get(page);
      if (page === this.#vain) continue;
      if (known === undefined) return page;
      if (known.isOld || this.#hasMore(known)) old ??= page;
    }
    return old ?? (this.#mustRefresh ? pageOf(Math.max(0, end - 1)) : null);
  }

  #isInTail(from: number, end: number): boolean {
    const { at, rows } = this.#tail;
    return from + this.#shift >= at && end + this.#shift <= at + rows.length;
  }

  #hasMore({ rows, total }: Page): boolean {
    return rows.length < PAGE_ROWS && total < this.total + this.#shift;
  }

  #take({ total, complete, forgotten, from, rows }: PacketPage, isTail: boolean): void {
    const hasMoved = forgotten !== this.forgotten;
    this.total = total;
    this.isComplete = complete;
    this.forgotten = forgotten;
    // How many of the filter's rows are gone with what was forgotten, nobody says.
    if (hasMoved && !this.#isUnfiltered) {
      for (const page of this.#pages.values()) page.isOld = true;
      this.#tail = NO_TAIL;
    }
    if (isTail) this.#tail = { at: from + this.#shift, rows };
    else if (this.#isUnfiltered) this.#keepByNumber(rows);
    else this.#keep(from, rows);
    this.#onChange();
  }

  /** Rows from `at` on, which are those of one page. */
  #keep(at: number, rows: readonly PacketRow[]): void {
    const page = Math.floor(at / PAGE_ROWS);
    const filled: PacketRow[] = [];
    rows.forEach((row, index) => (filled[at - page * PAGE_ROWS + index] = row));
    this.#pages.delete(page);
    this.#pages.set(page, { rows: filled, total: this.total + this.#shift, isOld: false });
    if (this.#pages.size <= PAGES_MAX) return;
    const [oldest] = this.#pages.keys();
    if (oldest !== undefined) this.#pages.delete(oldest);
  }

  /** The store may have moved on since these rows were asked for: where they belong, their numbers say. */
  #keepByNumber(rows: readonly PacketRow[]): void {
    for (let from = 0; from < rows.length;) {
      const at = (rows[from]?.number ?? 1) - 1;
      const to = from + PAGE_ROWS - (at % PAGE_ROWS);
      // A page whose beginning is missing would have holes.
      if (at % PAGE_ROWS === 0 || at === this.forgotten) this.#keep(at, rows.slice(from, to));
      from = to;
    }
  }
}

const NO_TAIL: Tail = { at: Infinity, rows: [] };

function isFilterProblem(problem: unknown): problem is ApiProblem {
  return (problem as Partial<ApiProblem> | null)?.code === "filter/syntax";
}
