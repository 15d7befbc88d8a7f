/** What can be done with a packet: the context menu, and the commands behind it. */
import type { PacketDetail } from "../../core/contract/api/packet-view.ts";
import { exportCapture } from "../files/lab-files.ts";
import { report, notify } from "../stores/notices.ts";
import { bytesText, detailText, rowText } from "./packet-text.ts";
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
    ...filters,
    { ...{ title: "Copy line", keys: "Ctrl+C", startsGroup: true }, run: () => copy(rowText(row)) },
    { ...{ title: "Copy layers and bytes", keys: "", startsGroup: false }, run: () => copy(detailText(packet)) },
    { ...{ title: "Copy bytes", keys: "", startsGroup: false }, run: () => copy(bytesText(packet.bytes)) },
    {
      ...{ title: `Export capture of ${row.interface}`, keys: "", startsGroup: true },
      run: () => void exportCapture([row.interface]).catch(report),
    },
    {
      ...{ title: "Export capture of all", keys: "", startsGroup: false },
      run: () => void exportCapture(null).catch(report),
    },
  ];
}

export function copy(text: string): void {
  navigator.clipboard.writeText(text).then(
    () => notify({ kind: "info", title: "Copied." }),
    (error: unknown) => report(error),
  );
}

/** Display filters that a packet suggests. */
export function filtersFor({ row, layers }: PacketDetail): { readonly title: string; readonly filter: string }[] {
  const value = (name: string): string | undefined =>
    layers.flatMap(({ fields }) => fields).find((field) => field.name === name)?.value;
  const layer = layers.find(({ protocol }) => protocol === "tcp" || protocol === "udp")?.protocol;
  const [from, to] = [value("ip.src"), value("ip.dst")];
  const ports = layer === undefined ? [] : [value(`${layer}.srcport`), value(`${layer}.dstport`)];
  const filters: { title: string; filter: string }[] = [];
  if (from !== undefined && to !== undefined) {
    const hosts = `ip.addr == ${from} && ip.addr == ${to}`;
    const ends = ports.map((port) => ` && ${layer}.port == ${port}`).join("");
    if (ends !== "") filters.push({ title: "Filter: this conversation", filter: hosts + ends });
    filters.push({ title: `Filter: ${from} and ${to}`, filter: hosts });
    filters.push({ title: `Filter: ${from}`, filter: `ip.addr == ${from}` });
  } else if (value("eth.src") !== undefined) {
    filters.push({ title: `Filter: ${value("eth.src")}`, filter: `eth.addr == ${value("eth.src")}` });
  }
  const protocol = row.protocol.toLowerCase();
  if (["arp", "icmp", "tcp", "udp"].includes(protocol))
    filters.push({ title: `Filter: ${row.protocol}`, filter: protocol });
  return filters;
}
