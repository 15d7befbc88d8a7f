/** What all machines of a run have counted, as text: two runs that should be the same can be compared by it. */
import type { Kernel } from "../../core/kernel/kernel.ts";
import type { Session } from "../../core/session/session.ts";

export const booksOf = (session: Session): string =>
  [...session.world.machines.values()]
    .map((machine) => (machine.power === "off" ? [machine.name, "off"] : [machine.name, ...bookOf(machine.kernel)]))
    .flat()
    .join("\n");

function bookOf(kernel: Kernel): string[] {
  const { core, cpus, nics, ip } = kernel;
  const groups = Object.entries(core.snmp).map(([group, counters]) => line(group, Object.entries(counters)));
  const processors = cpus.map((cpu) => {
    const { interrupts, softirqs, times } = cpu.snapshot();
    const { processed, dropped, timeSqueeze } = cpu.softnet;
    return `cpu${cpu.index} ${JSON.stringify({ interrupts, softirqs, times, processed, dropped, timeSqueeze })}`;
  });
  const cards = nics.map((nic) => {
    const { sentPackets, sentBytes, dropped, overlimits } = nic.transmit.qdisc.stats;
    const discipline = { sentPackets, sentBytes, dropped, overlimits };
    return line(nic.name, [...nic.statistics(), ...nic.ethtoolStatistics(), ...Object.entries(discipline)]);
  });
  const neighbours = ip.neighbours.list().map((neighbour) => `neighbour ${JSON.stringify(neighbour)}`);
  return [...groups, ...processors, ...cards, ...neighbours];
}

const line = (head: string, pairs: readonly (readonly [name: string, value: number])[]): string =>
  `${head} ${pairs.map(([name, value]) => `${name}=${value}`).join(" ")}`;
