/**
 * The account of a world's frames and packets. Whatever was sent was delivered, dropped for a named reason, or is under
 * way; whatever packet memory is handed out is in a queue that knows of it. What does not add up is a bug of ours.
 */
import type { Conservation } from "../contract/run-report.ts";
import type { World } from "./world.ts";

export function conservationOf(world: World): Conservation {
  const problems: string[] = [];
  const tryCheck = (name: string, check: () => void): void => {
    try {
      check();
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const frames = { sent: 0, copies: 0, delivered: 0, dropped: 0, inFlight: 0 };
  for (const link of world.wiring.links) {
    if (link === null) continue;
    tryCheck(link.lab.name, () => link.checkInvariants());
    const tally = link.tally();
    for (const key of ["sent", "copies", "delivered", "dropped", "inFlight"] as const) frames[key] += tally[key];
  }
  if (frames.sent + frames.copies !== frames.delivered + frames.dropped + frames.inFlight) {
    problems.push("links: frames sent and copied are not those delivered, dropped or in flight");
  }
  for (const node of world.wiring.switches.values()) tryCheck(node.name, () => node.checkInvariants());
  for (const hub of new Set(world.wiring.hubs.values())) tryCheck(hub.name, () => hub.checkInvariants());
  let queued = 0;
  const drops: Conservation["drops"][number][] = [];
  for (const machine of world.machines.values()) {
    tryCheck(machine.name, () => machine.checkInvariants());
    queued += machine.queuedPackets();
    for (const [reason, count] of machine.drops()) drops.push({ place: machine.name, reason, count });
  }
  drops.push(...world.fabric.drops.entries());
  const outstanding = world.skbs.outstanding;
  if (queued !== outstanding) problems.push(`${outstanding} sk_buffs are in use, but queues hold ${queued}`);
  return { frames, packets: { queued, outstanding }, drops, problems };
}
