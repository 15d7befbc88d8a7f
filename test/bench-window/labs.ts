/** Labs that are hard on the window. */

export const HOSTS = 200;
const PER_SWITCH = 20;

/** Hosts on ten switches around a core switch; each sends to the one opposite. Long cables, so that packets pile up. */
export function crowdedLab(): string {
  const switches = Array.from({ length: HOSTS / PER_SWITCH }, (_, index) => `s${index}`);
  const place = (radius: number, turn: number): string =>
    `[${Math.round(Math.cos(turn) * radius)}, ${Math.round(Math.sin(turn) * radius)}]`;
  const hosts = Array.from({ length: HOSTS }, (_, index) => {
    const turn = (index / HOSTS) * 2 * Math.PI;
    const target = `h${(index + HOSTS / 2) % HOSTS}`;
    const at = place(2200 + (index % 2) * 200, turn);
    return `  h${index}: { kind: host, at: ${at}, run: ["udpsink 9 &", "udpblast -q -r 13 -t 60 ${target} 9"] }`;
  });
  return [
    "lastack: 1",
    "name: large",
    "duration: 60s",
    "defaults: { link: { rate: 100Mbps, delay: 100ms } }",
    "nodes:",
    `  core: { kind: switch, at: [0, 0] }`,
    ...switches.map(
      (name, index) =>
        `  ${name}: { kind: switch, at: ${place(1000, ((index + 0.5) / switches.length) * 2 * Math.PI)} }`,
    ),
    ...hosts,
    "links:",
    ...switches.map((name) => `  - { ends: [${name}, core] }`),
    ...hosts.map((_, index) => `  - { ends: [h${index}, s${Math.floor(index / PER_SWITCH)}] }`),
  ].join("\n");
}

/** What the packet list holds at most, and so what it scrolls through. */
export const ROWS = 1_000_000;

/** Short datagrams over two routers: each is listed six times, and the list is full. */
export function millionLab(): string {
  return `lastack: 1
name: a million packets
duration: 60s
routing: auto
profile: ideal
defaults: { link: { rate: 1Gbps, delay: 10us, queue: 100 } }
nodes:
  a: { kind: host, at: [0, 0], run: ["udpblast -q -r 500000 -n ${Math.ceil(ROWS / 6) + 2000} b 9"] }
  r1: { kind: router, at: [150, 0] }
  r2: { kind: router, at: [300, 0] }
  b: { kind: host, at: [450, 0], run: ["udpsink 9"] }
links:
  - { ends: [a, r1] }
  - { ends: [r1, r2] }
  - { ends: [r2, b] }
`;
}
