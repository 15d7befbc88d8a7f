/** Bounds of the command line. Reaching one is said. */
export const NODE_LIMITS = {
  /** A lab file or map to import: four bytes for each character the lab reader takes. Checked before reading. */
  textFileBytesMax: 16 * 1024 * 1024,
  /** Events between two looks at signals and the screen: about 20 ms of work. */
  eventsPerSlice: 20_000,
  /** Characters of an unfinished line of one console: longer ones are printed in pieces. */
  lineCharactersMax: 4096,
  /** Links in the picture of a topology before it says how many more there are. */
  pictureLinksMax: 24,
  /** Rows of a measured table on the terminal: the CSV has them all. */
  measurementRowsMax: 40,
  /** Lines of the summary that list drops: the JSON report has them all. */
  dropLinesMax: 20,
} as const;
