/**
 * Where a window stands over very many rows of one height. A browser lays out at most some 16 million pixels, which a
 * million rows exceed. So the rows around the window lie on a *stretch*, which the browser scrolls by itself, and a
 * scrollbar of its own leads over all rows, on a scale of its own. Whoever drags that across thousands of rows sees
 * samples: nobody could read more, and drawing them takes longest.
 */
import { computed, ref, watch, type Ref } from "vue";

/** Of the stretch. Far more than people turn a wheel over; far less than a browser can lay out. */
const STRETCH_ROWS = 40_000;
/** So close to its ends another one is laid out. */
const MARGIN_ROWS = 2000;
const BAR_HEIGHT_MAX = 8_000_000;
/** Rows that are drawn around those in the window: the browser scrolls before rows can be drawn. */
const AHEAD = 8;
/** The scrollbar is moved when it is off by more than this share: half a pixel of a long one. */
const DRIFT_MAX = 1 / 2000;
/** A scrollbar that moves by more windows than this at once is dragged. */
const JUMP_WINDOWS = 3;
/** Between two samples, ms. */
const SAMPLE_MS = 200;

export interface ScrollOptions {
  readonly count: Readonly<Ref<number>>;
  readonly rowHeight: number;
  /** Height of the window, pixels. */
  readonly view: Readonly<Ref<number>>;
  /** While true the end is in sight, however many rows there come to be. */
  readonly isFollowing?: Readonly<Ref<boolean>>;
}

/** Rows [first, end). */
export interface Rows {
  readonly first: number;
  readonly end: number;
}

export const overlap = (a: Rows, b: Rows): boolean => a.first < b.end && b.first < a.end;

export interface ScrollPosition {
  /** Rows in the window, [first, end). */
  readonly first: Readonly<Ref<number>>;
  readonly end: Readonly<Ref<number>>;
  readonly drawn: Readonly<Ref<Rows>>;
  /** Rows that are drawn at most. */
  readonly rowsMax: Readonly<Ref<number>>;
  /** The row that the stretch begins with, its height, and how far it has to be scrolled, pixels. */
  readonly base: Readonly<Ref<number>>;
  readonly height: Readonly<Ref<number>>;
  readonly scrolled: Readonly<Ref<number>>;
  /** The same of the scrollbar. */
  readonly barHeight: Readonly<Ref<number>>;
  readonly barScrolled: Readonly<Ref<number>>;
  /** What is drawn is not what stands there: a sample. */
  readonly isSample: Readonly<Ref<boolean>>;
  isAtEnd(): boolean;
  /** The stretch was scrolled. @returns whether that was anybody else. */
  stretchScrolled(to: number): boolean;
  /** The scrollbar was moved. @returns whether that was anybody else. */
  barMoved(to: number): boolean;
  /** Brings a row into the window, with as little movement as does it. */
  show(index: number): void;
  dispose(): void;
}

export function useScrollPosition({ count, rowHeight, view, isFollowing }: ScrollOptions): ScrollPosition {
  const top = ref(0);
  /** The same for what is to be seen. */
  const seen = ref(0);
  const base = ref(0);
  const barScrolled = ref(0);
  const full = computed(() => count.value * rowHeight);
  const topMax = computed(() => Math.max(0, full.value - view.value));
  const barHeight = computed(() => Math.min(full.value, BAR_HEIGHT_MAX));
  const scale = computed(() => (topMax.value === 0 ? 1 : (barHeight.value - view.value) / topMax.value));
  const first = computed(() => Math.floor(seen.value / rowHeight));
  const end = computed(() => Math.min(count.value, Math.ceil((seen.value + view.value) / rowHeight)));
  const drawn = computed<Rows>((last) => rowsToDraw({ first: first.value, end: end.value }, last, count.value));
  const clamped = (to: number): number => Math.max(0, Math.min(topMax.value, to));
  const sampler = useSampler(() => see(top.value));

  function see(to: number): void {
    seen.value = to;
    const isInside =
      (base.value === 0 || first.value >= base.value + MARGIN_ROWS) &&
      first.value <= base.value + STRETCH_ROWS - MARGIN_ROWS;
    if (!isInside) base.value = Math.max(0, first.value - STRETCH_ROWS / 2);
  }

  function moveTo(to: number): void {
    top.value = clamped(to);
    see(top.value);
    const at = Math.round(top.value * scale.value);
    const isAtAnEnd = top.value === 0 || top.value === topMax.value;
    if (isAtAnEnd || Math.abs(at - barScrolled.value) > barHeight.value * DRIFT_MAX) barScrolled.value = at;
  }

  function stretchScrolled(to: number): boolean {
    const at = base.value * rowHeight + to;
    if (Math.abs(at - seen.value) < 1) return false;
    moveTo(at);
    return true;
  }

  function barMoved(to: number): boolean {
    const by = to - barScrolled.value;
    if (Math.abs(by) < 1) return false;
    barScrolled.value = to;
    // A small step is one of rows, also where the scrollbar's own steps are larger. But its ends are those of the rows.
    const isSmall = Math.abs(by) <= view.value && to > 0 && to < Math.floor(barHeight.value - view.value);
    top.value = clamped(Math.round(isSmall ? top.value + by : to / scale.value));
    if (Math.abs(by) > JUMP_WINDOWS * view.value) sampler.soon();
    else see(top.value);
    return true;
  }

  // Before they are drawn, so that they are drawn once. With fewer rows, what was in sight may be beyond the end.
  watch([topMax, scale, () => isFollowing?.value], () => {
    if (isFollowing?.value === true || top.value > topMax.value) moveTo(topMax.value);
  });

  function show(index: number): void {
    const at = index * rowHeight;
    if (at < top.value) moveTo(at);
    else if (at + rowHeight > top.value + view.value) moveTo(at + rowHeight - view.value);
  }

  return {
    ...{ first, end, drawn, base, barHeight, barScrolled, stretchScrolled, barMoved, show, dispose: sampler.stop },
    height: computed(() => Math.min(STRETCH_ROWS, count.value - base.value) * rowHeight),
    scrolled: computed(() => seen.value - base.value * rowHeight),
    rowsMax: computed(() => Math.ceil(view.value / rowHeight) + 1 + 3 * AHEAD),
    isSample: computed(() => seen.value !== top.value),
    isAtEnd: () => top.value >= topMax.value - rowHeight / 2,
  };
}

/**
 * @param last rows that are drawn. They stay as long as there are some on either side of the window: to draw rows has a
 * price of its own, beside that of each row.
 */
function rowsToDraw(seen: Rows, last: Rows | undefined, count: number): Rows {
  if (last === undefined || !overlap(seen, last)) return around(seen, 1, 1, count);
  const needed = around(seen, AHEAD / 2, AHEAD / 2, count);
  if (last.first <= needed.first && needed.end <= last.end && last.end <= count) return last;
  const isUpwards = needed.first + needed.end < last.first + last.end;
  return isUpwards ? around(seen, 2 * AHEAD, AHEAD, count) : around(seen, AHEAD, 2 * AHEAD, count);
}

function around({ first, end }: Rows, above: number, below: number, count: number): Rows {
  // Fewer rows than there were, and what is in sight has not been moved back to them yet.
  const from = Math.max(0, Math.min(count, first - above));
  return { first: from, end: Math.max(from, Math.min(count, end + below)) };
}

/** Calls back now and then while it is asked to, and once more after the last time. */
function useSampler(sample: () => void): { soon(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      sample();
    }, SAMPLE_MS);
  };
  return { soon, stop: () => clearTimeout(timer) };
}
