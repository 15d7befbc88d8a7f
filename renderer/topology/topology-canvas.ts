/**
 * The canvas as a whole: Cytoscape's nodes over a canvas of ours with the cables, under one with names and states, and
 * on top one with packets and bursts, all under the same pan and zoom. What lies still is drawn when it changes; what
 * moves, while it moves.
 */
import type { LabView } from "../../core/contract/api/lab-view.ts";
import type { DropView, FramePush, LinkState, NodeState } from "../../core/contract/api/run-view.ts";
import type { Place } from "../labs/lab-edits.ts";
import { paintBadges } from "./badge-painter.ts";
import { paintCables } from "./cable-painter.ts";
import { CablePull } from "./cable-pull.ts";
import { CableMap } from "./cable-map.ts";
import { pointOn, type Cable } from "./cables.ts";
import { paintBurst } from "./burst-painter.ts";
import { canvasColors, type CanvasColors } from "./canvas-colors.ts";
import { BurstBoard, type Burst } from "./drops.ts";
import { FlightBoard } from "./flights.ts";
import { paintGrid } from "./grid-painter.ts";
import { PacketPictures, paintBands, paintPackets } from "./packet-painter.ts";
import { handleAt, paintTools, type Rubber } from "./tools-painter.ts";
import { TopologyGraph, type GraphEvents, type Viewport } from "./topology-graph.ts";

export interface CanvasLayers {
  readonly host: HTMLElement;
  readonly below: HTMLCanvasElement;
  readonly graph: HTMLElement;
  readonly middle: HTMLCanvasElement;
  readonly above: HTMLCanvasElement;
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
  readonly #contexts: Readonly<Record<"below" | "middle" | "above", CanvasRenderingContext2D>>;
  #colors: CanvasColors = canvasColors();
  readonly #pictures = new PacketPictures();
  #view: LabView | null = null;
  #links: readonly LinkState[] = [];
  #nodes: readonly NodeState[] = [];
  #labels: LinkLabels = { shown: [], all: [] };
  #selectedLinks: ReadonlySet<string> = new Set();
  #options: CanvasOptions = { linkLabels: true, interfaces: false, addresses: true };
  #virtualNow = 0;
  #frame = 0;
  #lastMs = 0;
  #isDirty = false;
  #wasMoving = false;
  #wasPulled = false;
  hoveredLink: number | null = null;
  hoveredNode: string | null = null;
  rubber: Rubber | null = null;
  /** Node at which the keyboard's link tool starts. */
  linkSource: string | null = null;

  constructor(layers: CanvasLayers, events: Omit<GraphEvents, "viewport" | "geometry">) {
    this.#layers = layers;
    const [below, middle, above] = [layers.below, layers.middle, layers.above].map((canvas) => canvas.getContext("2d"));
    if (!below || !middle || !above) throw new Error("This browser draws no canvas.");
    this.#contexts = { below, middle, above };
    this.graph = new TopologyGraph(layers.graph, {
      ...events,
      viewport: () => this.invalidate(),
      geometry: () => {
        this.cables.invalidate();
        this.invalidate();
      },
    });
    this.flights.onEnd = (slot) => this.bursts.flightEnded(slot, performance.now());
    this.resized();
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.graph.destroy();
  }

  focus(): void {
    this.#layers.host.focus({ preventScroll: true });
  }

  // What is shown

  /** Null: there is a lab, and it cannot be drawn. */
  show(view: LabView | null, labels: LinkLabels): void {
    this.#view = view;
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
    const view = this.#view;
    const [place = ""] = drop.place.split(":");
    const link = view?.links.findIndex(({ name }) => name === drop.place) ?? -1;
    if (link >= 0) {
      const flight = this.flights.cutShort(drop.packet, link);
      return this.bursts.add(drop, { kind: "link", index: link, fraction: 0.5 }, flight, now);
    }
    const node = view?.nodes.findIndex(({ name }) => name === place) ?? -1;
    if (node < 0) return;
    const flight = this.flights.find(drop.packet, null);
    this.bursts.add(drop, { kind: "node", index: node, fraction: 0 }, flight, now);
  }

  restyle(): void {
    this.#colors = canvasColors();
    this.graph.restyle();
    this.invalidate();
  }

  resized(): void {
    const { clientWidth, clientHeight } = this.#layers.host;
    for (const canvas of [this.#layers.below, this.#layers.middle, this.#layers.above]) {
      canvas.width = Math.round(clientWidth * devicePixelRatio);
      canvas.height = Math.round(clientHeight * devicePixelRatio);
    }
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
    this.#isDirty = true;
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
    if (this.#isDirty || this.pull.isMoving || this.#wasPulled) this.#paintStill(wallMs);
    // Once more after the last movement, to wipe it away.
    if (this.#isDirty || isMoving || this.#wasMoving || this.pull.isMoving) this.#paintMoving(wallMs);
    this.#wasPulled = this.pull.isMoving;
    this.#wasMoving = isMoving;
    this.#isDirty = false;
    if (isMoving || this.#wasPulled) this.#wake();
  }

  /** Grid and cables below the nodes, their names and states above them. */
  #paintStill(wallMs: number): void {
    const view = this.#view;
    const viewport = this.graph.viewport;
    const { below, middle } = this.#contexts;
    this.#begin(below, viewport);
    this.#begin(middle, viewport);
    paintGrid(below, { colors: this.#colors, viewport, size: this.#layers.host });
    if (view === null) return;
    const { zoom } = viewport;
    paintCables(below, {
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
    const how = { colors: this.#colors, zoom, showsAddresses: this.#options.addresses };
    for (const node of view.nodes) {
      const at = this.graph.place(node.index);
      if (at !== null) paintBadges(middle, { node, state: this.#nodes[node.index], at }, how);
    }
    paintTools(middle, {
      colors: this.#colors,
      rubber: this.rubber,
      handle: this.hoveredNode === null ? null : this.handleOf(this.hoveredNode),
      source: this.linkSource,
      placeOf: (name) => this.graph.placeNamed(name),
    });
  }

  #paintMoving(wallMs: number): void {
    const { above } = this.#contexts;
    const viewport = this.graph.viewport;
    this.#begin(above, viewport);
    const { pull } = this.pull;
    const packets = {
      cables: this.cables.all,
      board: this.flights,
      pictures: this.#pictures,
      colors: this.#colors,
      viewport,
      wallMs,
      bent: pull?.mode === "pull" ? { link: pull.link, through: pull.pointer } : null,
    };
    paintBands(above, packets);
    paintPackets(above, packets);
    if (this.bursts.bursts.length === 0) return;
    this.#toModel(above, viewport);
    for (const burst of this.bursts.bursts) this.#paintBurst(above, burst, viewport.zoom, wallMs);
  }

  #begin(context: CanvasRenderingContext2D, viewport: Viewport): void {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    this.#toModel(context, viewport);
  }

  #toModel(context: CanvasRenderingContext2D, { zoom, x, y }: Viewport): void {
    const scale = devicePixelRatio;
    context.setTransform(scale * zoom, 0, 0, scale * zoom, scale * x, scale * y);
  }

  #paintBurst(context: CanvasRenderingContext2D, burst: Burst, zoom: number, wallMs: number): void {
    const { kind, index, fraction } = burst.place;
    const cable = kind === "link" ? this.cables.at(index) : null;
    const at =
      kind === "node"
        ? this.graph.place(index)
        : cable === null || cable === undefined
          ? null
          : pointOn(cable, fraction);
    if (at !== null) paintBurst(context, burst, at, { colors: this.#colors, wallMs, zoom });
  }
}

const isUp = ({ forwardUp, backwardUp }: LinkState): boolean => forwardUp || backwardUp;

const NOTHING: Pick<LabView, "nodes" | "links"> = { nodes: [], links: [] };
