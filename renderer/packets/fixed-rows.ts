/**
 * A window onto very many rows of one height. A browser lays out at most some 16 million pixels, which a million rows
 * exceed: beyond HEIGHT_MAX the scrollbar is scaled, and the wheel moves the rows instead of the scrollbar.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";

const HEIGHT_MAX = 8_000_000;
/** Rows above and below the window, so that a small scroll shows something at once. */
const OVERSCAN = 3;

export interface FixedRowsOptions {
  readonly count: Readonly<Ref<number>>;
  readonly rowHeight: number;
  /** Of what stays at the top of the scroller, such as a header. */
  readonly headHeight: number;
  /** A person moved the rows, and whether the end is in sight now. */
  readonly onScroll?: (isAtEnd: boolean) => void;
}

export interface FixedRows {
  /** The element that scrolls. */
  readonly scroller: ShallowRef<HTMLElement | null>;
  /** Height of the content, without the head. */
  readonly height: Readonly<Ref<number>>;
  /** Rows to draw, [first, end), the first of them at `offset` in the content. */
  readonly first: Readonly<Ref<number>>;
  readonly end: Readonly<Ref<number>>;
  readonly offset: Readonly<Ref<number>>;
  /** Whole rows that fit. */
  readonly pageRows: Readonly<Ref<number>>;
  /** Brings a row into the window, with as little movement as does it. */
  show(index: number): void;
  showEnd(): void;
}

export function useFixedRows({ count, rowHeight, headHeight, onScroll }: FixedRowsOptions): FixedRows {
  const scroller = shallowRef<HTMLElement | null>(null);
  const view = ref(0);
  const top = ref(0);
  /** Where the scrollbar is, which is not `top` when it is scaled. */
  const scrolled = ref(0);
  const full = computed(() => count.value * rowHeight);
  const height = computed(() => Math.min(full.value, HEIGHT_MAX));
  const topMax = computed(() => Math.max(0, full.value - view.value));
  const isScaled = computed(() => full.value > HEIGHT_MAX);
  const scale = computed(() => (isScaled.value ? (height.value - view.value) / topMax.value : 1));
  const first = computed(() => Math.max(0, Math.floor(top.value / rowHeight) - OVERSCAN));
  const end = computed(() => Math.min(count.value, Math.ceil((top.value + view.value) / rowHeight) + OVERSCAN));
  const offset = computed(() => scrolled.value - top.value + first.value * rowHeight);
  const pageRows = computed(() => Math.max(1, Math.floor(view.value / rowHeight)));
  const isAtEnd = (): boolean => top.value >= topMax.value - rowHeight / 2;

  function moveTo(to: number): void {
    top.value = Math.max(0, Math.min(topMax.value, Math.round(to)));
    scrolled.value = Math.round(top.value * scale.value);
    // The content may only be as high as it will be after the next update.
    if (scroller.value !== null) scroller.value.scrollTop = scrolled.value;
  }

  function onScrolled(): void {
    const at = scroller.value?.scrollTop ?? 0;
    if (Math.abs(at - scrolled.value) < 1) return;
    scrolled.value = at;
    top.value = isScaled.value ? Math.min(topMax.value, at / scale.value) : at;
    onScroll?.(isAtEnd());
  }

  function onWheel(event: WheelEvent): void {
    if (!isScaled.value || event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? rowHeight : event.deltaMode === 2 ? view.value : 1;
    moveTo(top.value + event.deltaY * unit);
    onScroll?.(isAtEnd());
  }

  const observer = new ResizeObserver(() => {
    view.value = Math.max(0, (scroller.value?.clientHeight ?? 0) - headHeight);
  });
  let release = (): void => undefined;
  watch(
    scroller,
    (element) => {
      release();
      if (element === null) return;
      observer.observe(element);
      element.addEventListener("scroll", onScrolled, { passive: true });
      element.addEventListener("wheel", onWheel, { passive: false });
      release = () => {
        observer.unobserve(element);
        element.removeEventListener("scroll", onScrolled);
        element.removeEventListener("wheel", onWheel);
      };
    },
    { flush: "post" },
  );
  onScopeDispose(() => {
    release();
    observer.disconnect();
  });
  // Fewer rows: what was in sight may be beyond the end.
  watch([topMax, scale], () => top.value > topMax.value && moveTo(topMax.value), { flush: "post" });

  function show(index: number): void {
    const at = index * rowHeight;
    if (at < top.value) moveTo(at);
    else if (at + rowHeight > top.value + view.value) moveTo(at + rowHeight - view.value);
  }

  return { scroller, height, first, end, offset, pageRows, show, showEnd: () => moveTo(Infinity) };
}
