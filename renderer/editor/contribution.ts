/** Programs of the lab's hosts: the editor, and ways into it. */
import { IconCode } from "@tabler/icons-vue";
import { registerCommands } from "../commands/registry.ts";
import { openPane, registerPane } from "../panes/registry.ts";
import { useLab } from "../stores/lab.ts";
import { useSelection } from "../stores/selection.ts";
import { addToMenu, nodeMenu } from "../topology/menu-entries.ts";
import { showDialog } from "../ui/dialogs.ts";
import { usePrograms } from "./programs-store.ts";

registerPane({
  ...{ id: "programs", title: "Programs", icon: IconCode, component: () => import("./ProgramsPane.vue") },
  ...{ place: "center", order: 20, commandTitle: "Show programs", keys: ["Ctrl+Shift+4"] },
});

const selectedMachine = (): string | undefined => {
  const single = useSelection().single;
  return single?.kind === "node" ? usePrograms().machines.find((name) => name === single.name) : undefined;
};

async function newProgram(): Promise<void> {
  const programs = usePrograms();
  const { machines } = programs;
  const [{ default: component }, { TEMPLATES }] = await Promise.all([
    import("./NewProgram.vue"),
    import("./templates.ts"),
  ]);
  const machine = selectedMachine() ?? machines[0] ?? "";
  const answer = await showDialog({ title: "New program", component, props: { machines, machine }, width: 500 });
  if (answer === undefined) return;
  const { node, template } = answer as { node: string; template: string };
  const chosen = TEMPLATES.find(({ id }) => id === template);
  if (chosen === undefined) return;
  await programs.add(node, chosen);
  openPane("programs", { focus: true });
}

registerCommands([
  {
    ...{ id: "programs.of-node", title: "Edit programs of the host", category: "Network" },
    when: () => selectedMachine() !== undefined,
    run: () => {
      const name = selectedMachine();
      if (name !== undefined) usePrograms().showOf(name);
      openPane("programs", { focus: true });
    },
  },
  {
    ...{ id: "programs.new", title: "New program…", category: "Network", menu: { group: 4, order: 3 } },
    when: () => useLab().view !== null && usePrograms().machines.length > 0,
    run: newProgram,
  },
  {
    ...{ id: "programs.save", title: "Save programs into the lab", category: "Network" },
    when: () => usePrograms().drafts.size > 0,
    run: () => usePrograms().saveAll(),
  },
]);

addToMenu(nodeMenu, "programs.of-node");
