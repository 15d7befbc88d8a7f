/** Bounds of what codecs and capture files may ask of us. Reaching one is reported as a problem or a layer's error. */

/** Bytes of one pcapng block: Wireshark refuses more, and a hostile length must not decide how much we keep. */
export const CAPTURE_BLOCK_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes of one captured packet: the largest snapshot length libpcap grants (MAXIMUM_SNAPLEN). */
export const CAPTURE_PACKET_BYTES_MAX = 262_144;
/** Interfaces of one capture file: a lab has far fewer, and a file of empty interface blocks must end somewhere. */
export const CAPTURE_INTERFACES_MAX = 65_536;
/** Layers of one dissected packet: tunnels and quoted packets nest, and a crafted frame nests without end. */
export const DISSECT_LAYERS_MAX = 24;
/** VLAN tags in a row before the rest is shown as data. */
export const VLAN_TAGS_MAX = 8;
/** Flows whose first sequence numbers the text printer remembers; at the limit the oldest goes. */
export const PRINTER_FLOWS_MAX = 4096;
