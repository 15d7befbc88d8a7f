import { IconAlertTriangle } from "@tabler/icons-vue";
import { registerPane } from "../panes/registry.ts";

registerPane({
  id: "problems",
  title: "Problems and checks",
  icon: IconAlertTriangle,
  component: () => import("./ProblemsPane.vue"),
  place: "bottom",
  order: 80,
  atStart: true,
  commandTitle: "Show problems and checks",
});
