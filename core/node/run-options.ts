/** The options of `lastack run`, checked: what is wrong with them is said before anything is written. */
import { parseDuration } from "../base/time.ts";
import type { CaptureInterface } from "../contract/capture.ts";
import type { JournalEntry } from "../contract/command.ts";
import type { Lab } from "../lab/model.ts";
import { suggest } from "../lab/nearest.ts";
import { CliFailure, EXIT } from "./exit-codes.ts";

/** As commander hands them over. */
export interface RunOptions {
  readonly until?: number;
  readonly seed?: number;
  readonly exec?: readonly string[];
  readonly pcap?: string;
  readonly capture?: readonly string[];
  readonly trace?: string;
  readonly csv?: string;
  readonly packet?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `host: command`; the host's name ends at the first colon. @throws CliFailure for an unknown host. */
export function execEntries(lab: Lab, texts: readonly string[] = []): JournalEntry[] {
  return texts.map((text, index) => {
    const colon = text.indexOf(":");
    const command = text.slice(colon + 1).trim();
    if (colon < 0 || command === "") {
      throw new CliFailure(EXIT.usage, `--exec '${text}': expected 'host: command', such as 'h1: ping -c 3 h2'`);
    }
    const node = hostNamed(lab, text.slice(0, colon).trim());
    return { at: 0, events: 0, command: { kind: "exec", node, command, console: index + 1 } };
  });
}

/** @throws CliFailure unless it is a host or router of the lab. */
export function hostNamed(lab: Lab, name: string): string {
  const hosts = lab.nodes.filter(({ kind }) => kind === "host" || kind === "router").map((node) => node.name);
  if (hosts.includes(name)) return name;
  const isNode = lab.nodes.some((node) => node.name === name);
  const what = isNode ? `${name} is a switch or hub, which runs no commands` : `no host ${name} in this lab`;
  throw new CliFailure(EXIT.usage, [what, suggest(name, hosts)].filter((part) => part !== "").join("; "));
}

/** Indexes of the interfaces to capture: those named, or all. @throws CliFailure for an unknown one. */
export function selectedInterfaces(all: readonly CaptureInterface[], wanted: readonly string[] = []): number[] {
  if (wanted.length === 0) return all.map((_, index) => index);
  const selected = new Set<number>();
  for (const text of wanted) {
    const found = all.flatMap(({ name, node }, index) => (name === text || node === text ? [index] : []));
    if (found.length === 0) {
      const hint = suggest(text, [...all.map(({ name }) => name), ...new Set(all.map(({ node }) => node))]);
      const what = `--capture ${text}: no such interface; expected host:nic, such as h1:eth0, or a host for all of its`;
      throw new CliFailure(EXIT.usage, hint === "" ? what : `${what}; ${hint}`);
    }
    for (const index of found) selected.add(index);
  }
  return [...selected].sort((a, b) => a - b);
}

/** For commander, as the three below: reads an option's argument, or says what it should have been. */
type OptionReader = (text: string) => number;

/** A duration such as 10s, in ns. @throws CliFailure */
export function durationOption(option: string): OptionReader {
  return (text) => {
    const span = parseDuration(text);
    if (!span.ok) throw new CliFailure(EXIT.usage, `${option} ${text}: expected ${span.error}`);
    return span.value;
  };
}

/** A whole number of at least 0. @throws CliFailure */
export function wholeOption(option: string): OptionReader {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    const range = `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`;
    throw new CliFailure(EXIT.usage, `${option} ${text}: expected ${range}`);
  };
}

/** How many times faster than the wall clock. @throws CliFailure */
export function speedOption(option: string): OptionReader {
  return (text) => {
    const value = Number(text);
    if (value > 0 && value <= 1e6) return value;
    throw new CliFailure(EXIT.usage, `${option} ${text}: expected a factor such as 0.5 or 10`);
  };
}

/** For commander: an option that may be given again. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
