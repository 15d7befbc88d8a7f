/** The TCP view, and ways into it. */
import { IconPlugConnected } from "@tabler/icons-vue";
import { registerCommands } from "../commands/registry.ts";
import { openPane, registerPane } from "../panes/registry.ts";
import { call } from "../stores/core.ts";
import { useLab } from "../stores/lab.ts";
import { notify } from "../stores/notices.ts";
import { usePackets } from "../packets/packets-store.ts";
import { useTcp } from "./tcp-store.ts";

registerPane({
  ...{ id: "tcp", title: "TCP", icon: IconPlugConnected, component: () => import("./TcpPane.vue") },
  ...{ place: "center", order: 10, commandTitle: "Show TCP connection", keys: ["Ctrl+Shift+2"] },
});

/** The connection of the packet that is selected, at the end where it was captured if that is one. */
async function showConnectionOfPacket(): Promise<void> {
  const detail = usePackets().detail;
  if (detail === null) return;
  const value = (name: string): string =>
    detail.layers.flatMap(({ fields }) => fields).find((field) => field.name === name)?.value ?? "";
  const source = `${value("ip.src")}:${value("tcp.srcport")}`;
  const target = `${value("ip.dst")}:${value("tcp.dstport")}`;
  const { sockets } = await call("tcp.list", {});
  const ends = sockets.filter(
    ({ local, peer }) => (local === source && peer === target) || (local === target && peer === source),
  );
  const here = ends.find(({ node }) => detail.row.interface.startsWith(`${node}:`)) ?? ends[0];
  if (here === undefined) {
    notify({ kind: "info", title: "That connection is not there any more." });
    return;
  }
  useTcp().pick(here);
  openPane("tcp", { focus: true });
}

registerCommands([
  {
    ...{ id: "tcp.of-packet", title: "Show the packet’s TCP connection", category: "Tools" },
    ...{ menu: { group: 0, order: 5 } },
    when: () => useLab().view !== null && usePackets().detail?.row.protocol === "TCP",
    run: showConnectionOfPacket,
  },
]);
