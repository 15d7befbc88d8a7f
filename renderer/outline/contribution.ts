import { IconListTree } from "@tabler/icons-vue";
import { registerPane } from "../panes/registry.ts";

registerPane({
  id: "outline",
  title: "Network",
  icon: IconListTree,
  component: () => import("./OutlinePane.vue"),
  place: "right",
  order: 5,
  atStart: true,
  commandTitle: "Show list of nodes and links",
});
