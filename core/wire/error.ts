/** Why bytes are not what they should be: one closed set for all codecs, with the text a person reads. */

export type WireError = "truncated" | "bad-length" | "bad-version" | "bad-header-length" | "bad-option" | "unsupported";

export const WIRE_ERRORS: Readonly<Record<WireError, string>> = {
  truncated: "the bytes end before the header does",
  "bad-length": "a length field contradicts the bytes",
  "bad-version": "the version is not 4",
  "bad-header-length": "the header length is below its minimum",
  "bad-option": "an option's length does not fit",
  unsupported: "a kind this codec does not read",
};
