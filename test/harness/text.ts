/** Texts for properties. */
import fc from "fast-check";

/** Of any code points but surrogates; fast-check's own unit "binary" has the same ones, and takes seconds to set up. */
export const anyText = (lengthMax = 20): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff })), {
      maxLength: lengthMax,
    })
    .map((codes) => String.fromCodePoint(...codes));
