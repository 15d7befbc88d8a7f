import { IconFileCode } from "@tabler/icons-vue";
import { registerCommands } from "../commands/registry.ts";
import { registerPane } from "../panes/registry.ts";
import { useLab } from "../stores/lab.ts";
import { showLine } from "./show-line.ts";

registerPane({
  id: "source",
  title: "Lab file",
  icon: IconFileCode,
  component: () => import("./SourcePane.vue"),
  place: "center",
  order: 10,
  commandTitle: "Edit the lab file",
});

registerCommands([
  {
    id: "lab.show-line",
    title: "Show a line of the lab file",
    category: "Tools",
    when: () => useLab().isLoaded,
    run: (line) => showLine(typeof line === "number" ? line : 1),
  },
]);
