/** What can be done with a packet: the context menu, and the commands behind it. */
import type { PacketDetail } from "../../core/contract/api/packet-view.ts";
import { runCommand } from "../commands/registry.ts";
import { report, notify } from "../stores/notices.ts";
import { filtersFor } from "./packet-filters.ts";
import { rowText } from "./packet-text.ts";
import { usePackets } from "./packets-store.ts";

export interface PacketMenuItem {
  readonly title: string;
  readonly keys: string;
  readonly startsGroup: boolean;
  readonly run: () => void;
}

export function menuOf(packet: PacketDetail): PacketMenuItem[] {
  const packets = usePackets();
  const { row } = packet;
  const filters = filtersFor(packet).map(({ title, filter }, at) => ({
    ...{ title, keys: "", startsGroup: at === 0 },
    run: () => void packets.setFilter(filter),
  }));
  return [
    { ...{ title: "Follow on other links", keys: "", startsGroup: false }, run: () => void packets.showTab("journey") },
    ...(row.protocol === "TCP"
      ? [
          {
            ...{ title: "Show TCP connection", keys: "", startsGroup: false },
            run: () => void runCommand("tcp.of-packet"),
          },
        ]
      : []),
    ...filters,
    { ...{ title: "Copy line", keys: "Ctrl+C", startsGroup: true }, run: () => copy(rowText(row)) },
    {
      ...{ title: "Copy layers and bytes", keys: "", startsGroup: false },
      run: () => void runCommand("packets.copy-all"),
    },
    { ...{ title: "Copy bytes", keys: "", startsGroup: false }, run: () => void runCommand("packets.copy-bytes") },
    {
      ...{ title: `Export capture of ${row.interface}`, keys: "", startsGroup: true },
      run: () => void runCommand("packets.capture-interface"),
    },
    {
      ...{ title: "Export capture of all", keys: "", startsGroup: false },
      run: () => void runCommand("file.export-capture"),
    },
  ];
}

export function copy(text: string): void {
  navigator.clipboard.writeText(text).then(
    () => notify({ kind: "info", title: "Copied." }),
    (error: unknown) => report(error),
  );
}
