/** The rows of a scroller that are in sight, of very many of one height: scroll-position.ts as elements have it. */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { useScrollPosition, type ScrollOptions, type ScrollPosition } from "./scroll-position.ts";

/** So long after the last movement rows take the pointer again, ms. */
const REST_MS = 150;

type RowsOptions = Omit<ScrollOptions, "view">;

export interface FixedRowsOptions extends RowsOptions {
  /** Of what stays at the top of the scroller, such as a header. */
  readonly headHeight: number;
  /** A person moved the rows, and whether the end is in sight now. */
  readonly onScroll?: (isAtEnd: boolean) => void;
}

export interface RowPlace {
  /** -1: nothing is drawn there. */
  readonly index: number;
  /** In what is scrolled, px. */
  readonly top: number;
}

type PositionKey = "height" | "barHeight" | "first" | "end" | "drawn" | "isSample" | "show";

export interface FixedRows extends Pick<ScrollPosition, PositionKey> {
  /** The element that scrolls the rows. */
  readonly scroller: ShallowRef<HTMLElement | null>;
  /** The element that is their scrollbar, where there are more than a browser could scroll. */
  readonly bar: ShallowRef<HTMLElement | null>;
  /** Height and width of the window, px. */
  readonly view: Readonly<Ref<number>>;
  readonly width: Readonly<Ref<number>>;
  /** Whole rows that fit. */
  readonly pageRows: Readonly<Ref<number>>;
  /** Rows by element: not in their order, so that a small scroll changes no more elements than new rows are drawn. */
  readonly elements: Readonly<Ref<readonly RowPlace[]>>;
  /** To look for what is under the pointer would take its time with each movement. */
  readonly isMoving: Readonly<Ref<boolean>>;
}

export function useFixedRows({ headHeight, onScroll, ...options }: FixedRowsOptions): FixedRows {
  const view = ref(0);
  const width = ref(0);
  const position = useScrollPosition({ ...options, view });
  const { height, barHeight, first, end, drawn, isSample, show } = position;
  const isMoving = ref(false);
  let rest: ReturnType<typeof setTimeout> | undefined;

  function moved(): void {
    isMoving.value = true;
    clearTimeout(rest);
    rest = setTimeout(() => (isMoving.value = false), REST_MS);
    onScroll?.(position.isAtEnd());
  }

  const scroller = useScroller(position.scrolled, height, (to) => position.stretchScrolled(to) && moved());
  const bar = useScroller(position.barScrolled, barHeight, (to) => position.barMoved(to) && moved());

  const observer = new ResizeObserver(() => {
    view.value = Math.max(0, (scroller.value?.clientHeight ?? 0) - headHeight);
    width.value = scroller.value?.clientWidth ?? 0;
  });
  watch(
    scroller,
    (element, _, onCleanup) => {
      if (element === null) return;
      observer.observe(element);
      onCleanup(() => observer.unobserve(element));
    },
    { flush: "post" },
  );
  onScopeDispose(() => {
    observer.disconnect();
    clearTimeout(rest);
    position.dispose();
  });

  return {
    ...{ scroller, bar, view, width, first, end, drawn, height, barHeight, isMoving, isSample, show },
    pageRows: computed(() => Math.max(1, Math.floor(view.value / options.rowHeight))),
    elements: useElements(position, options),
  };
}

/** An element that is kept scrolled to where it has to be. */
function useScroller(
  scrolled: Readonly<Ref<number>>,
  height: Readonly<Ref<number>>,
  onScrolled: (to: number) => void,
): ShallowRef<HTMLElement | null> {
  const scroller = shallowRef<HTMLElement | null>(null);
  /** Where it was last set or seen: to ask it costs a layout. */
  let at = 0;
  // Only after the update is the content as high as it has to be. Whoever was scrolled by a person is there already.
  watch(
    [scrolled, height, scroller],
    ([to, , element]) => {
      if (element === null || Math.abs(at - to) < 1) return;
      element.scrollTop = to;
      at = element.scrollTop;
    },
    { flush: "post" },
  );
  watch(
    scroller,
    (element, _, onCleanup) => {
      if (element === null) return;
      // Where it is scrolled to is decided here. A browser would follow elements that go to other places.
      element.style.overflowAnchor = "none";
      const onScroll = (): void => {
        at = element.scrollTop;
        onScrolled(at);
      };
      element.addEventListener("scroll", onScroll, { passive: true });
      onCleanup(() => element.removeEventListener("scroll", onScroll));
    },
    { flush: "post" },
  );
  return scroller;
}

/** Out of sight: to take an element out of the layout and to bring it back costs more than a row. */
const NOTHING: RowPlace = { index: -1, top: -10_000 };

function useElements({ drawn, base, rowsMax }: ScrollPosition, { rowHeight }: RowsOptions): FixedRows["elements"] {
  return computed(() => {
    const { first, end } = drawn.value;
    const all = rowsMax.value;
    const firstElement = first % all;
    return Array.from({ length: all }, (_, element): RowPlace => {
      const index = first + ((element - firstElement + all) % all);
      return index < end ? { index, top: (index - base.value) * rowHeight } : NOTHING;
    });
  });
}
