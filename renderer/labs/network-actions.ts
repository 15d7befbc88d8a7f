/**
 * What people do to the network, each with its way back: commands to the running network (cut a cable, crash a host),
 * and edits of the lab (add, delete, connect, paste). Menus, keys, gestures and the inspector all come here.
 */
import type { NodeKind } from "../../core/contract/api/lab-view.ts";
import type { Command, DirectionChange } from "../../core/contract/command.ts";
import { remember } from "../stores/history.ts";
import { inTurn } from "../stores/in-turn.ts";
import { useLab } from "../stores/lab.ts";
import { useRun } from "../stores/run.ts";
import { useSelection } from "../stores/selection.ts";
import {
  addElements,
  copyPiece,
  freeName,
  moveNodes,
  nameFault,
  pastePiece,
  removeElements,
  renameNode,
  type LabPiece,
  type Place,
} from "./lab-edits.ts";
import { linkNamesAfterRename } from "./link-names.ts";

type LinkWay = "both" | "forward" | "backward";
type NodeAction = "crash" | "reboot" | "pause" | "resume";

/** Done together, undone together. */
async function injectAll(title: string, commands: readonly Command[], back: readonly Command[]): Promise<void> {
  const run = useRun();
  const all = async (list: readonly Command[]): Promise<void> => {
    for (const command of list) await run.inject(command);
  };
  await all(commands);
  remember({ title, undo: () => all(back), redo: () => all(commands) });
}

export async function setLinks(names: readonly string[], action: "down" | "up", way: LinkWay = "both"): Promise<void> {
  const command = (link: string, to: "down" | "up"): Command => ({ kind: "link", link, action: to, direction: way });
  const title = `${action === "down" ? "Unplug" : "Plug in"} ${listed(names)}`;
  await injectAll(
    title,
    names.map((name) => command(name, action)),
    names.map((name) => command(name, action === "down" ? "up" : "down")),
  );
}

export function isLinkUp(name: string): boolean {
  const index = useLab().view?.links.find((link) => link.name === name)?.index ?? -1;
  const state = useRun().links[index];
  return state === undefined || (state.forwardUp && state.backwardUp);
}

export async function toggleLinks(names: readonly string[]): Promise<void> {
  await setLinks(names, names.every(isLinkUp) ? "down" : "up");
}

export function powerOf(name: string): "on" | "off" | "paused" {
  const index = useLab().view?.nodes.find((node) => node.name === name)?.index ?? -1;
  return useRun().nodes[index]?.power ?? "on";
}

const NODE_TITLES: Readonly<Record<NodeAction, string>> = {
  crash: "Crash",
  reboot: "Reboot",
  pause: "Pause",
  resume: "Resume",
};

export async function switchNodes(names: readonly string[], action: NodeAction): Promise<void> {
  const commands = names.map((node): Command => ({ kind: "node", node, action }));
  const title = `${NODE_TITLES[action]} ${listed(names)}`;
  if (action === "pause" || action === "resume") {
    const opposite = action === "pause" ? "resume" : "pause";
    return injectAll(
      title,
      commands,
      names.map((node): Command => ({ kind: "node", node, action: opposite })),
    );
  }
  // Nothing brings back what a crash has lost, save a run in which it never happened.
  const run = useRun();
  const lab = useLab();
  for (const command of commands) await run.inject(command);
  remember({
    title,
    undo: async () => {
      for (const command of commands) await lab.withoutEntry(command);
    },
    redo: async () => {
      for (const command of commands) await run.inject(command);
    },
  });
}

export async function impairLink(
  link: string,
  to: { readonly forward: DirectionChange; readonly backward: DirectionChange },
  from: { readonly forward: DirectionChange; readonly backward: DirectionChange },
): Promise<void> {
  const command = (change: typeof to): Command => ({ kind: "link-set", link, ...change });
  await injectAll(`Change ${link}`, [command(to)], [command(from)]);
}

// Edits of the lab

const takenNames = (): Set<string> =>
  new Set([...(useLab().view?.nodes ?? []), ...(useLab().view?.links ?? [])].map(({ name }) => name));

export function addNode(kind: NodeKind, at: Place): Promise<void> {
  return inTurn(async () => {
    const lab = useLab();
    const name = freeName(takenNames(), kind);
    if (await lab.edit(`Add ${name}`, addElements(lab.text, { nodes: [{ name, kind, at }] }))) {
      useSelection().select({ nodes: [name] });
    }
  });
}

export function connectNodes(a: string, b: string): Promise<void> {
  return inTurn(async () => {
    const lab = useLab();
    if (a !== b) await lab.edit(`Connect ${a} and ${b}`, addElements(lab.text, { links: [{ ends: [a, b] }] }));
  });
}

export function deleteSelection(): Promise<void> {
  return inTurn(deleteSelected);
}

async function deleteSelected(): Promise<void> {
  const lab = useLab();
  const selection = useSelection();
  const { view } = lab;
  const gone = { nodes: selection.nodes, links: selection.links };
  if (view === null || selection.isEmpty) return;
  const names = [...gone.nodes, ...gone.links];
  const links = view.links.filter(({ ends }) =>
    ends.some(({ node }) => gone.nodes.includes(view.nodes[node]?.name ?? "")),
  );
  const changes = new Map([...names, ...links.map(({ name }) => name)].map((name) => [name, null] as const));
  if (await lab.edit(`Delete ${listed(names)}`, removeElements(lab.text, view, gone), changes)) selection.clear();
}

export function rename(from: string, to: string): Promise<boolean> {
  return inTurn(() => renameNow(from, to));
}

async function renameNow(from: string, to: string): Promise<boolean> {
  const lab = useLab();
  const { view } = lab;
  if (view === null || from === to) return false;
  const links = linkNamesAfterRename(view, from, to);
  const done = await lab.edit(`Rename ${from}`, renameNode(lab.text, from, to, links), new Map([[from, to], ...links]));
  if (done) useSelection().select({ nodes: [to] });
  return done;
}

export function faultOfName(name: string, current: string): string {
  const taken = takenNames();
  taken.delete(current);
  return nameFault(name, taken);
}

export function placeNodes(title: string, places: ReadonlyMap<string, Place>): void {
  const lab = useLab();
  lab.editPlaces(title, moveNodes(lab.text, places));
}

let clipboard: LabPiece | null = null;
/** Pastes of one copy lie beside each other. */
let pastes = 0;

export function copySelection(places: ReadonlyMap<string, Place>): void {
  const lab = useLab();
  if (lab.view === null) return;
  clipboard = copyPiece(lab.text, lab.view, useSelection().nodes, places);
  pastes = 0;
}

export const hasClipboard = (): boolean => clipboard !== null && clipboard.nodes.length > 0;

export function paste(): Promise<void> {
  return inTurn(pasteNow);
}

async function pasteNow(): Promise<void> {
  if (clipboard === null) return;
  const lab = useLab();
  const shift = 48 * ++pastes;
  const result = pastePiece(lab.text, clipboard, { x: shift, y: shift });
  const text = result.ok ? ({ ok: true, value: result.value.text } as const) : result;
  if ((await lab.edit("Paste", text)) && result.ok) useSelection().select({ nodes: result.value.names });
}

/** `h1`, `h1 and h2`, `5 things`. */
function listed(names: readonly string[]): string {
  return names.length <= 2 ? names.join(" and ") : `${names.length} things`;
}
