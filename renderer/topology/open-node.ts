/** A double click on a node: the console of a machine, once a pane offers one; else what the inspector knows of it. */
import { openPane } from "../panes/registry.ts";
import { useLab } from "../stores/lab.ts";

let openMachine: ((name: string) => void) | null = null;

/** For the pane with the consoles. */
export function openMachinesWith(open: (name: string) => void): void {
  openMachine = open;
}

export function openNode(name: string): void {
  const isMachine = (useLab().view?.nodes.find((node) => node.name === name)?.cpus ?? 0) > 0;
  if (isMachine && openMachine !== null) openMachine(name);
  else openPane("inspector", { focus: true });
}
