/** Commands from outside: looked over when they come, applied when their turn is. */
import { utf8Encode } from "../base/bytes.ts";
import type { Command } from "../contract/command.ts";
import { isMachine } from "./routing.ts";
import { TIMELINE_CONSOLES } from "./checks.ts";
import type { World } from "./world.ts";

/** Why the command cannot be applied now, or null. */
export function commandProblem(world: World, command: Command): string | null {
  switch (command.kind) {
    case "exec":
    case "shell": {
      const { console } = command;
      if (!Number.isInteger(console) || console < 0 || console >= TIMELINE_CONSOLES) {
        return `no console number: ${console}`;
      }
      if (world.console(console) !== null) return `console ${console} is taken`;
      return hostProblem(world, command.node);
    }
    case "input":
      return world.console(command.console)?.endedAt === null ? null : `console ${command.console} is not open`;
    case "link":
    case "link-set":
      return linkProblem(world, command);
    case "node":
      return world.nodeIndex(command.node) === null ? `there is no node ${command.node}` : null;
  }
}

function linkProblem(
  world: World,
  { kind, link: name }: Extract<Command, { kind: "link" | "link-set" }>,
): string | null {
  const link = world.link(name);
  if (link === null) {
    const isLaid = world.lab.links.some((candidate) => candidate.name === name);
    return isLaid ? `${name} joins two hubs: it is part of one medium` : `there is no link ${name}`;
  }
  if (kind === "link" || link.hasSettings) return null;
  return `${name} is a cable of a hub: all of them are one medium, which has no settings`;
}

function hostProblem(world: World, name: string): string | null {
  const node = world.node(name);
  if (node === null) return `there is no node ${name}`;
  return isMachine(node) ? null : `${name} is a ${node.kind}: it runs no commands`;
}

/** @throws AssertionError on what `commandProblem` would have refused. */
export function applyCommand(world: World, command: Command): void {
  switch (command.kind) {
    case "exec":
    case "shell":
      world.exec(
        world.nodeIndex(command.node) ?? -1,
        command.kind === "exec" ? command.command : null,
        command.console,
      );
      return;
    case "input": {
      const console = world.console(command.console);
      if (console === null) return;
      world.machine(world.nodeIndex(console.node) ?? -1).input(console, utf8Encode(command.text));
      return;
    }
    case "link":
      world.note(command.link, command.action);
      world.link(command.link)?.setUp(command.action === "up", command.direction ?? "both");
      world.topologyChanged();
      return;
    case "link-set":
      world.note(command.link, "set");
      world.link(command.link)?.configure(command.forward, command.backward);
      return;
    case "node":
      world.note(command.node, command.action);
      world.setNode(world.nodeIndex(command.node) ?? -1, command.action);
      return;
  }
}
