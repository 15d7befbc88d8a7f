/** What crosses between Node and the page goes as JSON here; bytes, which structured clone would keep, are marked. */

export function toWire(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      part instanceof Uint8Array ? { $bytes: Buffer.from(part).toString("base64") } : part,
    ) ?? "null"
  );
}

export function fromWire(text: string): unknown {
  return JSON.parse(text, (_, part: unknown) =>
    typeof part === "object" && part !== null && "$bytes" in part && typeof part.$bytes === "string"
      ? new Uint8Array(Buffer.from(part.$bytes, "base64"))
      : part,
  );
}
