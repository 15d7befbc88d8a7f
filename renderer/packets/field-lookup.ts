/** From bytes to fields and back, and from one packet's fields to the next one's. */
import type { FieldView, LayerView } from "../../core/contract/api/packet-view.ts";

export interface ByteRange {
  readonly from: number;
  /** Behind the last one. */
  readonly to: number;
}

/** A line of the tree: a layer, or a field of one (by their indices). */
export interface TreeLine {
  readonly layer: number;
  /** -1 for the layer itself. */
  readonly field: number;
}

export function rangeOf(layers: readonly LayerView[], line: TreeLine | null): ByteRange | null {
  const layer = line === null ? undefined : layers[line.layer];
  if (layer === undefined || line === null) return null;
  const { from, to } = line.field < 0 ? layer : (layer.fields[line.field] ?? layer);
  return to > from ? { from, to } : null;
}

/** The narrowest field that holds the byte; the layer where no field does. */
export function lineAt(layers: readonly LayerView[], byte: number): TreeLine | null {
  let best: TreeLine | null = null;
  let size = Infinity;
  layers.forEach((layer, layerIndex) => {
    if (!holds(layer, byte)) return;
    // A layer without a field there is still better than nothing, and an inner layer better than an outer one.
    if (size > layer.to - layer.from || best?.field === -1) {
      best = { layer: layerIndex, field: -1 };
      size = Math.min(size, layer.to - layer.from);
    }
    layer.fields.forEach((field, fieldIndex) => {
      if (!holds(field, byte) || field.to - field.from > size) return;
      // Flags share their byte with the field of all flags, which comes first.
      if (field.to - field.from === size && best !== null && best.field >= 0) return;
      best = { layer: layerIndex, field: fieldIndex };
      size = field.to - field.from;
    });
  });
  return best;
}

/**
 * The line of another packet that stands for the same as `line` did: people compare.
 * A field by its name, a layer by its protocol (of several, the one as deep as before); a field that is not there
 * leaves its layer.
 */
export function sameLine(
  before: readonly LayerView[],
  line: TreeLine | null,
  now: readonly LayerView[],
): TreeLine | null {
  const old = line === null ? undefined : before[line.layer];
  if (line === null || old === undefined) return null;
  const depth = depthOf(before, line.layer);
  const peers = now.map((_, layer) => layer).filter((layer) => now[layer]?.protocol === old.protocol);
  const layer = peers[Math.min(depth, peers.length - 1)];
  if (layer === undefined) return null;
  const name = old.fields[line.field]?.name;
  return { layer, field: now[layer]?.fields.findIndex((field) => field.name === name) ?? -1 };
}

/** How many layers of the same protocol lie around this one, 0 for most. */
const depthOf = (layers: readonly LayerView[], at: number): number =>
  layers.slice(0, at).filter(({ protocol }) => protocol === layers[at]?.protocol).length;

const holds = (range: LayerView | FieldView, byte: number): boolean => range.from <= byte && byte < range.to;
