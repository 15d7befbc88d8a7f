/**
 * Where a window stands over very many rows of one height. A browser lays out at most some 16 million pixels, which a
 * million rows exceed: beyond HEIGHT_MAX the scrollbar is scaled, and the wheel moves the rows instead of it. Whoever
 * drags a scrollbar across thousands of rows sees samples: nobody could read more, and drawing them takes longest.
 */
import { computed, ref, watch, type Ref } from "vue";

const HEIGHT_MAX = 8_000_000;
/** Rows above and below the window. Each costs as much as one that is seen. */
const OVERSCAN = 1;
/** A scaled scrollbar is moved when it is off by more than this share: half a pixel of a long one. */
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

export interface ScrollPosition {
  /** Height of the content. */
  readonly height: Readonly<Ref<number>>;
  /** Where the scrollbar has to be. */
  readonly scrolled: Readonly<Ref<number>>;
  /** Rows to draw, [first, end), the first of them at `offset` in the window, which stays while the content scrolls. */
  readonly first: Readonly<Ref<number>>;
  readonly end: Readonly<Ref<number>>;
  readonly offset: Readonly<Ref<number>>;
  /** Rows that are drawn at most. */
  readonly rowsMax: Readonly<Ref<number>>;
  /** What is drawn is not what stands there: a sample. */
  readonly isSample: Readonly<Ref<boolean>>;
  isAtEnd(): boolean;
  /** Moves by pixels of rows. */
  moveBy(pixels: number): void;
  /** The scrollbar was moved. @returns whether that was anybody else. */
  scrollbarMoved(to: number): boolean;
  /** Brings a row into the window, with as little movement as does it. */
  show(index: number): void;
  readonly isScaled: Readonly<Ref<boolean>>;
  dispose(): void;
}

export function useScrollPosition({ count, rowHeight, view, isFollowing }: ScrollOptions): ScrollPosition {
  const top = ref(0);
  /** The same for what is drawn. */
  const drawn = ref(0);
  const scrolled = ref(0);
  const full = computed(() => count.value * rowHeight);
  const height = computed(() => Math.min(full.value, HEIGHT_MAX));
  const topMax = computed(() => Math.max(0, full.value - view.value));
  const isScaled = computed(() => full.value > HEIGHT_MAX);
  const scale = computed(() => (isScaled.value ? (height.value - view.value) / topMax.value : 1));
  const first = computed(() => Math.max(0, Math.floor(drawn.value / rowHeight) - OVERSCAN));
  const end = computed(() => Math.min(count.value, Math.ceil((drawn.value + view.value) / rowHeight) + OVERSCAN));
  const offset = computed(() => first.value * rowHeight - drawn.value);
  const clamped = (to: number): number => Math.max(0, Math.min(topMax.value, to));
  const sampler = useSampler(() => (drawn.value = top.value));

  function moveTo(to: number): void {
    top.value = clamped(Math.round(to));
    drawn.value = top.value;
    const at = Math.round(top.value * scale.value);
    const isAtAnEnd = top.value === 0 || top.value === topMax.value;
    // Each time it is moved the browser lays everything out at once.
    const mayStay = isScaled.value && !isAtAnEnd && Math.abs(at - scrolled.value) < height.value * DRIFT_MAX;
    if (!mayStay) scrolled.value = at;
  }

  function scrollbarMoved(to: number): boolean {
    const by = to - scrolled.value;
    if (Math.abs(by) < 1) return false;
    scrolled.value = to;
    // A small step is one of rows, also where the scrollbar's own steps are larger.
    const isSmall = isScaled.value && Math.abs(by) <= view.value;
    top.value = clamped(isSmall ? top.value + by : to / scale.value);
    if (Math.abs(by) > JUMP_WINDOWS * view.value) sampler.soon();
    else drawn.value = top.value;
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
    ...{ height, scrolled, first, end, offset, isScaled, scrollbarMoved, show, dispose: sampler.stop },
    rowsMax: computed(() => Math.ceil(view.value / rowHeight) + 2 * OVERSCAN + 1),
    isSample: computed(() => drawn.value !== top.value),
    isAtEnd: () => top.value >= topMax.value - rowHeight / 2,
    moveBy: (pixels) => moveTo(top.value + pixels),
  };
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
