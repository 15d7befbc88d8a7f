/**
 * Pointers on the canvas. What lies on a cable, a handle or in the middle button is ours and never reaches Cytoscape,
 * which has the rest: nodes, boxes, the empty ground.
 */
import type { Place } from "../labs/lab-edits.ts";
import type { TopologyCanvas } from "./topology-canvas.ts";

export interface PointerActions {
  unplug(link: number): void;
  plugIn(link: number): void;
  selectLink(link: number, isAdded: boolean): void;
  openLink(link: number): void;
  clearLinks(): void;
  connect(from: string, to: string): void;
  menu(target: MenuTarget, at: { readonly x: number; readonly y: number }): void;
  /** A node was clicked while the link tool is on. */
  toolNode(node: string): boolean;
}

export type MenuTarget =
  | { readonly kind: "node"; readonly name: string }
  | { readonly kind: "link"; readonly index: number }
  | { readonly kind: "ground"; readonly place: Place };

/** A press that moves less than this is a click, screen pixels. */
const CLICK = 4;
const DOUBLE_MS = 400;
const HANDLE_HIT = 11;
const ZOOM_STEP = 1.0015;

type Grip =
  | { readonly kind: "pan"; readonly button: number; x: number; y: number; moved: number }
  | { readonly kind: "cable"; readonly link: number; readonly start: Place; isPulling: boolean; isOut: boolean }
  | { readonly kind: "connect"; readonly from: string }
  | { readonly kind: "tool" };

export class CanvasPointer {
  readonly #host: HTMLElement;
  readonly #canvas: TopologyCanvas;
  readonly #actions: PointerActions;
  readonly #abort = new AbortController();
  #grip: Grip | null = null;
  #lastClick = { link: -1, atMs: -Infinity };

  constructor(host: HTMLElement, canvas: TopologyCanvas, actions: PointerActions) {
    this.#host = host;
    this.#canvas = canvas;
    this.#actions = actions;
    const { signal } = this.#abort;
    const early = { capture: true, signal };
    host.addEventListener("pointerdown", (event) => this.#down(event), early);
    host.addEventListener("pointermove", (event) => this.#move(event), early);
    host.addEventListener("pointerup", (event) => this.#up(event), early);
    host.addEventListener("pointercancel", () => this.#cancel(), early);
    host.addEventListener("pointerleave", () => this.#hover(null, null), { signal });
    for (const type of ["mousedown", "touchstart"] as const) {
      host.addEventListener(type, (event) => this.#keepFromCytoscape(event), early);
    }
    host.addEventListener("wheel", (event) => this.#wheel(event), { ...early, passive: false });
    host.addEventListener("contextmenu", (event) => this.#contextMenu(event), early);
  }

  dispose(): void {
    this.#abort.abort();
  }

  /** Whatever is in the hand is let go without effect. */
  cancel(): void {
    this.#cancel();
  }

  #local(event: MouseEvent): Place {
    const { left, top } = this.#host.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #keepFromCytoscape(event: Event): void {
    if (this.#grip !== null) event.stopPropagation();
  }

  #down(event: PointerEvent): void {
    if (event.target instanceof Element && event.target.closest("[data-canvas-control]") !== null) return;
    const screen = this.#local(event);
    const place = this.#canvas.graph.toModel(screen);
    this.#grip = this.#gripAt(event, screen, place);
    if (this.#grip === null) return;
    event.stopPropagation();
    this.#host.setPointerCapture(event.pointerId);
    this.#host.focus({ preventScroll: true });
  }

  #gripAt(event: PointerEvent, { x, y }: Place, place: Place): Grip | null {
    const canvas = this.#canvas;
    if (event.button !== 0) return { kind: "pan", button: event.button, x, y, moved: 0 };
    const over = canvas.graph.nodeAt(place, 8);
    const handle = over === null ? null : canvas.handleOf(over);
    const { zoom } = canvas.graph.viewport;
    if (over !== null && handle !== null && Math.hypot(handle.x - place.x, handle.y - place.y) * zoom < HANDLE_HIT) {
      return { kind: "connect", from: over };
    }
    const node = canvas.graph.nodeAt(place);
    if (node !== null) return this.#actions.toolNode(node) ? { kind: "tool" } : null;
    const link = canvas.linkAt(place);
    if (link !== null) return { kind: "cable", link, start: place, isPulling: false, isOut: false };
    if (!event.ctrlKey && !event.shiftKey) this.#actions.clearLinks();
    this.#host.focus({ preventScroll: true });
    return null;
  }

  #move(event: PointerEvent): void {
    const grip = this.#grip;
    const screen = this.#local(event);
    const place = this.#canvas.graph.toModel(screen);
    if (grip === null) {
      if (event.buttons === 0) this.#hoverAt(place);
      return;
    }
    event.stopPropagation();
    if (grip.kind === "pan") {
      const [x, y] = [screen.x - grip.x, screen.y - grip.y];
      grip.moved += Math.abs(x) + Math.abs(y);
      if (grip.moved > CLICK) this.#canvas.graph.panBy(x, y);
      grip.x = screen.x;
      grip.y = screen.y;
    } else if (grip.kind === "cable") this.#pull(grip, place);
    else if (grip.kind === "connect") {
      const target = this.#canvas.graph.nodeAt(place, 8);
      this.#canvas.rubber = { from: grip.from, to: place, target: target === grip.from ? null : target };
      this.#canvas.invalidate();
    }
  }

  #pull(grip: Extract<Grip, { kind: "cable" }>, place: Place): void {
    const canvas = this.#canvas;
    const cable = canvas.cables.at(grip.link);
    const { zoom } = canvas.graph.viewport;
    if (cable === null || grip.isOut) return;
    if (!grip.isPulling) {
      if (Math.hypot(place.x - grip.start.x, place.y - grip.start.y) * zoom < CLICK) return;
      grip.isPulling = true;
      canvas.pull.grab(cable, canvas.isLinkUp(grip.link), place);
    }
    if (canvas.pull.drag(cable, place, zoom, performance.now())) {
      grip.isOut = true;
      this.#actions.unplug(grip.link);
    }
    canvas.invalidate();
  }

  #up(event: PointerEvent): void {
    const grip = this.#grip;
    if (grip === null) return;
    event.stopPropagation();
    this.#grip = null;
    const canvas = this.#canvas;
    const place = canvas.graph.toModel(this.#local(event));
    if (grip.kind === "pan") {
      if (grip.moved <= CLICK && grip.button === 2) this.#openMenu(place, event);
    } else if (grip.kind === "connect") {
      const target = canvas.graph.nodeAt(place, 8);
      canvas.rubber = null;
      if (target !== null && target !== grip.from) this.#actions.connect(grip.from, target);
    } else if (grip.kind === "cable") {
      const cable = canvas.cables.at(grip.link);
      if (!grip.isPulling) this.#click(grip.link, event);
      else if (cable !== null && canvas.pull.release(cable, performance.now())) this.#actions.plugIn(grip.link);
    }
    canvas.invalidate();
  }

  #click(link: number, event: PointerEvent): void {
    const isDouble = this.#lastClick.link === link && event.timeStamp - this.#lastClick.atMs < DOUBLE_MS;
    this.#lastClick = { link: isDouble ? -1 : link, atMs: event.timeStamp };
    if (isDouble) this.#actions.openLink(link);
    else this.#actions.selectLink(link, event.ctrlKey || event.metaKey || event.shiftKey);
  }

  #cancel(): void {
    this.#grip = null;
    this.#canvas.rubber = null;
    this.#canvas.pull.cancel();
    this.#canvas.invalidate();
  }

  #hoverAt(place: Place): void {
    const canvas = this.#canvas;
    const node = canvas.graph.nodeAt(place, 10);
    const link = canvas.graph.nodeAt(place) === null ? canvas.linkAt(place) : null;
    this.#hover(node, link);
  }

  #hover(node: string | null, link: number | null): void {
    const canvas = this.#canvas;
    if (canvas.hoveredNode === node && canvas.hoveredLink === link) return;
    canvas.hoveredNode = node;
    canvas.hoveredLink = link;
    this.#host.style.cursor = link !== null ? "grab" : node !== null ? "pointer" : "";
    canvas.invalidate();
  }

  #wheel(event: WheelEvent): void {
    if (event.target instanceof Element && event.target.closest("[data-canvas-scroll]") !== null) return;
    event.preventDefault();
    event.stopPropagation();
    const pixels = event.deltaMode === 1 ? event.deltaY * 30 : event.deltaY;
    if (event.shiftKey) this.#canvas.graph.panBy(-pixels, 0);
    else this.#canvas.graph.zoomBy(ZOOM_STEP ** -pixels, this.#local(event));
  }

  /** The mouse's is opened on release, unless it panned; what comes here besides is the keyboard's. */
  #contextMenu(event: MouseEvent): void {
    event.preventDefault();
    event.stopPropagation();
  }

  #openMenu(place: Place, at: { readonly clientX: number; readonly clientY: number }): void {
    const canvas = this.#canvas;
    const node = canvas.graph.nodeAt(place);
    const link = canvas.linkAt(place);
    const target: MenuTarget =
      node !== null
        ? { kind: "node", name: node }
        : link !== null
          ? { kind: "link", index: link }
          : { kind: "ground", place };
    this.#actions.menu(target, { x: at.clientX, y: at.clientY });
  }
}
