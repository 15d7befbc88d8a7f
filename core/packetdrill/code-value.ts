/** Values of the code in scripts, with Python's notions of truth, equality and text. */
export type CodeValue = number | string | boolean | null | readonly CodeValue[];

export function isTrue(value: CodeValue): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

export function isEqual(left: CodeValue, right: CodeValue): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length && left.every((item: CodeValue, index) => isEqual(item, right[index] as CodeValue))
    );
  }
  const plain = (value: CodeValue): CodeValue => (typeof value === "boolean" ? Number(value) : value);
  return plain(left) === plain(right);
}

/** As Python's str(). */
export function codeText(value: CodeValue): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  return Array.isArray(value) ? `(${value.map(codeText).join(", ")})` : String(value);
}
