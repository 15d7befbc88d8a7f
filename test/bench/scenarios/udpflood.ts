/**
 * One million 64-byte UDP datagrams over a chain of three links: host, two routers, host; profile `ideal`. The opponent
 * is ns3/udpflood.cc with the same numbers. Links are 1 Gbit/s and 10 us with 100-packet queues; a datagram every
 * 1,100 ns, because an Ethernet frame with preamble and gap takes 1,040 ns, where ns-3's PPP link takes 752.
 */
import { parseDuration, SECOND, type VirtualTime } from "../../../core/base/time.ts";
import { parseLab } from "../../../core/lab/parse.ts";
import { Session } from "../../../core/session/session.ts";
import { present } from "../../../core/base/assert.ts";
import { report } from "../report.ts";

const LAB = `
lastack: 1
name: udpflood
routing: auto
profile: ideal
defaults: { link: { rate: 1Gbps, delay: 10us, queue: 100 } }
nodes:
  a: { kind: host, addresses: { eth0: 10.0.0.1/24 } }
  r1: { kind: router, addresses: { eth0: 10.0.0.2/24, eth1: 10.0.1.1/24 } }
  r2: { kind: router, addresses: { eth0: 10.0.1.2/24, eth1: 10.0.2.1/24 } }
  b: { kind: host, addresses: { eth0: 10.0.2.2/24 } }
links:
  - { ends: ["a:eth0", "r1:eth0"] }
  - { ends: ["r1:eth1", "r2:eth0"] }
  - { ends: ["r2:eth1", "b:eth0"] }
`;

const packets = Number(process.argv[2] ?? 1_000_000);
const capture = process.argv[3] ?? null;
const gapNs = 1100;
