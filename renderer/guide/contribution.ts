import { IconBook2 } from "@tabler/icons-vue";
import { registerPane } from "../panes/registry.ts";

registerPane({
  id: "guide",
  title: "Guide",
  icon: IconBook2,
  component: () => import("./GuidePane.vue"),
  place: "right",
  order: 0,
  atStart: true,
});
