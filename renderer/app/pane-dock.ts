/** Opens panes in dockview, lays them out for a new user, and remembers what people made of it. */
import type { AddPanelOptions, DockviewApi, IDockviewPanel } from "dockview-vue";
import {
  allPanes,
  paneOf,
  type PaneDefinition,
  type PaneOpener,
  type PanePlace,
  type PaneRequest,
} from "../panes/registry.ts";
import type { PaneEdge } from "./layout.ts";
import { readSetting, removeSetting, writeSetting } from "../stores/settings.ts";

/** Raised when a default layout changes so much that an old one would hide what is new. */
const SETTING = "layout.1";
const SAVE_MS = 300;
/** Widths and heights of a new layout, pixels. */
const SIZES: Readonly<Record<PanePlace, number>> = { left: 280, right: 320, bottom: 270, center: 0 };

interface PaneParams {
  readonly pane: string;
  readonly props: Readonly<Record<string, string | number | boolean>>;
}

export class PaneDock implements PaneOpener {
  readonly #api: DockviewApi;
  readonly #subscription: { dispose(): void };
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: DockviewApi) {
    this.#api = api;
    this.#subscription = api.onDidLayoutChange(() => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#save(), SAVE_MS);
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
  }

  /** What was there last time; the default where that cannot be had. */
  restore(): void {
    const stored = readSetting(SETTING);
    if (stored !== null) {
      try {
        this.#api.fromJSON(JSON.parse(stored) as ReturnType<DockviewApi["toJSON"]>);
        if (this.#hasKnownPanes()) return;
      } catch {
        // Written by another version: the default is better than a broken window.
      }
      removeSetting(SETTING);
    }
    this.reset();
  }

  /** The layout of a new user: the canvas in the middle, what belongs together around it. */
  reset(): void {
    this.#api.clear();
    const first = allPanes().filter(({ atStart }) => atStart === true);
    for (const place of ["center", "right", "bottom", "left"] as const) {
      for (const pane of first) if (pane.place === place) this.open(pane, {});
    }
    // The first tab of each place is the one to see.
    for (const place of ["bottom", "right", "left", "center"] as const) {
      const pane = first.find((candidate) => candidate.place === place);
      if (pane !== undefined) this.#api.getPanel(pane.id)?.api.setActive();
    }
  }

  open(pane: PaneDefinition, { instance, title, props = {}, focus = false }: PaneRequest): void {
    const id = idOf(pane.id, instance);
    const there = this.#api.getPanel(id);
    if (there !== undefined) {
      if (Object.keys(props).length > 0) there.api.updateParameters({ pane: pane.id, props } satisfies PaneParams);
      there.api.setActive();
    } else {
      const params: PaneParams = { pane: pane.id, props };
      this.#api.addPanel({ id, component: "pane", title: title ?? pane.title, params, ...this.#placeFor(pane) });
    }
    if (focus) this.#api.focus();
  }

  close(id: string, instance?: string): void {
    const panel = this.#api.getPanel(idOf(id, instance));
    if (panel !== undefined) this.#api.removePanel(panel);
  }

  closeActive(): void {
    this.#api.activePanel?.api.close();
  }

  get isMaximized(): boolean {
    return this.#api.hasMaximizedGroup();
  }

  /** The group of the active pane takes all of the dock, and gives it back. */
  toggleMaximized(): void {
    if (this.#api.hasMaximizedGroup()) this.#api.exitMaximizedGroup();
    else this.#api.activePanel?.api.maximize();
  }

  /** A group of its own at an edge of the window. */
  moveActive(to: PaneEdge): void {
    const panel = this.#api.activePanel;
    if (panel === undefined || this.#api.panels.length < 2) return;
    panel.api.moveTo({ group: this.#api.addGroup({ direction: to }) });
    panel.api.setActive();
  }

  /** By so many pixels; the neighbours give way. */
  resizeActive({ width = 0, height = 0 }: { readonly width?: number; readonly height?: number }): void {
    const group = this.#api.activeGroup;
    if (group === undefined) return;
    group.api.setSize({ width: group.width + width, height: group.height + height });
  }

  /** The keyboard goes from group to group; what is shown there gets it. */
  focusNeighbour(by: number): void {
    const { groups, activeGroup } = this.#api;
    const at = groups.findIndex((group) => group === activeGroup);
    const next = groups[(at + by + groups.length) % groups.length];
    next?.activePanel?.api.setActive();
    const inside = next?.element.querySelector<HTMLElement>(
      ".dv-content-container [tabindex='0'], .dv-content-container button",
    );
    inside?.focus();
  }

  isOpen(id: string, instance?: string): boolean {
    return this.#api.getPanel(idOf(id, instance)) !== undefined;
  }

  /** Beside a pane of the same place, or else at that edge of the window. */
  #placeFor(pane: PaneDefinition): Pick<AddPanelOptions, "position" | "initialWidth" | "initialHeight"> {
    const neighbour = this.#api.panels.find((panel) => definitionOf(panel)?.place === pane.place);
    if (neighbour !== undefined) return { position: { referencePanel: neighbour, direction: "within" } };
    if (pane.place === "center" || this.#api.panels.length === 0) return {};
    const size = SIZES[pane.place];
    if (pane.place === "bottom") {
      const center = this.#api.panels.find((panel) => definitionOf(panel)?.place === "center");
      const direction = "below" as const;
      return {
        position: center === undefined ? { direction } : { referencePanel: center, direction },
        initialHeight: size,
      };
    }
    return { position: { direction: pane.place }, initialWidth: size };
  }

  #hasKnownPanes(): boolean {
    const { panels } = this.#api;
    return panels.length > 0 && panels.every((panel) => definitionOf(panel) !== undefined);
  }

  #save(): void {
    if (this.#api.panels.length > 0) writeSetting(SETTING, JSON.stringify(this.#api.toJSON()));
  }
}

const idOf = (pane: string, instance: string | undefined): string =>
  instance === undefined ? pane : `${pane}:${instance}`;

function definitionOf(panel: IDockviewPanel): PaneDefinition | undefined {
  return paneOf(panel.id.split(":")[0] ?? "");
}
