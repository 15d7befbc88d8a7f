/** Display filters that a packet suggests: its conversation, its hosts, its protocol. */
import type { PacketDetail } from "../../core/contract/api/packet-view.ts";

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
  const isFilter = ["arp", "icmp", "tcp", "udp"].includes(protocol);
  if (isFilter) filters.push({ title: `Filter: ${row.protocol}`, filter: protocol });
  return filters;
}
