/** Whether a display filter lets a packet through. */
import type { DissectedPacket } from "../dissect.ts";
import type { CompareOperator, Filter } from "./parse.ts";
import { compareFilterValue, numberOf, type FilterValue } from "./value.ts";

/** The frame's own fields, as `FRAME_FIELDS` names them. */
export type FrameFacts = ReadonlyMap<string, number | string>;

export function matchesFilter(filter: Filter, packet: DissectedPacket, frame: FrameFacts): boolean {
  switch (filter.kind) {
    case "all":
      return true;
    case "and":
      return matchesFilter(filter.left, packet, frame) && matchesFilter(filter.right, packet, frame);
    case "or":
      return matchesFilter(filter.left, packet, frame) || matchesFilter(filter.right, packet, frame);
    case "xor":
      return matchesFilter(filter.left, packet, frame) !== matchesFilter(filter.right, packet, frame);
    case "not":
      return !matchesFilter(filter.of, packet, frame);
    case "protocol":
      return packet.layers.some((layer) => layer.protocol === filter.protocol);
    case "present": {
      const { mask } = filter;
      const values = valuesOf(filter.fields, packet, frame);
      return values.some((value) => mask === null || masked(value, mask) !== 0);
    }
    case "compare":
      return matchesCompare(filter, valuesOf(filter.fields, packet, frame));
    case "in":
      return valuesOf(filter.fields, packet, frame).some((value) =>
        filter.ranges.some(([from, to]) => holds(value, ">=", from) && holds(value, "<=", to)),
      );
  }
}

function matchesCompare(filter: Extract<Filter, { kind: "compare" }>, fields: readonly (number | string)[]): boolean {
  const { mask, operator, value } = filter;
  const values = mask === null ? fields : fields.map((field) => masked(field, mask));
  if (values.length === 0) return false;
  if (operator === "!=") return values.every((field) => holds(field, "~=", value));
  if (operator === "===") return values.every((field) => holds(field, "==", value));
  return values.some((field) => holds(field, operator, value));
}

const masked = (value: number | string, mask: number): number => (numberOf(value) & mask) >>> 0;

function holds(field: number | string, operator: CompareOperator, value: FilterValue): boolean {
  if (operator === "contains") return String(field).includes(value.text);
  const order = compareFilterValue(field, value);
  if (order === null) return operator === "!=" || operator === "~=";
  switch (operator) {
    case "==":
    case "===":
      return order === 0;
    case "!=":
    case "~=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function valuesOf(names: readonly string[], packet: DissectedPacket, frame: FrameFacts): (number | string)[] {
  const values: (number | string)[] = [];
  for (const name of names) {
    const own = frame.get(name);
    if (own !== undefined) values.push(own);
  }
  if (names[0]?.startsWith("frame.") === true) return values;
  for (const layer of packet.layers) {
    for (const field of layer.fields) if (names.includes(field.name)) values.push(field.value);
  }
  return values;
}
