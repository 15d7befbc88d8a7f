/** Every fault there is, as lines of a lab file, begun at one second and mended at another. */

export interface FaultPlan {
  readonly name: string;
  /** Top-level sections: fault rules, a schedule. */
  sections(from: number, until: number): string[];
  /** Entries of the timeline. */
  timeline(from: number, until: number): string[];
  /** It can be put on a cable to a hub as well. */
  readonly onHub?: boolean;
  /** The echoes that cross it need not come back any differently. */
  readonly unseen?: boolean;
}

const NO_SECTIONS = (): string[] => [];
const NO_TIMELINE = (): string[] => [];

/** Settings that are changed, and what they were. */
const SETTINGS: readonly (readonly [name: string, during: string, after: string])[] = [
  ["loss", "loss: 40%", "loss: 0%"],
  ["burst loss", "loss: { gilbert-elliott: { p: 20%, r: 30% } }", "loss: 0%"],
  ["delay", "delay: 23ms", "delay: 1ms"],
  ["delay above the gap", "delay: 200ms", "delay: 1ms"],
  ["uniform jitter", "jitter: { spread: 900us, distribution: uniform }", "jitter: 0s"],
  ["normal jitter", "jitter: { spread: 500us, distribution: normal }", "jitter: 0s"],
  ["Pareto jitter", "jitter: { spread: 500us, distribution: pareto }", "jitter: 0s"],
  ["duplicates", "duplicate: 50%", "duplicate: 0%"],
  ["reordering", "reorder: 40%, delay: 150ms", "reorder: 0%, delay: 1ms"],
  ["corruption", "corrupt: 40%", "corrupt: 0%"],
  ["bit errors", "bit-error-rate: 0.00005", "bit-error-rate: 0"],
  ["MTU", "mtu: 576", "mtu: 1500"],
  ["rate", "rate: 64kbps", "rate: 100Mbps"],
];

const RULES: readonly (readonly [name: string, verdict: string])[] = [
  ["drop", "drop"],
  ["delay", "{ delay: 17ms }"],
  ["duplicate", "duplicate"],
  ["corrupt", "corrupt"],
];

const rule = (on: string, verdict: string, window: { from: number; until: number }): string[] => [
  "faults:",
  `  - { on: "${on}", verdict: ${verdict}, probability: 60%, from: ${window.from}s, until: ${window.until}s }`,
];

/** Every setting meets every way on some link of every kind. */
const WAYS = ["", "forward", "backward"] as const;

/** By the name of a link; settings take turns at which way they change. */
export const LINK_FAULTS: readonly ((link: string, turn: number) => FaultPlan)[] = [
  (link) => ({
    name: `${link} unplugged`,
    sections: NO_SECTIONS,
    timeline: (from, until) => [
      `{ at: ${from}s, link: ${link}, do: down }`,
      `{ at: ${until}s, link: ${link}, do: up }`,
    ],
    onHub: true,
  }),
  ...SETTINGS.map(([name, during, after], index) => (link: string, turn: number): FaultPlan => {
    const way = WAYS[(turn + index) % WAYS.length] ?? "";
    return {
      name: `${name} on ${link} ${way}`.trim(),
      sections: NO_SECTIONS,
      timeline: (from, until) =>
        [
          { at: from, set: during },
          { at: until, set: after },
        ].map(({ at, set }) => {
          const settings = way === "" ? set : `${way}: { ${set} }`;
          return `{ at: ${at}s, link: ${link}, do: { set: { ${settings} } } }`;
        }),
    };
  }),
  ...RULES.map(([name, verdict]) => (link: string): FaultPlan => ({
    name: `a rule to ${name} on ${link}`,
    sections: (from, until) => rule(link, verdict, { from, until }),
    timeline: NO_TIMELINE,
    onHub: true,
  })),
];

/** By the name of a node. */
export const NODE_FAULTS: readonly ((node: string) => FaultPlan)[] = [
  ...[
    ["crash", "reboot"],
    ["pause", "resume"],
  ].map(([begin, end]) => (node: string): FaultPlan => ({
    name: `${begin ?? ""} of ${node}`,
    sections: NO_SECTIONS,
    timeline: (from, until) => [
      `{ at: ${from}s, node: ${node}, do: ${begin ?? ""} }`,
      `{ at: ${until}s, node: ${node}, do: ${end ?? ""} }`,
    ],
  })),
  (node) => ({
    name: `reboot of ${node}`,
    sections: NO_SECTIONS,
    timeline: (from) => [`{ at: ${from}s, node: ${node}, do: reboot }`],
    // It is over at once, between two echoes.
    unseen: true,
  }),
  ...RULES.map(([name, verdict]) => (node: string): FaultPlan => ({
    name: `a rule to ${name} on ${node}`,
    sections: (from, until) => rule(node, verdict, { from, until }),
    timeline: NO_TIMELINE,
  })),
];

/** Drawn by the lab's schedule, anywhere. */
export const RANDOM_FAULTS: readonly FaultPlan[] = [
  ...["link-down", "loss", "delay", "duplicate", "reorder", "corrupt", "partition", "crash", "reboot", "pause"].map(
    (kind): FaultPlan => ({
      name: `scheduled ${kind}`,
      sections: (from, until) => schedule(`[${kind}]`, from, until),
      timeline: NO_TIMELINE,
      unseen: true,
    }),
  ),
  {
    name: "scheduled everything",
    sections: (from, until) =>
      schedule("[link-down, loss, delay, duplicate, reorder, corrupt, partition, crash, reboot, pause]", from, until),
    timeline: NO_TIMELINE,
    unseen: true,
  },
];

const schedule = (kinds: string, from: number, until: number): string[] => [
  `schedule: { seed: 3, from: ${from}s, until: ${until}s, mean-gap: 150ms, mean-length: 300ms, ` +
    `kinds: ${kinds}, heal: true }`,
];
