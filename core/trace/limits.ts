/** Bounds of the exporters. Reaching one is counted or shown, never silent. */
export const TRACE_LIMITS = {
  /** Bytes of capture gathered before they are handed on: large enough that a system call costs nothing per frame. */
  captureChunkBytes: 256 * 1024,
  /** Characters of JSON gathered before they are handed on, for the same reason. */
  jsonChunkCharacters: 64 * 1024,
  /** Frames on a wire of which an arrow may still be drawn; at the limit the oldest one loses its arrow. */
  flowsMax: 65_536,
  /** Slices open at once on one track: a context nests two or three deep, so more is a trace that lost its ends. */
  openSlicesMax: 64,
  /** Events of one packet's journey: a broadcast storm would fill the memory with a single one. */
  journeyEventsMax: 10_000,
  /** Steps up from an event to its causes. */
  causesMax: 256,
} as const;
