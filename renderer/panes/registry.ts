/**
 * Panes of the workbench. A pane is a folder that registers itself from its `contribution.ts`, which features.ts finds
 * by its name: the shell has no list of them. Heavy ones give their component as `() => import("./Heavy.vue")`.
 */
import { shallowReactive, type Component } from "vue";

/** Where a pane opens first. People move it wherever they like; that is remembered. */
export type PanePlace = "center" | "left" | "right" | "bottom";

export type ComponentLoader = () => Promise<{ default: Component }>;

export interface PaneDefinition {
  readonly id: string;
  readonly title: string;
  /** A component of @tabler/icons-vue. */
  readonly icon: Component;
  /** Gets the `props` of `openPane`, and fills its parent (`height: 100%`). */
  readonly component: Component | ComponentLoader;
  readonly place: PanePlace;
  /** Among the tabs of its place; lower is further to the left. */
  readonly order: number;
  /** Part of the layout that a new user sees. Left out: opened by a command. */
  readonly atStart?: boolean;
  /** One for each `instance` (a terminal for each host) instead of one in all. */
  readonly many?: boolean;
  /** What is told in the View menu and the palette; "Show <title>" when left out. Not for those with `many`. */
  readonly commandTitle?: string;
  readonly keys?: readonly string[];
}

export interface PaneRequest {
  /** Tells apart panes of one kind: `h1` for the terminal of h1. */
  readonly instance?: string;
  /** On the tab; the definition's title when left out. */
  readonly title?: string;
  /** Plain data for the component's props: they are stored with the layout. */
  readonly props?: Readonly<Record<string, string | number | boolean>>;
  /** Also give it the keyboard. */
  readonly focus?: boolean;
}

const panes = shallowReactive(new Map<string, PaneDefinition>());

export function registerPane(pane: PaneDefinition): () => void {
  if (panes.has(pane.id)) throw new Error(`two panes ${pane.id}`);
  panes.set(pane.id, pane);
  return () => panes.delete(pane.id);
}

export function paneOf(id: string): PaneDefinition | undefined {
  return panes.get(id);
}

export function isLoader(component: PaneDefinition["component"]): component is ComponentLoader {
  return typeof component === "function" && !("setup" in component);
}

/** Fetches what the panes of a new user's layout are made of: the core reads the lab meanwhile that they will show. */
export function fetchPanes(): void {
  for (const { atStart, component } of panes.values()) {
    // What cannot be fetched is said by the pane (PaneFrame.vue), when it is there to say it.
    if (atStart === true && isLoader(component)) component().catch(() => undefined);
  }
}

/** In order of their places. */
export function allPanes(): PaneDefinition[] {
  return [...panes.values()].sort((a, b) => a.order - b.order);
}

/** The dock, once it is there. */
export interface PaneOpener {
  open(pane: PaneDefinition, request: PaneRequest): void;
  close(id: string, instance?: string): void;
  isOpen(id: string, instance?: string): boolean;
}

let opener: PaneOpener | null = null;

export function setPaneOpener(to: PaneOpener | null): void {
  opener = to;
}

/** Brings a pane to the front, opening it when it is not there. */
export function openPane(id: string, request: PaneRequest = {}): void {
  const pane = panes.get(id);
  if (pane !== undefined) opener?.open(pane, request);
}

export function closePane(id: string, instance?: string): void {
  opener?.close(id, instance);
}

export function isPaneOpen(id: string, instance?: string): boolean {
  return opener?.isOpen(id, instance) ?? false;
}
