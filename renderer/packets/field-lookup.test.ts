import { describe, expect, it } from "vitest";
import type { FieldView, LayerView } from "../../core/contract/api/packet-view.ts";
import { lineAt, rangeOf, sameLine } from "./field-lookup.ts";

const field = (name: string, from: number, to: number): FieldView => ({
  name,
  label: name,
  value: "",
  from,
  to,
  error: "",
});
const layer = (protocol: string, from: number, to: number, fields: FieldView[]): LayerView => ({
  ...{ protocol, summary: protocol, from, to, fields, error: "" },
});

const LAYERS = [
  layer("eth", 0, 14, [field("dst", 0, 6), field("src", 6, 12), field("type", 12, 14)]),
  layer("ip", 14, 34, [
    field("version", 14, 15),
    field("flags", 20, 22),
    field("df", 20, 22),
    field("computed", 34, 34),
  ]),
  layer("tcp", 34, 54, [field("port", 34, 36)]),
];

describe("bytes and fields", () => {
  it("lead to each other", () => {
    expect(lineAt(LAYERS, 7)).toEqual({ layer: 0, field: 1 });
    expect(rangeOf(LAYERS, { layer: 0, field: 1 })).toEqual({ from: 6, to: 12 });
    expect(rangeOf(LAYERS, { layer: 2, field: -1 })).toEqual({ from: 34, to: 54 });
  });

  it("where fields share bytes, the first of them counts", () => {
    expect(lineAt(LAYERS, 21)).toEqual({ layer: 1, field: 1 });
  });

  it("a byte without a field leads to its layer, one beyond the layers nowhere", () => {
    expect(lineAt(LAYERS, 50)).toEqual({ layer: 2, field: -1 });
    expect(lineAt(LAYERS, 60)).toBeNull();
    expect(rangeOf(LAYERS, { layer: 1, field: 3 })).toBeNull();
    expect(rangeOf(LAYERS, null)).toBeNull();
  });
});

describe("what is chosen in the next packet", () => {
  const TAGGED = [layer("eth", 0, 14, [field("src", 6, 12)]), layer("vlan", 14, 18, []), ...LAYERS.slice(1)];

  it("is the same layer or field, wherever it stands", () => {
    expect(sameLine(LAYERS, { layer: 0, field: 1 }, TAGGED)).toEqual({ layer: 0, field: 0 });
    expect(sameLine(LAYERS, { layer: 1, field: 0 }, TAGGED)).toEqual({ layer: 2, field: 0 });
    expect(sameLine(LAYERS, { layer: 2, field: -1 }, TAGGED)).toEqual({ layer: 3, field: -1 });
  });

  it("is the layer where the field is missing, and nothing where the layer is", () => {
    expect(sameLine(LAYERS, { layer: 0, field: 0 }, TAGGED)).toEqual({ layer: 0, field: -1 });
    expect(sameLine(TAGGED, { layer: 1, field: -1 }, LAYERS)).toBeNull();
    expect(sameLine(LAYERS, null, TAGGED)).toBeNull();
    expect(sameLine([], { layer: 0, field: 0 }, TAGGED)).toBeNull();
  });

  it("is as deep as before where a protocol lies in itself", () => {
    const [eth, ip, tcp] = LAYERS as [LayerView, LayerView, LayerView];
    const tunnel = [eth, ip, ip, tcp];
    expect(sameLine(tunnel, { layer: 2, field: 0 }, tunnel)).toEqual({ layer: 2, field: 0 });
    expect(sameLine(tunnel, { layer: 2, field: 0 }, LAYERS)).toEqual({ layer: 1, field: 0 });
    expect(sameLine(LAYERS, { layer: 1, field: 0 }, tunnel)).toEqual({ layer: 1, field: 0 });
  });
});
