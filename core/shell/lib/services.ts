/**
 * Names of ports and protocols, as /etc/services and /etc/protocols of a fresh machine have them: the few in use here.
 */

const PORTS = new Map<number, string>([
  [7, "echo"],
  [9, "discard"],
  [13, "daytime"],
  [19, "chargen"],
  [20, "ftp-data"],
  [21, "ftp"],
  [22, "ssh"],
  [23, "telnet"],
  [25, "smtp"],
  [37, "time"],
  [53, "domain"],
  [67, "bootps"],
  [68, "bootpc"],
  [69, "tftp"],
  [79, "finger"],
  [80, "http"],
  [110, "pop3"],
  [111, "sunrpc"],
  [123, "ntp"],
  [143, "imap2"],
  [179, "bgp"],
  [389, "ldap"],
  [443, "https"],
  [514, "syslog"],
  [520, "route"],
  [2049, "nfs"],
  [5353, "mdns"],
  [8080, "http-alt"],
]);
const PORT_NUMBERS = new Map([...PORTS].map(([port, name]) => [name, port]));

const PROTOCOLS = new Map<number, string>([
  [1, "icmp"],
  [2, "igmp"],
  [6, "tcp"],
  [17, "udp"],
  [89, "ospf"],
]);

/** `http` for 80; the number for one without a name. */
export const portName = (port: number): string => PORTS.get(port) ?? String(port);

/** 80 for `http` and for `80`; null for what is neither. */
export function parsePortName(text: string): number | null {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 65_535 ? Number(text) : null;
  return PORT_NUMBERS.get(text) ?? null;
}

export const protocolName = (protocol: number): string => PROTOCOLS.get(protocol) ?? String(protocol);
