/**
 * TypeScript to JavaScript, by swc, which the host of the session hands in. Types are overwritten with blanks where
 * that will do, so that every line and column stays where it was; code with enums, namespaces or parameter properties
 * is generated anew, and mapped back. Types are not checked here: the editor does that.
 */
import { bad, good, type Result } from "../base/result.ts";
import type { CodePlace } from "./guest-error.ts";
import { STRIPPED_SOURCES_MAX } from "./limits.ts";
import { SourceMap } from "./source-map.ts";

/** `transformSync` of @swc/wasm-typescript. */
export type SwcTransform = (
  source: string,
  options: {
    readonly mode: "strip-only" | "transform";
    readonly module: true;
    readonly filename: string;
    readonly sourceMap?: boolean;
  },
) => { readonly code: string; readonly map?: string };

export interface StrippedModule {
  readonly code: string;
  /** From a place in the code to the one in the source. */
  sourceOf(place: CodePlace): CodePlace;
}

export interface StripError {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

type Stripped = Result<StrippedModule, StripError>;

export class TypeStripper {
  readonly #transform: SwcTransform;
  /** By source text. */
  readonly #known = new Map<string, Stripped>();

  constructor(transform: SwcTransform) {
    this.#transform = transform;
  }

  strip(filename: string, source: string): Stripped {
    let stripped = this.#known.get(source);
    if (stripped !== undefined) return stripped;
    stripped = this.#stripOnly(filename, source);
    if (this.#known.size >= STRIPPED_SOURCES_MAX) this.#known.clear();
    this.#known.set(source, stripped);
    return stripped;
  }

  #stripOnly(filename: string, source: string): Stripped {
    try {
      const { code } = this.#transform(source, { mode: "strip-only", module: true, filename });
      return good({ code, sourceOf: (place) => place });
    } catch (error) {
      return isUnsupported(error) ? this.#generate(filename, source) : bad(problemOf(error));
    }
  }

  #generate(filename: string, source: string): Stripped {
    try {
      const options = { mode: "transform", module: true, filename, sourceMap: true } as const;
      const { code, map } = this.#transform(source, options);
      const sourceMap = map === undefined ? null : new SourceMap(map);
      return good({ code, sourceOf: (place) => sourceMap?.sourceOf(place) ?? place });
    } catch (error) {
      return bad(problemOf(error));
    }
  }
}

/** swc throws plain objects. */
interface SwcError {
  readonly code?: string;
  readonly message?: string;
  readonly startLine?: number;
  /** From 0. */
  readonly startColumn?: number;
}

const isUnsupported = (error: unknown): boolean => (error as SwcError).code === "UnsupportedSyntax";

function problemOf(error: unknown): StripError {
  const { message, startLine, startColumn } = error as SwcError;
  return { message: message ?? String(error), line: startLine ?? 1, column: (startColumn ?? 0) + 1 };
}
