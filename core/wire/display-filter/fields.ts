/**
 * Names that a display filter may use: the protocols and fields that the dissector shows, and Wireshark's names for
 * "the source or the destination". Kept as a list, so that a misspelt name is an error and not a filter that matches
 * nothing; a test holds it against what the dissector gives.
 */
import type { LayerProtocol } from "../dissect-layers.ts";

export const FILTER_PROTOCOLS: readonly LayerProtocol[] = [
  "eth",
  "vlan",
  "null",
  "sll",
  "arp",
  "ip",
  "icmp",
  "udp",
  "tcp",
  "data",
];

/** A name that stands for several fields. */
export const FILTER_ALIASES: ReadonlyMap<string, readonly string[]> = new Map([
  ["eth.addr", ["eth.src", "eth.dst"]],
  ["ip.addr", ["ip.src", "ip.dst"]],
  ["ip.host", ["ip.src", "ip.dst"]],
  ["tcp.port", ["tcp.srcport", "tcp.dstport"]],
  ["udp.port", ["udp.srcport", "udp.dstport"]],
]);

/** Of the frame itself: not in its bytes. */
export const FRAME_FIELDS = ["frame.number", "frame.len"] as const;

const words = (text: string): string[] => text.trim().split(/\s+/);

export const FILTER_FIELDS: ReadonlySet<string> = new Set([
  ...FRAME_FIELDS,
  ...words(`
    eth.dst eth.src eth.type eth.len eth.padding eth.trailer
    vlan.priority vlan.dei vlan.id vlan.etype
    null.family sll.pkttype sll.hatype sll.halen sll.src.eth sll.etype
    arp.hw.type arp.proto.type arp.hw.size arp.proto.size arp.opcode
    arp.src.hw_mac arp.src.proto_ipv4 arp.dst.hw_mac arp.dst.proto_ipv4
    ip.version ip.hdr_len ip.dsfield.dscp ip.dsfield.ecn ip.len ip.id ip.flags.rb ip.flags.df ip.flags.mf
    ip.frag_offset ip.ttl ip.proto ip.checksum ip.checksum.status ip.src ip.dst ip.opt.type ip.options.routers
    icmp.type icmp.code icmp.checksum icmp.checksum.status icmp.ident icmp.seq icmp.ext.echo.seq icmp.mtu
    icmp.redir_gw icmp.pointer icmp.length icmp.address_mask
    icmp.originate_timestamp icmp.receive_timestamp icmp.transmit_timestamp
    udp.srcport udp.dstport udp.length udp.checksum udp.checksum.status
    tcp.srcport tcp.dstport tcp.seq_raw tcp.ack_raw tcp.hdr_len tcp.flags
    tcp.flags.ae tcp.flags.cwr tcp.flags.ece tcp.flags.urg tcp.flags.ack tcp.flags.push tcp.flags.reset tcp.flags.syn
    tcp.flags.fin tcp.window_size_value tcp.checksum tcp.checksum.status tcp.urgent_pointer
    tcp.options.nop tcp.options.mss_val tcp.options.wscale.shift tcp.options.sack_perm tcp.options.sack
    tcp.options.timestamp tcp.options.tfo tcp.options.unknown tcp.option_kind
    data.data`),
]);
