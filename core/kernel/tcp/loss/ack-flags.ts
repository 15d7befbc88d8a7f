/**
 * What an acknowledgment turned out to do: bits that processAck collects on its way down (FLAG_* of Linux's
 * tcp_input.c, with its numbers), and what cleaning the retransmit queue and reading SACK blocks found out.
 */
export const FLAG = {
  /** The segment carries data, and more: see NOT_DUP. */
  DATA: 0x01,
  /** It changed the send window. */
  WIN_UPDATE: 0x02,
  /** It acknowledges data that had been sent once, or retransmitted. */
  DATA_ACKED: 0x04,
  RETRANS_DATA_ACKED: 0x08,
  /** It acknowledges a SYN. */
  SYN_ACKED: 0x10,
  /** It selectively acknowledges something new. */
  DATA_SACKED: 0x20,
  /** It carries an ECN echo. */
  ECE: 0x40,
  /** A retransmission was lost. */
  LOST_RETRANS: 0x80,
  /** The window update was not checked (receiveEstablished's slow path). */
  SLOWPATH: 0x100,
  /** It acknowledges data that was sent before the recovery began and never again. */
  ORIG_SACK_ACKED: 0x200,
  SND_UNA_ADVANCED: 0x400,
  /** It carries a duplicate SACK. */
  DSACKING_ACK: 0x800,
  /** The retransmission timer must be armed anew. */
  SET_XMIT_TIMER: 0x1000,
  /** The first unacknowledged segment was SACKed before: the receiver reneged. */
  SACK_RENEGING: 0x2000,
  UPDATE_TS_RECENT: 0x4000,
  /** May not answer an unexpected acknowledgment with a challenge. */
  NO_CHALLENGE_ACK: 0x8000,
  /** Probably a delayed ACK: its RTT is no measure of the path. */
  ACK_MAYBE_DELAYED: 0x10000,
  /** A duplicate SACK for a tail loss probe. */
  DSACK_TLP: 0x20000,
} as const;

export const FLAG_ACKED = FLAG.DATA_ACKED | FLAG.SYN_ACKED;
/** Such an ACK is no duplicate. */
export const FLAG_NOT_DUP = FLAG.DATA | FLAG.WIN_UPDATE | FLAG_ACKED;
/** Such an ACK may be the result of reordering or of a lost ACK only. */
export const FLAG_CA_ALERT = FLAG.DATA_SACKED | FLAG.ECE | FLAG.DSACKING_ACK;
export const FLAG_FORWARD_PROGRESS = FLAG_ACKED | FLAG.DATA_SACKED;

/** Whether and how fast the sender may go on (enum of tcp_xmit_recovery). */
export const REXMIT = { NONE: 0, LOST: 1, NEW: 2 } as const;
export type Rexmit = (typeof REXMIT)[keyof typeof REXMIT];
