/**
 * Bounds of what a lab file may ask for, so that no file can stall or exhaust the reader. Reaching one is a problem
 * with a code.
 */
export const LAB_LIMITS = {
  /** UTF-16 units. A 20,000-node lab in flow style has about 2 Mi; checked before anything is parsed. */
  fileCharactersMax: 4 * 1024 * 1024,
  /** Same, for files that need the full YAML reader (anchors, tags, folded text): it takes about 10 us a character. */
  fullYamlCharactersMax: 128 * 1024,
  /** Levels of maps and lists. The schema needs 7; the readers recurse once per level. */
  depthMax: 32,
  /** Values in a file once aliases are expanded; a bomb has billions. */
  valuesMax: 2_000_000,
  /** YAML's own bound for a key that is not marked by `?`. */
  keyCharactersMax: 1024,
  nodesMax: 20_000,
  linksMax: 100_000,
  nicsPerNodeMax: 4096,
  addressesPerNicMax: 64,
  routesPerNodeMax: 10_000,
  sysctlsPerNodeMax: 1_000,
  filesPerNodeMax: 1_000,
  commandsPerNodeMax: 1_000,
  programsPerNodeMax: 100,
  /** Arguments of one program. */
  argumentsMax: 256,
  faultsMax: 1_000,
  timelineMax: 100_000,
  checksMax: 10_000,
  measurementsMax: 100,
  /** Columns of one table. */
  measureColumnsMax: 100,
  /** Rows of one table: a sample is an event of the run. */
  measureRowsMax: 100_000,
  /** Host names by RFC 1035, section 2.3.4. */
  nameCharactersMax: 63,
  /** IFNAMSIZ less the terminating zero (Linux, include/uapi/linux/if.h). */
  nicNameCharactersMax: 15,
  /** A title, a command, a pattern. */
  lineCharactersMax: 4096,
  /** A guide or a file of a host. */
  textCharactersMax: 1024 * 1024,
  /** Longest propagation delay or jitter: an hour, in ns. Light needs 1.3 s to the Moon. */
  delayNsMax: 3600 * 1_000_000_000,
  /** 10 Tbit/s: above it a byte takes less than 1 ns. */
  rateBpsMax: 10_000_000_000_000,
  /** Smallest MTU that IPv4 allows (RFC 791, section 3.2), and Linux's largest for an Ethernet device. */
  mtuBytesMin: 68,
  mtuBytesMax: 65_535,
  queueFramesMax: 1_000_000,
  ringDescriptorsMax: 65_536,
  cpusMax: 64,
  switchTableMax: 1_000_000,
  costMax: 1_000_000_000,
  /** Problems told at once; the rest is counted in a last one. */
  problemsMax: 100,
  /** Segments above which cables between two machines get a /30, because 10.0.0.0/8 has 65,536 networks of /24. */
  wideSegmentsMax: 30_000,
} as const;
