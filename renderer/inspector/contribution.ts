import { IconInfoSquareRounded } from "@tabler/icons-vue";
import { registerPane } from "../panes/registry.ts";

registerPane({
  id: "inspector",
  title: "Inspector",
  icon: IconInfoSquareRounded,
  component: () => import("./InspectorPane.vue"),
  place: "right",
  order: 10,
  atStart: true,
});
