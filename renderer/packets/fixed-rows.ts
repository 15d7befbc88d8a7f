/** The rows of a scroller that are in sight, of very many of one height: scroll-position.ts as an element has it. */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { useScrollPosition, type ScrollOptions, type ScrollPosition } from "./scroll-position.ts";

/** So long after the last movement rows take the pointer again, ms. */
const REST_MS = 150;
/** Rows whose places count from the same origin. */
const STRETCH = 512;

type RowsOptions = Omit<ScrollOptions, "view">;

export interface FixedRowsOptions extends RowsOptions {
  /** Of what stays at the top of the scroller, such as a header. */
  readonly headHeight: number;
  /** A person moved the rows, and whether the end is in sight now. */
  readonly onScroll?: (isAtEnd: boolean) => void;
}

export interface FixedRows extends Pick<ScrollPosition, "height" | "first" | "end" | "offset" | "isSample" | "show"> {
  /** The element that scrolls. */
  readonly scroller: ShallowRef<HTMLElement | null>;
  /** Whole rows that fit. */
  readonly pageRows: Readonly<Ref<number>>;
  /**
   * Rows by element, so that a small scroll changes no more elements than rows come into sight: not in their order.
   * `top` counts from `origin` in the window, which is for hundreds of rows the same.
   */
  readonly elements: Readonly<Ref<readonly { readonly index: number; readonly top: number }[]>>;
  readonly origin: Readonly<Ref<number>>;
  /** To look for what is under the pointer would take its time with each movement. */
  readonly isMoving: Readonly<Ref<boolean>>;
}

export function useFixedRows({ headHeight, onScroll, ...options }: FixedRowsOptions): FixedRows {
  const { rowHeight } = options;
  const scroller = shallowRef<HTMLElement | null>(null);
  const view = ref(0);
  const position = useScrollPosition({ ...options, view });
  const { scrolled, first, end } = position;
  const isMoving = ref(false);
  let rest: ReturnType<typeof setTimeout> | undefined;

  /** Where the scrollbar was last set or seen: to ask it costs a layout. */
  let atScrollbar = 0;
  // Only after the update is the content as high as it has to be.
  watch(
    [scrolled, scroller],
    ([to, element]) => {
      if (element === null || atScrollbar === to) return;
      atScrollbar = to;
      element.scrollTop = to;
    },
    { flush: "post" },
  );

  function moved(): void {
    isMoving.value = true;
    clearTimeout(rest);
    rest = setTimeout(() => (isMoving.value = false), REST_MS);
    onScroll?.(position.isAtEnd());
  }

  function onScrolled(): void {
    atScrollbar = scroller.value?.scrollTop ?? 0;
    if (position.scrollbarMoved(atScrollbar)) moved();
  }

  function onWheel(event: WheelEvent): void {
    if (!position.isScaled.value || event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    position.moveBy(event.deltaY * (event.deltaMode === 1 ? rowHeight : event.deltaMode === 2 ? view.value : 1));
    moved();
  }

  const observer = new ResizeObserver(() => {
    view.value = Math.max(0, (scroller.value?.clientHeight ?? 0) - headHeight);
  });
  watch(
    scroller,
    (element, _, onCleanup) => {
      if (element === null) return;
      observer.observe(element);
      // Where it is scrolled to is decided here. A browser would follow elements that go to other places.
      element.style.overflowAnchor = "none";
      element.addEventListener("scroll", onScrolled, { passive: true });
      element.addEventListener("wheel", onWheel, { passive: false });
      onCleanup(() => {
        observer.unobserve(element);
        element.removeEventListener("scroll", onScrolled);
        element.removeEventListener("wheel", onWheel);
      });
    },
    { flush: "post" },
  );
  onScopeDispose(() => {
    observer.disconnect();
    clearTimeout(rest);
    position.dispose();
  });

  return {
    ...{ scroller, first, end, isMoving },
    ...{ height: position.height, offset: position.offset, isSample: position.isSample, show: position.show },
    pageRows: computed(() => Math.max(1, Math.floor(view.value / rowHeight))),
    ...useElements(position, options),
  };
}

type Elements = Pick<FixedRows, "elements" | "origin">;

function useElements({ first, offset, rowsMax }: ScrollPosition, { count, rowHeight }: RowsOptions): Elements {
  const base = computed(() => first.value - (first.value % STRETCH));
  const elements = computed(() => {
    const all = rowsMax.value;
    const firstElement = first.value % all;
    return Array.from({ length: all }, (_, element) => {
      const index = first.value + ((element - firstElement + all) % all);
      return { index, top: (index - base.value) * rowHeight };
    }).filter(({ index }) => index < count.value);
  });
  return { elements, origin: computed(() => offset.value - (first.value - base.value) * rowHeight) };
}
