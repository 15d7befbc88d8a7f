/** Names of a lab's links and devices, for exporters that see only numbers. */
import type { TraceNames } from "../trace/trace-event-json.ts";
import type { Lab, LabEnd } from "../lab/model.ts";

/** Linux numbers interfaces from 1, and 1 is loopback. */
const FIRST_NIC_INDEX = 2;

export function traceNames(lab: Lab): TraceNames {
  const nodes = new Map(lab.nodes.map((node) => [node.name, node]));
  const end = ({ node, nic }: LabEnd): { node: string; nic: string } => {
    const owner = lab.nodes[node];
    return { node: owner?.name ?? "", nic: owner?.nics[nic]?.name ?? "" };
  };
  return {
    links: new Map(lab.links.map(({ name, ends }) => [name, [end(ends[0]), end(ends[1])]])),
    device: (place, device) =>
      device === 1 ? "lo" : (nodes.get(place)?.nics[device - FIRST_NIC_INDEX]?.name ?? `device ${device}`),
  };
}
