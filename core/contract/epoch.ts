/**
 * The date of virtual time 0 wherever a date is needed: on captures and on the machines' clocks. A run has no date; a
 * fixed one keeps two runs equal byte for byte, and this one is easy to recognise as not meant.
 */
import { SECOND } from "../base/time.ts";

/** 2000-01-01T00:00:00Z, in seconds since 1970. */
export const EPOCH_SECONDS = 946_684_800;
/** The same in ns; a multiple of 2^18, so exact in a double. */
export const EPOCH_NS = EPOCH_SECONDS * SECOND;
