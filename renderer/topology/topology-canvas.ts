/**
 * The canvas as a whole: one layer with what lies still, which is drawn when it changes, and over it one with what
 * moves, drawn while it moves, and in a worker; both under the same pan and zoom. Cytoscape holds the nodes and draws
 * them on canvases that are not seen; its picture is copied between cables and names. Layers that are seen are
 * offscreen canvases: a browser without graphics processor copies the others anew whenever the page changes anywhere.
 */
import type { LabView } from "../../core/contract/api/lab-view.ts";
import type { DropView, FramePush, LinkState, NodeState } from "../../core/contract/api/run-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { paintBadges } from "./badge-painter.ts";
import { paintCables } from "./cable-painter.ts";
import { CablePull } from "./cable-pull.ts";
import { CableMap } from "./cable-map.ts";
import type { Cable } from "./cables.ts";
import { canvasColors, type CanvasColors } from "./canvas-colors.ts";
import { paintGrid } from "./grid-painter.ts";
import { placeBursts } from "./moving/burst-places.ts";
import { BurstBoard } from "./moving/drops.ts";
import { FlightBoard } from "./moving/flights.ts";
import { MovingLayer } from "./moving/moving-layer.ts";
import { placeBands, placeDots } from "./moving/packet-places.ts";
import { handleAt, paintTools, type Rubber } from "./tools-painter.ts";
import { TopologyGraph, type GraphEvents } from "./topology-graph.ts";
import type { Viewport } from "./viewport.ts";

export interface CanvasLayers {
  readonly host: HTMLElement;
  readonly still: HTMLCanvasElement;
  /** Takes the pointer; what is drawn in it is not seen. */
  readonly graph: HTMLElement;
  readonly moving: HTMLCanvasElement;
}

/** What is shown besides, as people choose. */
export interface CanvasOptions {
  readonly linkLabels: boolean;
  readonly interfaces: boolean;
  readonly addresses: boolean;
}

/** Texts of links by index: those to show always, and those for a link that is pointed at. */
export interface LinkLabels {
  readonly shown: readonly string[];
  readonly all: readonly string[];
}

/** More wall time than this between two frames was not seen by anybody. */
const PASSED_MAX_MS = 100;

export class TopologyCanvas {
  readonly graph: TopologyGraph;
  readonly flights = new FlightBoard();
  readonly bursts = new BurstBoard();
  readonly pull = new CablePull();
  readonly cables = new CableMap((node) => this.graph.place(node));
  readonly #layers: CanvasLayers;
  readonly #still: OffscreenCanvasRenderingContext2D;
  readonly #moving: MovingLayer;
  #colors: CanvasColors = canvasColors();
  #size = { width: 0, height: 0 };
  #view: LabView | null = null;
  /** Indices by name. */
  #nodeNames: ReadonlyMap<string, number> = new Map();
  #linkNames: ReadonlyMap<string, number> = new Map();
  #links: readonly LinkState[] = [];
  #nodes: readonly NodeState[] = [];
  #labels: LinkLabels = { shown: [], all: [] };
  #selectedLinks: ReadonlySet<string> = new Set();
  #options: CanvasOptions = { linkLabels: true, interfaces: false, addresses: true };
  #virtualNow = 0;
  #frame = 0;
  #lastMs = 0;
  #isStillOld = false;
  #isMovingOld = false;
  #wasMoving = false;
  #wasPulled = false;
  hoveredLink: number | null = null;
  hoveredNode: string | null = null;
  rubber: Rubber | null = null;
  /** Node at which the keyboard's link tool starts. */
  linkSource: string | null = null;

  constructor(layers: CanvasLayers, events: Omit<GraphEvents, "viewport" | "geometry" | "drawn">) {
    this.#layers = layers;
    const still = layers.still.transferControlToOffscreen().getContext("2d");
    if (still === null) throw new Error("This browser draws no canvas.");
    this.#still = still;
    this.#moving = new MovingLayer(layers.moving);
    this.graph = new TopologyGraph(layers.graph, {
      ...events,
      viewport: () => this.invalidate(),
      geometry: () => {
        this.cables.invalidate();
        this.invalidate();
      },
      // In the same frame, so that nodes and cables move together.
      drawn: () => this.#paintStill(performance.now()),
    });
    this.flights.onEnd = (slot) => this.bursts.flightEnded(slot, performance.now());
    this.resized();
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.graph.destroy();
    this.#moving.close();
  }

  focus(): void {
    this.#layers.host.focus({ preventScroll: true });
  }

  // What is shown

  /** Null: there is a lab, and it cannot be drawn. */
  show(view: LabView | null, labels: LinkLabels): void {
    this.#view = view;
    this.#nodeNames = new Map(view?.nodes.map(({ name, index }) => [name, index]));
    this.#linkNames = new Map(view?.links.map(({ name, index }) => [name, index]));
    this.#labels = labels;
    this.graph.show(view ?? NOTHING);
    this.cables.setLab(view);
    // Moving a node leaves alone what is on its way.
    if (this.flights.setEnds((view ?? NOTHING).links.map(({ ends: [a, b] }) => [a.node, b.node]))) this.bursts.clear();
    this.invalidate();
  }

  setLabels(labels: LinkLabels): void {
    this.#labels = labels;
    this.invalidate();
  }

  setOptions(options: CanvasOptions): void {
    this.#options = options;
    this.invalidate();
  }

  setSelection(nodes: readonly string[], links: readonly string[]): void {
    this.#selectedLinks = new Set(links);
    this.graph.select(nodes);
    this.invalidate();
  }

  setStates(nodes: readonly NodeState[], links: readonly LinkState[]): void {
    const before = this.#links;
    this.#nodes = nodes;
    this.#links = links;
    this.graph.showStates(nodes);
    for (const state of links) {
      const cable = this.cables.at(state?.link ?? -1);
      const old = before[state?.link ?? -1];
      if (cable === null || old === undefined || isUp(old) === isUp(state) || this.#hasOffEnd(cable)) continue;
      this.pull.moved(cable, isUp(state), performance.now());
    }
    this.invalidate();
  }

  /** Then it was no hand that took the carrier away. */
  #hasOffEnd({ index }: Cable): boolean {
    return this.#view?.links[index]?.ends.some(({ node }) => this.#nodes[node]?.power === "off") === true;
  }

  onPush(push: FramePush): void {
    const now = performance.now();
    if (push.rewound) {
      this.flights.clear();
      this.bursts.clear();
      this.#wasMoving = true;
    }
    this.#virtualNow = push.run.time;
    this.flights.add(push.flights, now);
    for (const drop of push.drops) this.#drop(drop, now);
    this.#wake();
  }

  #drop(drop: DropView, now: number): void {
    const link = this.#linkNames.get(drop.place);
    if (link !== undefined) {
      const flight = this.flights.cutShort(drop.packet, link);
      return this.bursts.add(drop, { kind: "link", index: link, fraction: 0.5 }, flight, now);
    }
    const [place = ""] = drop.place.split(":");
    const node = this.#nodeNames.get(place);
    if (node === undefined) return;
    const flight = this.flights.find(drop.packet, null);
    this.bursts.add(drop, { kind: "node", index: node, fraction: 0 }, flight, now);
  }

  restyle(): void {
    this.#colors = canvasColors();
    this.#moving.setColors(this.#colors);
    this.graph.restyle();
    this.invalidate();
  }

  resized(): void {
    const { clientWidth, clientHeight } = this.#layers.host;
    const width = Math.round(clientWidth * devicePixelRatio);
    const height = Math.round(clientHeight * devicePixelRatio);
    this.#size = { width, height };
    Object.assign(this.#still.canvas, this.#size);
    this.graph.resized();
    this.restyle();
  }

  // Where things are

  isLinkUp(index: number): boolean {
    const state = this.#links[index];
    return state === undefined || isUp(state);
  }

  /** The cable under a place of the canvas: by its line, or by a loose end. */
  linkAt(place: Place): number | null {
    return this.cables.linkUnder(place, this.graph.viewport.zoom, (link) => this.isLinkUp(link));
  }

  /** Where a link is drawn from, when the pointer is over that node. */
  handleOf(node: string): Place | null {
    const at = this.graph.placeNamed(node);
    return at === null ? null : handleAt(at);
  }

  // Drawing

  /** What lies still has changed: cables, nodes, the viewport. */
  invalidate(): void {
    this.#isStillOld = true;
    this.#isMovingOld = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now: number): void {
    this.#frame = 0;
    const passed = Math.min(PASSED_MAX_MS, now - this.#lastMs);
    this.#lastMs = now;
    const wallMs = performance.now();
    const hasMoved = this.flights.tick(this.#virtualNow, passed, wallMs);
    this.bursts.tick(wallMs);
    this.pull.tick(wallMs);
    const isMoving = hasMoved || this.bursts.bursts.length > 0;
    if (this.#isStillOld || this.pull.isMoving || this.#wasPulled) this.#paintStill(wallMs);
    // Once more after the last movement, to wipe it away.
    if (this.#isMovingOld || isMoving || this.#wasMoving || this.pull.isMoving) this.#paintMoving(wallMs);
    this.#wasPulled = this.pull.isMoving;
    this.#wasMoving = isMoving;
    if (isMoving || this.#wasPulled) this.#wake();
  }

  /** Grid and cables below the nodes, their names and states above them. */
  #paintStill(wallMs: number): void {
    this.#isStillOld = false;
    const view = this.#view;
    const viewport = this.graph.viewport;
    const context = this.#still;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#size.width, this.#size.height);
    this.#toModel(viewport);
    paintGrid(context, { colors: this.#colors, viewport, size: this.#layers.host });
    if (view === null) return;
    const { zoom } = viewport;
    paintCables(context, {
      cables: this.cables.all,
      colors: this.#colors,
      zoom,
      wallMs,
      links: view.links,
      states: this.#links,
      nodes: this.#nodes,
      labels: this.#labels,
      showsLabels: this.#options.linkLabels,
      showsInterfaces: this.#options.interfaces,
      selected: this.#selectedLinks,
      hovered: this.hoveredLink,
      pull: this.pull,
    });
    context.setTransform(1, 0, 0, 1, 0, 0);
    this.graph.paint(context);
    this.#toModel(viewport);
    const how = { colors: this.#colors, zoom, showsAddresses: this.#options.addresses };
    for (const node of view.nodes) {
      const at = this.graph.place(node.index);
      if (at !== null) paintBadges(context, { node, state: this.#nodes[node.index], at }, how);
    }
    paintTools(context, {
      colors: this.#colors,
      rubber: this.rubber,
      handle: this.hoveredNode === null ? null : this.handleOf(this.hoveredNode),
      source: this.linkSource,
      placeOf: (name) => this.graph.placeNamed(name),
    });
  }

  #paintMoving(wallMs: number): void {
    this.#isMovingOld = false;
    const { viewport } = this.graph;
    const cables = this.cables.all;
    const { pull } = this.pull;
    const bent = pull?.mode === "pull" ? { link: pull.link, through: pull.pointer } : null;
    const traffic = { cables, board: this.flights, viewport, scale: devicePixelRatio, bent };
    const placeOf = (node: number): Place | null => this.graph.place(node);
    this.#moving.paint({
      ...this.#size,
      ...viewport,
      scale: devicePixelRatio,
      wallMs,
      dots: placeDots(traffic),
      bands: placeBands(traffic),
      bursts: placeBursts(this.bursts.bursts, { cables, placeOf, wallMs }),
    });
  }

  #toModel({ zoom, x, y }: Viewport): void {
    const scale = devicePixelRatio;
    this.#still.setTransform(scale * zoom, 0, 0, scale * zoom, scale * x, scale * y);
  }
}

const isUp = ({ forwardUp, backwardUp }: LinkState): boolean => forwardUp || backwardUp;

const NOTHING: Pick<LabView, "nodes" | "links"> = { nodes: [], links: [] };
