/**
 * Cytoscape behind one file: nodes, their places and selection, dragging, boxes, layout, pan and zoom. Links are kept
 * for the layout only; cables.ts has their geometry. Pointers on cables never reach Cytoscape.
 */
import cytoscape, { type Core, type ElementDefinition, type NodeSingular } from "cytoscape";
import fcose from "cytoscape-fcose";
import type { LabView } from "../../core/contract/api/lab-view.ts";
import type { NodeState } from "../../core/contract/api/run-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { EDGE_LENGTH, fitted, layoutOptions, onCircle, spreadOf, ZOOM_MAX, ZOOM_MIN } from "./graph-layout.ts";
import { graphStyle } from "./graph-style.ts";
import { NODE_RADIUS } from "./node-size.ts";
import type { Viewport } from "./viewport.ts";

cytoscape.use(fcose);

export interface GraphEvents {
  /** People selected nodes, by name. */
  select(nodes: readonly string[]): void;
  /** Nodes were dragged to new places. */
  move(places: ReadonlyMap<string, Place>): void;
  open(node: string): void;
  /** Pan or zoom. */
  viewport(): void;
  /** Some node is elsewhere. */
  geometry(): void;
  /** Nodes were drawn anew: `paint` has the picture. */
  drawn(): void;
}

export class TopologyGraph {
  readonly #cy: Core;
  readonly #events: GraphEvents;
  /** Cytoscape's own canvases, the lowest first. */
  readonly #pictures: readonly HTMLCanvasElement[];
  /** Canvas pixels for one of the lab's: a lab whose nodes would lie on each other is drawn further apart. */
  #spread = 1;
  #isSelecting = false;
  /** Places were given while a tab lay over the canvas: the layout comes when it is seen. */
  #isMakeshift = false;
  /** Nobody has panned or zoomed since: another size of the window is fitted again. */
  #isFitted = true;
  /** By index of the lab. */
  #nodes: (NodeSingular | undefined)[] = [];

  constructor(container: HTMLElement, events: GraphEvents) {
    this.#events = events;
    this.#cy = cytoscape({
      container,
      style: graphStyle(),
      minZoom: ZOOM_MIN,
      maxZoom: ZOOM_MAX,
      // Plain dragging draws a box then; panning and the wheel are ours.
      userPanningEnabled: false,
      userZoomingEnabled: false,
      boxSelectionEnabled: true,
      selectionType: "single",
      pixelRatio: "auto",
      // Its own first layout asks for a size, and a tab may lie over the canvas.
      layout: { name: "null" },
    });
    const cy = this.#cy;
    // Its box of selection comes first, then nodes that are dragged, then the others.
    this.#pictures = [...container.querySelectorAll("canvas")].reverse();
    cy.on("render", () => events.drawn());
    cy.on("viewport", () => events.viewport());
    cy.on("position", "node", () => events.geometry());
    cy.on("select unselect", "node", () => this.#selected());
    cy.on("dragfree", "node", (event) => {
      const moved = (event.target as NodeSingular).selected() ? cy.$("node:selected") : cy.collection(event.target);
      events.move(new Map(moved.map((node) => [nameOf(node as NodeSingular), this.#labPlace(node as NodeSingular)])));
    });
    cy.on("dbltap", "node", (event) => events.open(nameOf(event.target as NodeSingular)));
  }

  destroy(): void {
    this.#cy.destroy();
  }

  /** Another lab comes: nothing of this one stays where it is. */
  clear(): void {
    this.#cy.elements().remove();
    this.#isFitted = true;
  }

  /** Draws a lab; what is there already stays where it is unless the lab says otherwise. */
  show(view: Pick<LabView, "nodes" | "links">): void {
    const cy = this.#cy;
    const isFirst = cy.nodes().empty();
    if (isFirst) this.#spread = spreadOf(view);
    const wanted = new Set([
      ...view.nodes.map(({ name }) => `n:${name}`),
      ...view.links.map(({ name }) => `l:${name}`),
    ]);
    const homeless: NodeSingular[] = [];
    cy.batch(() => {
      cy.elements().forEach((element) => {
        if (!wanted.has(element.id())) element.remove();
      });
      this.#nodes = view.nodes.map((node) => {
        const id = `n:${node.name}`;
        const data = { id, name: node.name, kind: node.kind };
        const there = cy.getElementById(id);
        const element = (there.nonempty() ? there.data(data) : cy.add({ group: "nodes", data })) as NodeSingular;
        if (node.at !== null) element.position({ x: node.at.x * this.#spread, y: node.at.y * this.#spread });
        else if (there.empty()) homeless.push(element);
        return element;
      });
      cy.edges().remove();
      cy.add(
        view.links.map(({ name, ends: [a, b] }): ElementDefinition => {
          const [source, target] = [a, b].map(({ node }) => `n:${view.nodes[node]?.name ?? ""}`);
          return { group: "edges", data: { id: `l:${name}`, source: source ?? "", target: target ?? "" } };
        }),
      );
    });
    if (homeless.length > 0) this.#house(homeless);
    if (isFirst && view.nodes.length > 0) this.fit();
    this.#events.geometry();
  }

  showStates(states: readonly NodeState[]): void {
    this.#cy.batch(() => {
      for (const state of states) {
        const node = this.#nodes[state?.node ?? -1];
        node?.toggleClass("off", state.power === "off").toggleClass("paused", state.power === "paused");
      }
    });
  }

  /** Copies the nodes as they were last drawn. The context's pixels are the device's. */
  paint(context: OffscreenCanvasRenderingContext2D): void {
    for (const picture of this.#pictures) if (picture.width > 0 && picture.height > 0) context.drawImage(picture, 0, 0);
  }

  /** Place of a node by its index; null when there is none. */
  place(index: number): Place | null {
    const node = this.#nodes[index];
    return node === undefined || node.removed() ? null : node.position();
  }

  placeNamed(name: string): Place | null {
    const node = this.#cy.getElementById(`n:${name}`);
    return node.empty() ? null : (node as NodeSingular).position();
  }

  places(): ReadonlyMap<string, Place> {
    return new Map(this.#cy.nodes().map((node) => [nameOf(node), node.position()]));
  }

  /** As lab files have them. */
  labPlaces(): ReadonlyMap<string, Place> {
    return new Map(this.#cy.nodes().map((node) => [nameOf(node), this.#labPlace(node)]));
  }

  toLab({ x, y }: Place): Place {
    return { x: Math.round(x / this.#spread), y: Math.round(y / this.#spread) };
  }

  #labPlace(node: NodeSingular): Place {
    return this.toLab(node.position());
  }

  /** The node under a place on the canvas, a little beyond its border if wished. */
  nodeAt(place: Place, margin = 0): string | null {
    const reach = NODE_RADIUS + margin;
    const found = this.#cy.nodes().filter((node) => {
      const { x, y } = node.position();
      return Math.abs(x - place.x) <= reach && Math.abs(y - place.y) <= reach;
    });
    return found.nonempty() ? nameOf(found.last() as NodeSingular) : null;
  }

  select(names: readonly string[]): void {
    const wanted = new Set(names);
    this.#isSelecting = true;
    this.#cy.batch(() => {
      this.#cy.nodes().forEach((node) => {
        if (wanted.has(nameOf(node)) !== node.selected()) {
          if (node.selected()) node.unselect();
          else node.select();
        }
      });
    });
    this.#isSelecting = false;
  }

  #selected(): void {
    if (this.#isSelecting) return;
    // A box selects many, one event each: tell once.
    this.#isSelecting = true;
    queueMicrotask(() => {
      this.#isSelecting = false;
      this.#events.select(this.#cy.$("node:selected").map((node) => nameOf(node as NodeSingular)));
    });
  }

  // Viewport

  get viewport(): Viewport {
    const { x, y } = this.#cy.pan();
    return { zoom: this.#cy.zoom(), x, y };
  }

  toModel({ x, y }: Place): Place {
    const { zoom, ...pan } = this.viewport;
    return { x: (x - pan.x) / zoom, y: (y - pan.y) / zoom };
  }

  toScreen({ x, y }: Place): Place {
    const { zoom, ...pan } = this.viewport;
    return { x: x * zoom + pan.x, y: y * zoom + pan.y };
  }

  panBy(x: number, y: number): void {
    this.#isFitted = false;
    this.#cy.panBy({ x, y });
  }

  zoomBy(factor: number, around?: Place): void {
    this.#isFitted = false;
    const { width, height } = this.#size();
    const renderedPosition = around ?? { x: width / 2, y: height / 2 };
    this.#cy.zoom({ level: this.#cy.zoom() * factor, renderedPosition });
  }

  zoomTo(level: number): void {
    this.zoomBy(level / this.#cy.zoom());
  }

  fit(): void {
    this.#cy.resize();
    this.#isFitted = true;
    if (this.#isHidden()) return;
    const places = this.#cy.nodes().map((node) => node.position());
    if (places.length > 0) this.#cy.viewport(fitted(places, this.#size()));
  }

  /** In the middle of what is seen, or of what there is, where nothing is. */
  freePlace(): Place {
    const { width, height } = this.#size();
    const { x1, y1, w, h } = this.#cy.nodes().boundingBox();
    const center = this.#isHidden()
      ? { x: x1 + w / 2 || 0, y: y1 + h / 2 || 0 }
      : this.toModel({ x: width / 2, y: height / 2 });
    for (let ring = 0; ring < 12; ring++) {
      for (let turn = 0; turn < Math.max(1, ring * 6); turn++) {
        const angle = (turn / Math.max(1, ring * 6)) * 2 * Math.PI;
        const place = { x: center.x + Math.cos(angle) * ring * 80, y: center.y + Math.sin(angle) * ring * 80 };
        if (this.nodeAt(place, NODE_RADIUS + 8) === null) return place;
      }
    }
    return center;
  }

  #size(): { width: number; height: number } {
    return { width: this.#cy.width(), height: this.#cy.height() };
  }

  /** A tab lies over it: there is nothing that could be fitted into nothing. */
  #isHidden(): boolean {
    const { width, height } = this.#size();
    // Out of the document Cytoscape says NaN.
    return !(width > 0 && height > 0);
  }

  resized(): void {
    if (this.#isHidden()) return;
    this.#cy.resize();
    if (this.#isMakeshift) {
      this.#isMakeshift = false;
      this.#cy.layout(layoutOptions(false)).run();
    }
    if (this.#isFitted) this.fit();
  }

  restyle(): void {
    this.#cy.style(graphStyle());
  }

  // Layout

  /** Arranges all nodes; resolves to where they came to lie. */
  arrange(): Promise<ReadonlyMap<string, Place>> {
    return new Promise((resolve) => {
      const layout = this.#cy.layout(layoutOptions(this.#cy.nodes().length <= 300));
      layout.one("layoutstop", () => {
        this.fit();
        resolve(this.labPlaces());
      });
      layout.run();
    });
  }

  /** Finds a place for nodes that the lab gives none: all of them by the layout, some near their neighbours. */
  #house(nodes: readonly NodeSingular[]): void {
    if (nodes.length === this.#cy.nodes().length) {
      // A layout needs a size: out of sight they stand in a circle until there is one.
      this.#isMakeshift = this.#isHidden();
      if (this.#isMakeshift) nodes.forEach((node, at) => node.position(onCircle(at, nodes.length)));
      else this.#cy.layout(layoutOptions(false)).run();
      return;
    }
    for (const node of nodes) {
      const neighbours = node.neighborhood("node").filter((other) => !nodes.includes(other as NodeSingular));
      const box = neighbours.nonempty() ? neighbours.boundingBox() : this.#cy.nodes().boundingBox();
      const near = { x: (box.x1 + box.x2) / 2, y: box.y2 + EDGE_LENGTH };
      while (this.nodeAt(near, NODE_RADIUS) !== null) near.x += 90;
      node.position(near);
    }
  }
}

const nameOf = (node: NodeSingular): string => String(node.data("name"));
