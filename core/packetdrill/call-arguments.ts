/** Arguments of a call in a script as values: symbols looked up, structures taken apart. */
import { utf8Encode } from "../base/bytes.ts";
import { AF, type SocketAddress } from "../kernel/syscall/sys.ts";
import { IPV4_ANY, parseIpv4, type Ipv4Address } from "../wire/address.ts";
import type { CallAction, Expression, StructField } from "./ast.ts";
import { CALL_BYTES_MAX } from "./limits.ts";
import { failed, unsupported } from "./problem.ts";
import { symbolValue } from "./symbols.ts";

/** A buffer that a script names: somewhere (`...`), nowhere (NULL), or these bytes. */
export type BufferArgument = { readonly kind: "any" } | { readonly kind: "null" } | BufferText;

export interface BufferText {
  readonly kind: "text";
  readonly bytes: Uint8Array;
  /** More may follow. */
  readonly open: boolean;
}

export class Arguments {
  readonly name: string;
  readonly line: number;
  readonly #expressions: readonly Expression[];

  constructor(call: CallAction, line: number) {
    this.name = call.name;
    this.line = line;
    this.#expressions = call.args;
  }

  get length(): number {
    return this.#expressions.length;
  }

  /** @throws RunFailure when the script gives another number of them. */
  require(least: number, most = least): void {
    if (this.length >= least && this.length <= most) return;
    const wanted = least === most ? String(least) : `${least} to ${most}`;
    throw failed(this.line, `${this.name}() takes ${wanted} arguments, not ${this.length}`);
  }

  at(index: number): Expression {
    const expression = this.#expressions[index];
    if (expression === undefined) throw failed(this.line, `${this.name}() lacks argument ${index + 1}`);
    return expression;
  }

  isAny(index: number): boolean {
    return this.at(index).kind === "ellipsis";
  }

  number(index: number): number {
    return this.valueOf(this.at(index));
  }

  /** A size in bytes. */
  size(index: number): number {
    const size = this.number(index);
    if (!(size >= 0 && size <= CALL_BYTES_MAX)) throw failed(this.line, `${this.name}(): ${size} bytes are too many`);
    return size;
  }

  /** @throws RunFailure for a symbol that is not known, and for what is no number. */
  valueOf(expression: Expression): number {
    switch (expression.kind) {
      case "integer":
        return expression.value;
      case "word": {
        const value = symbolValue(expression.name);
        if (value === undefined) throw unsupported(expression.line, `${expression.name} is not known here`);
        return value;
      }
      case "or":
        return this.valueOf(expression.left) | this.valueOf(expression.right);
      case "apply":
        if (expression.name === "htons" || expression.name === "htonl") return this.valueOf(expression.argument);
        if (expression.name === "inet_addr") return addressOf(expression.argument);
        throw unsupported(expression.line, `${expression.name}() is not known here`);
      case "ellipsis":
      case "string":
      case "assign":
      case "list":
      case "struct":
        throw failed(expression.line, `${this.name}(): a number expected`);
    }
  }

  buffer(index: number): BufferArgument {
    const expression = this.at(index);
    if (expression.kind === "ellipsis") return { kind: "any" };
    if (expression.kind === "string") {
      return { kind: "text", bytes: utf8Encode(expression.text), open: expression.open };
    }
    if (expression.kind === "word" && expression.name === "NULL") return { kind: "null" };
    throw failed(expression.line, `${this.name}(): ..., NULL or a string expected`);
  }

  /** The elements of `[a, b]`; a value alone is a list of one. */
  list(expression: Expression): readonly Expression[] {
    return expression.kind === "list" ? expression.items : [expression];
  }

  struct(expression: Expression): StructReader {
    if (expression.kind !== "struct") throw failed(expression.line, `${this.name}(): a structure {...} expected`);
    return new StructReader(this, expression.fields, expression.line);
  }

  /**
   * A socket address: `...` is the one given, `AF_UNSPEC` nobody's, `{sa_family=AF_INET, sin_port=htons(80),
   * sin_addr=inet_addr("10.0.0.1")}` itself; null for NULL.
   */
  address(index: number, any: { readonly address: Ipv4Address; readonly port: number }): SocketAddress | null {
    const expression = this.at(index);
    if (expression.kind === "ellipsis") return socketAddress(AF.INET, any.address, any.port);
    if (expression.kind === "word" && expression.name === "NULL") return null;
    if (expression.kind === "word") return socketAddress(this.valueOf(expression), IPV4_ANY, 0);
    const struct = this.struct(expression);
    const address = struct.optional("sin_addr");
    return socketAddress(
      struct.number("sa_family"),
      (address === null ? IPV4_ANY : this.valueOf(address)) as Ipv4Address,
      struct.number("sin_port", 0),
    );
  }
}

/** The fields of a structure by name. */
export class StructReader {
  readonly fields: readonly StructField[];
  readonly line: number;
  readonly #args: Arguments;

  constructor(args: Arguments, fields: readonly StructField[], line: number) {
    this.#args = args;
    this.fields = fields;
    this.line = line;
  }

  /** The field's value; null when the script does not name it. */
  optional(name: string): Expression | null {
    return this.fields.find((field) => field.name === name)?.value ?? null;
  }

  /** The fields without name. */
  get unnamed(): readonly Expression[] {
    return this.fields.filter((field) => field.name === null).map((field) => field.value);
  }

  number(name: string, absent: number | null = null): number {
    const expression = this.optional(name);
    if (expression !== null) return this.#args.valueOf(expression);
    if (absent === null) throw failed(this.line, `${this.#args.name}(): ${name}= expected in the structure`);
    return absent;
  }
}

export function socketAddress(family: number, address: Ipv4Address, port: number): SocketAddress {
  return { family, address, port, device: 0, protocol: 0, packetType: 0 };
}

function addressOf(expression: Expression): number {
  const parsed = expression.kind === "string" ? parseIpv4(expression.text) : null;
  if (parsed === null || !parsed.ok) throw failed(expression.line, "an IPv4 address as a string expected");
  return parsed.value;
}
