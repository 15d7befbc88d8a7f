/** Numbers of the pcapng format (draft-ietf-opsawg-pcapng): block types, option codes, record types. */

export const BLOCK = {
  SECTION: 0x0a0d0d0a,
  INTERFACE: 1,
  /** Obsolete since 2004, still found. */
  PACKET: 2,
  SIMPLE_PACKET: 3,
  NAMES: 4,
  STATISTICS: 5,
  ENHANCED_PACKET: 6,
} as const;
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length and length again: the least a block can be. */
export const BLOCK_BYTES_MIN = 12;

export const OPTION = { END: 0, COMMENT: 1 } as const;
export const SECTION_OPTION = { HARDWARE: 2, OS: 3, APPLICATION: 4 } as const;
export const INTERFACE_OPTION = {
  NAME: 2,
  DESCRIPTION: 3,
  IPV4: 4,
  MAC: 6,
  SPEED: 8,
  RESOLUTION: 9,
  FCS_BYTES: 13,
  TIME_OFFSET: 14,
} as const;
export const PACKET_OPTION = { FLAGS: 2, DROP_COUNT: 4, PACKET_ID: 5, QUEUE: 6 } as const;
export const STATISTICS_OPTION = { RECEIVED: 4, DROPPED: 5, OS_DROPPED: 7, DELIVERED: 8 } as const;
export const NAME_RECORD = { END: 0, IPV4: 1 } as const;

/** Bits of the packet flags word. */
export const PACKET_FLAGS = { DIRECTION: 3, IN: 1, OUT: 2, CRC_ERROR: 0x01000000 } as const;
