/**
 * The page that a guest's library shares with its host (GUEST_PAGE): requests are read from it, answers are written
 * into it. What it holds is the guest's: every number is taken as it comes and every length is cut to the page.
 */
import { utf8Decode } from "../base/bytes.ts";
import { GUEST_PAGE, type GuestAnswer, type GuestRequest } from "../runtime/sandbox-port.ts";
import type { QuickJsInstance } from "./instance.ts";
import type { Box, Pointer } from "./quickjs-exports.ts";

const EMPTY_BYTES = new Uint8Array(0);

export class GuestPage implements GuestRequest {
  readonly #instance: QuickJsInstance;
  /** Index of the page's first number. */
  readonly #at: number;
  readonly payload: Pointer;
  // The request that was read last.
  operation = 0;
  id = 0;
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  length = 0;

  constructor(instance: QuickJsInstance, page: Pointer) {
    this.#instance = instance;
    this.#at = page / 8;
    this.payload = (page + GUEST_PAGE.headerBytes) as Pointer;
  }

  read(): void {
    const doubles = this.#instance.doubles();
    const at = this.#at;
    this.operation = doubles[at + GUEST_PAGE.operation] ?? 0;
    this.id = doubles[at + GUEST_PAGE.id] || 0;
    // What the library left out arrives as NaN.
    this.a = doubles[at + GUEST_PAGE.a] || 0;
    this.b = doubles[at + GUEST_PAGE.b] || 0;
    this.c = doubles[at + GUEST_PAGE.c] || 0;
    this.d = doubles[at + GUEST_PAGE.d] || 0;
    this.length = Math.max(0, Math.min(doubles[at + GUEST_PAGE.length] || 0, GUEST_PAGE.payloadBytes)) | 0;
  }

  bytes(): Uint8Array {
    if (this.length === 0) return EMPTY_BYTES;
    return this.#instance.bytes().slice(this.payload, this.payload + this.length);
  }

  text(): string {
    return utf8Decode(this.#instance.bytes().subarray(this.payload, this.payload + this.length));
  }

  /** Answers a request that wants it at once. */
  reply(value: number): void {
    this.#instance.doubles()[this.#at + GUEST_PAGE.a] = value;
  }

  write(answer: GuestAnswer): void {
    const doubles = this.#instance.doubles();
    const at = this.#at;
    doubles[at + GUEST_PAGE.operation] = answer.operation;
    doubles[at + GUEST_PAGE.id] = answer.id;
    doubles[at + GUEST_PAGE.a] = answer.value;
    doubles[at + GUEST_PAGE.b] = answer.b ?? 0;
    doubles[at + GUEST_PAGE.c] = answer.c ?? 0;
    const { bytes } = answer;
    if (bytes === undefined) doubles[at + GUEST_PAGE.length] = 0;
    else this.writeBytes(bytes.length <= GUEST_PAGE.payloadBytes ? bytes : bytes.subarray(0, GUEST_PAGE.payloadBytes));
  }

  writeBytes(bytes: Uint8Array): void {
    this.#instance.doubles()[this.#at + GUEST_PAGE.length] = bytes.length;
    this.#instance.bytes().set(bytes, this.payload);
  }

  /** Puts a string of the guest's there, as UTF-8. @returns false after something was thrown. */
  takeText(box: Box): boolean {
    const instance = this.#instance;
    const { exports } = instance;
    const lengthAt = ((this.#at + GUEST_PAGE.length) * 8) as Pointer;
    const text = exports.qjs_get_string_len(box, lengthAt);
    if (text === 0) return false;
    const length = instance.u32(lengthAt);
    const fits = length <= GUEST_PAGE.payloadBytes;
    if (fits) {
      instance.bytes().copyWithin(this.payload, text, text + length);
      instance.doubles()[this.#at + GUEST_PAGE.length] = length;
    }
    exports.qjs_free_cstring(text);
    if (!fits) instance.throw(`a text of more than ${GUEST_PAGE.payloadBytes} bytes`);
    return fits;
  }
}
