/** Ways from a host `a` to a host `b` on which every pair of kinds of neighbours occurs. */

export interface PathPlan {
  readonly name: string;
  /** Lines of the lab file. */
  readonly nodes: readonly string[];
  readonly links: readonly string[];
  readonly names: readonly string[];
  /** Links of their own, and links that are part of a hub's medium. */
  readonly cables: readonly string[];
  readonly drops: readonly string[];
  readonly address: { readonly a: string; readonly b: string };
}

const KINDS = { r: "router", s: "switch", u: "hub" } as const;
type Letter = keyof typeof KINDS;

/** @param middle one letter a node: router, switch or hub. */
function path(middle: string): PathPlan {
  const letters = [...middle] as Letter[];
  const inner = letters.map((letter, index) => `${letter}${index}`);
  const names = ["a", ...inner, "b"];
  const isHub = (name: string): boolean => name.startsWith("u");
  const links = names.slice(1).map((name, index) => {
    const before = names[index] ?? "";
    const hub = isHub(before) || isHub(name);
    return { name: `${before}-${name}`, hub, between: isHub(before) && isHub(name) };
  });
  const kindOf = (name: string): string => (name === "a" || name === "b" ? "host" : KINDS[name[0] as Letter]);
  const routers = letters.filter((letter) => letter === "r").length;
  const address = { a: "10.0.0.1", b: `10.0.${routers}.2` };
  const nodes = names.map((name) => {
    if (name === "a" || name === "b") return `${name}: { kind: host, addresses: { eth0: ${address[name]}/24 } }`;
    if (kindOf(name) !== "router") return `${name}: { kind: ${kindOf(name)} }`;
    const index = inner.slice(0, inner.indexOf(name)).filter((other) => other.startsWith("r")).length;
    return `${name}: { kind: router, addresses: { eth0: 10.0.${index}.2/24, eth1: 10.0.${index + 1}.1/24 } }`;
  });
  return {
    name: names.map(kindOf).join(" - "),
    nodes,
    names,
    links: links.map(({ name, hub }) => {
      const ends = name.split("-");
      const quality = hub ? "delay: 2us" : "rate: 100Mbps, delay: 1ms";
      return `{ name: ${name}, ends: [${ends.join(", ")}], ${quality} }`;
    }),
    cables: links.filter(({ hub }) => !hub).map(({ name }) => name),
    // A cable between two hubs has no life of its own: it is length of the medium.
    drops: links.filter(({ hub, between }) => hub && !between).map(({ name }) => name),
    address,
  };
}

export const PATHS: readonly PathPlan[] = ["", "s", "u", "r", "rr", "ss", "uu", "su", "rs", "ru", "srs"].map(path);
