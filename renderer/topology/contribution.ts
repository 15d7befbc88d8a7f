/** The canvas as a pane, and what can be done to the network. */
import { IconTopologyStar3 } from "@tabler/icons-vue";
import { registerCommands, type Command } from "../commands/registry.ts";
import { exportCapture } from "../files/lab-files.ts";
import {
  addNode,
  copySelection,
  deleteSelection,
  faultOfName,
  hasClipboard,
  isLinkUp,
  paste,
  placeNodes,
  powerOf,
  rename,
  setLinks,
  switchNodes,
  toggleLinks,
} from "../labs/network-actions.ts";
import type { Place } from "../labs/lab-edits.ts";
import { openPane, registerPane } from "../panes/registry.ts";
import { useLab } from "../stores/lab.ts";
import { useSelection } from "../stores/selection.ts";
import AskText from "../ui/AskText.vue";
import { showDialog } from "../ui/dialogs.ts";
import {
  canvas,
  isLinking,
  linkSource,
  setLinking,
  showsAddresses,
  showsInterfaces,
  showsLinkLabels,
} from "./current.ts";
import { showImpairDialog } from "./impair-dialog.ts";
import { openNode } from "./open-node.ts";

registerPane({
  id: "topology",
  title: "Topology",
  icon: IconTopologyStar3,
  component: () => import("./TopologyPane.vue"),
  place: "center",
  order: 0,
  atStart: true,
});

const selection = (): ReturnType<typeof useSelection> => useSelection();
const nodes = (): readonly string[] => selection().nodes;
const links = (): readonly string[] => selection().links;
const hasLab = (): boolean => useLab().view !== null;
const hasNodes = (): boolean => nodes().length > 0;
const hasLinks = (): boolean => links().length > 0;
const onlyNode = (): boolean => selection().single?.kind === "node";

const network = (
  id: string,
  title: string,
  rest: Pick<Command, "run"> & Partial<Omit<Command, "id" | "title" | "run">>,
): Command => ({ id, title, category: "Network", when: hasLab, ...rest });

const adds = (["host", "router", "switch", "hub"] as const).map((kind, order) =>
  network(`network.add-${kind}`, `Add a ${kind}`, {
    menu: { group: 0, order },
    run: (at) => {
      const graph = canvas.value?.graph;
      const place = (at as Place | undefined) ?? graph?.freePlace() ?? { x: 100, y: 100 };
      return addNode(kind, graph?.toLab(place) ?? place);
    },
  }),
);

async function askName(): Promise<void> {
  const [name] = nodes();
  if (name === undefined) return;
  const answer = await showDialog({
    title: `Rename ${name}`,
    component: AskText,
    props: { label: "New name", value: name, action: "Rename", faultOf: (text: string) => faultOfName(text, name) },
  });
  if (typeof answer === "string") await rename(name, answer);
}

async function arrange(): Promise<void> {
  const places = await canvas.value?.graph.arrange();
  if (places !== undefined) placeNodes("Arrange the nodes", places);
}

/** Of the interfaces at a link's ends. */
async function captureLink(): Promise<void> {
  const { view } = useLab();
  const link = view?.links.find(({ name }) => name === links()[0]);
  if (view === null || link === undefined) return;
  await exportCapture(link.ends.map(({ node, nic }) => `${view.nodes[node]?.name ?? ""}:${nic}`));
}

function nudge(x: number, y: number): void {
  const places = canvas.value?.graph.labPlaces();
  if (places === undefined) return;
  const moved = nodes().flatMap((name) => {
    const at = places.get(name);
    return at === undefined ? [] : [[name, { x: at.x + x, y: at.y + y }] as const];
  });
  placeNodes("Move", new Map(moved));
}

const NUDGE = 10;
const nudges = (
  [
    ["left", "ArrowLeft", -NUDGE, 0],
    ["right", "ArrowRight", NUDGE, 0],
    ["up", "ArrowUp", 0, -NUDGE],
    ["down", "ArrowDown", 0, NUDGE],
  ] as const
).map(([way, key, x, y]) =>
  network(`network.move-${way}`, `Move selected nodes ${way}`, {
    keys: [`Alt+${key}`],
    when: hasNodes,
    run: () => nudge(x, y),
  }),
);

const PAN_PX = 60;
const pans = (
  [
    ["left", PAN_PX, 0],
    ["right", -PAN_PX, 0],
    ["up", 0, PAN_PX],
    ["down", 0, -PAN_PX],
  ] as const
).map(([way, x, y]): Command => ({
  ...{ id: `view.look-${way}`, title: `Look further ${way}`, category: "View", when: hasLab },
  keys: [`Shift+Arrow${way.charAt(0).toUpperCase()}${way.slice(1)}`],
  run: () => canvas.value?.graph.panBy(x, y),
}));

const labels = (
  [
    ["links", "Rate and delay of links", showsLinkLabels],
    ["interfaces", "Names of interfaces", showsInterfaces],
    ["addresses", "Addresses of hosts", showsAddresses],
  ] as const
).map(([what, title, isShown], order): Command => ({
  ...{ id: `view.label-${what}`, title, category: "View", menu: { group: 2, order }, when: hasLab },
  checked: () => isShown.value,
  run: () => (isShown.value = !isShown.value),
}));

registerCommands([
  ...adds,
  network("network.link-tool", "Connect two nodes", {
    keys: ["L"],
    menu: { group: 1, order: 0 },
    checked: () => isLinking.value,
    run: () => setLinking(!isLinking.value),
  }),
  network("network.link-from", "Connect with…", {
    when: onlyNode,
    run: () => {
      setLinking(true);
      linkSource.value = nodes()[0] ?? null;
    },
  }),
  network("network.unplug-toggle", "Unplug or plug in", {
    keys: ["U"],
    when: hasLinks,
    run: () => toggleLinks(links()),
  }),
  network("network.unplug", "Unplug", {
    menu: { group: 2, order: 0 },
    when: () => hasLinks() && links().some(isLinkUp),
    run: () => setLinks(links(), "down"),
  }),
  network("network.plug", "Plug in", {
    menu: { group: 2, order: 1 },
    when: () => hasLinks() && !links().every(isLinkUp),
    run: () => setLinks(links(), "up"),
  }),
  network("network.unplug-forward", "Cut the way there only", {
    when: () => links().length === 1 && links().every(isLinkUp),
    run: () => setLinks(links(), "down", "forward"),
  }),
  network("network.unplug-backward", "Cut the way back only", {
    when: () => links().length === 1 && links().every(isLinkUp),
    run: () => setLinks(links(), "down", "backward"),
  }),
  network("network.impair", "Impair…", {
    keys: ["I"],
    menu: { group: 2, order: 2 },
    when: () => links().length === 1,
    run: () => showImpairDialog(links()[0] ?? ""),
  }),
  network("network.capture-link", "Export capture of this link", {
    when: () => links().length === 1,
    run: captureLink,
  }),
  network("network.crash", "Crash", {
    menu: { group: 3, order: 0 },
    when: () => hasNodes() && nodes().some((name) => powerOf(name) !== "off"),
    run: () => switchNodes(nodes(), "crash"),
  }),
  network("network.reboot", "Reboot", {
    menu: { group: 3, order: 1 },
    when: hasNodes,
    run: () => switchNodes(nodes(), "reboot"),
  }),
  network("network.pause", "Pause", {
    menu: { group: 3, order: 2 },
    when: () => hasNodes() && nodes().every((name) => powerOf(name) === "on"),
    run: () => switchNodes(nodes(), "pause"),
  }),
  network("network.resume", "Resume", {
    menu: { group: 3, order: 3 },
    when: () => hasNodes() && nodes().every((name) => powerOf(name) === "paused"),
    run: () => switchNodes(nodes(), "resume"),
  }),
  network("network.open", "Open", {
    when: onlyNode,
    run: () => openNode(nodes()[0] ?? ""),
  }),
  network("network.inspect", "Inspect", {
    when: () => selection().single !== null,
    run: () => openPane("inspector", { focus: true }),
  }),
  network("network.rename", "Rename…", { keys: ["F2"], menu: { group: 1, order: 1 }, when: onlyNode, run: askName }),
  network("network.arrange", "Arrange the nodes", { menu: { group: 1, order: 2 }, run: arrange }),
  ...nudges,
  ...pans,
  ...labels,
  {
    ...{ id: "edit.copy", title: "Copy", category: "Edit", keys: ["Ctrl+C"], menu: { group: 1, order: 0 } },
    ...{ when: hasNodes, run: () => copySelection(canvas.value?.graph.labPlaces() ?? new Map()) },
  },
  {
    ...{
      id: "edit.cut",
      title: "Cut",
      category: "Edit",
      keys: ["Ctrl+X"],
      menu: { group: 1, order: 1 },
      when: hasNodes,
    },
    run: async () => {
      copySelection(canvas.value?.graph.labPlaces() ?? new Map());
      await deleteSelection();
    },
  },
  {
    ...{ id: "edit.paste", title: "Paste", category: "Edit", keys: ["Ctrl+V"], menu: { group: 1, order: 2 } },
    ...{ when: () => hasLab() && hasClipboard(), run: paste },
  },
  {
    ...{ id: "edit.delete", title: "Delete", category: "Edit", keys: ["Delete", "Backspace"] },
    ...{ menu: { group: 1, order: 3 }, when: () => !selection().isEmpty, run: deleteSelection },
  },
  {
    ...{ id: "edit.select-all", title: "Select all nodes", category: "Edit", keys: ["Ctrl+A"] },
    ...{ menu: { group: 2, order: 0 }, when: hasLab },
    run: () => selection().select({ nodes: (useLab().view?.nodes ?? []).map(({ name }) => name) }),
  },
  {
    ...{ id: "view.fit", title: "Fit the whole network", category: "View", keys: ["Ctrl+1"] },
    ...{ menu: { group: 1, order: 0 }, when: hasLab, run: () => canvas.value?.graph.fit() },
  },
  {
    ...{ id: "view.zoom-in", title: "Zoom in", category: "View", keys: ["Ctrl++", "Ctrl+="] },
    ...{ menu: { group: 1, order: 1 }, when: hasLab, run: () => canvas.value?.graph.zoomBy(1.25) },
  },
  {
    ...{ id: "view.zoom-out", title: "Zoom out", category: "View", keys: ["Ctrl+-"] },
    ...{ menu: { group: 1, order: 2 }, when: hasLab, run: () => canvas.value?.graph.zoomBy(0.8) },
  },
  {
    ...{ id: "view.zoom-100", title: "Actual size", category: "View", keys: ["Ctrl+0"] },
    ...{ menu: { group: 1, order: 3 }, when: hasLab, run: () => canvas.value?.graph.zoomTo(1) },
  },
]);
