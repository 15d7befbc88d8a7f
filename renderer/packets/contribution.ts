/** The packets pane and its commands. */
import { IconListDetails } from "@tabler/icons-vue";
import type { PacketDetail } from "../../core/contract/api/packet-view.ts";
import { exportCapture } from "../files/lab-files.ts";
import { registerCommands, type Command } from "../commands/registry.ts";
import { registerPane, openPane } from "../panes/registry.ts";
import { useLab } from "../stores/lab.ts";
import { resetColumns } from "./columns.ts";
import { copy } from "./packet-menu.ts";
import { filtersFor } from "./packet-filters.ts";
import { bytesText, detailText, rowText } from "./packet-text.ts";
import { areDetailsShown, withPacketsPane } from "./pane-focus.ts";
import { usePackets } from "./packets-store.ts";
import PacketsPane from "./PacketsPane.vue";

registerPane({
  ...{ id: "packets", title: "Packets", icon: IconListDetails, component: PacketsPane },
  ...{ place: "bottom", order: 10, atStart: true, keys: ["Ctrl+Shift+1"] },
});

const isOpen = (): boolean => useLab().view !== null;
const hasPacket = (): boolean => isOpen() && usePackets().detail !== null;
const category = "Tools";

const ofPacket = (id: string, title: string, run: (packet: PacketDetail) => unknown): Command => ({
  ...{ id, title, category, when: hasPacket },
  run: () => {
    const { detail } = usePackets();
    return detail === null ? undefined : run(detail);
  },
});

registerCommands([
  {
    ...{
      id: "packets.filter",
      title: "Filter packets…",
      category,
      keys: ["Ctrl+Shift+F"],
      menu: { group: 0, order: 0 },
    },
    when: isOpen,
    run: () => {
      openPane("packets");
      withPacketsPane((pane) => pane.focusFilter());
    },
  },
  {
    ...{ id: "packets.follow", title: "Follow packet on other links", category, menu: { group: 0, order: 1 } },
    when: hasPacket,
    run: () => {
      openPane("packets");
      return usePackets().showTab("journey");
    },
  },
  {
    ...{ id: "packets.follow-newest", title: "Follow the newest packet", category, menu: { group: 0, order: 2 } },
    ...{ when: isOpen, checked: () => usePackets().isFollowing },
    run: () => (usePackets().isFollowing = !usePackets().isFollowing),
  },
  {
    ...{ id: "packets.details", title: "Details of packets", category, menu: { group: 0, order: 3 } },
    ...{ when: isOpen, checked: () => areDetailsShown.value },
    run: () => (areDetailsShown.value = !areDetailsShown.value),
  },
  {
    ...{ id: "packets.copy", title: "Copy packet as text", category, menu: { group: 0, order: 4 }, when: hasPacket },
    run: () => {
      const { detail } = usePackets();
      if (detail !== null) copy(rowText(detail.row));
    },
  },
  ofPacket("packets.copy-all", "Copy layers and bytes of the packet", (packet) => copy(detailText(packet))),
  ofPacket("packets.copy-bytes", "Copy bytes of the packet", ({ bytes }) => copy(bytesText(bytes))),
  ofPacket("packets.capture-interface", "Export capture of the packet’s interface", ({ row }) =>
    exportCapture([row.interface]),
  ),
  ofPacket("packets.filter-like", "Filter like the packet: its conversation", (packet) => {
    const [first] = filtersFor(packet);
    return first === undefined ? undefined : usePackets().setFilter(first.filter);
  }),
  { id: "packets.reset-columns", title: "Reset packet columns", category, when: isOpen, run: resetColumns },
  {
    ...{ id: "packets.clear-filter", title: "Clear packet filter", category, when: isOpen },
    run: () => usePackets().setFilter(""),
  },
  {
    // For other panes: `runCommand("packets.show", number)` leads to a packet by its number in the list.
    ...{ id: "packets.show", title: "Show selected packet", category, when: isOpen },
    run: async (number) => {
      const packets = usePackets();
      openPane("packets");
      if (typeof number === "number") await packets.select(number);
      const { selected } = packets;
      if (selected !== null) withPacketsPane((pane) => pane.reveal(selected));
    },
  },
]);
