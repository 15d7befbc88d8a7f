/** Large bytes in an answer are handed over, not copied. */
import type { Response } from "../contract/api/api.ts";

export function transferOf(response: Response): ArrayBuffer[] {
  if (!("result" in response) || typeof response.result !== "object" || response.result === null) return [];
  const bytes: unknown = "bytes" in response.result ? response.result.bytes : null;
  return bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}
