/** How protocols look: always a letter besides the colour, since colour alone says nothing to many. */
import type { FlightProtocol } from "../../core/contract/api/run-view.ts";

interface ProtocolLook {
  readonly letter: string;
  readonly title: string;
  /** Token of tokens.css. */
  readonly color: string;
}

export const PROTOCOL_LOOKS: Readonly<Record<FlightProtocol, ProtocolLook>> = {
  other: { letter: "?", title: "other", color: "proto-other" },
  arp: { letter: "A", title: "ARP", color: "proto-arp" },
  icmp: { letter: "I", title: "ICMP", color: "proto-icmp" },
  udp: { letter: "U", title: "UDP", color: "proto-udp" },
  tcp: { letter: "T", title: "TCP without data", color: "proto-tcp" },
  "tcp-syn": { letter: "S", title: "TCP SYN", color: "proto-tcp-syn" },
  "tcp-fin": { letter: "F", title: "TCP FIN", color: "proto-tcp-fin" },
  "tcp-rst": { letter: "R", title: "TCP RST", color: "proto-tcp-rst" },
  "tcp-data": { letter: "D", title: "TCP data", color: "proto-tcp-data" },
};
