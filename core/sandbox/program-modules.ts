/** The modules of one program: which file an import means, its JavaScript, and the way back to its TypeScript. */
import { bad, good, type Result } from "../base/result.ts";
import type { GuestError, GuestFrame } from "../runtime/sandbox-port.ts";
import { candidatesOf } from "./collect-sources.ts";
import type { CodePlace } from "./guest-error.ts";
import { isLibraryName, type LibraryModules } from "./library.ts";
import type { StrippedModule, TypeStripper } from "./strip-types.ts";

export class ProgramModules {
  readonly mainName: string;
  readonly #library: LibraryModules;
  readonly #sources: ReadonlyMap<string, string>;
  readonly #stripper: TypeStripper;
  readonly #loaded = new Map<string, StrippedModule>();
  /** Why loading failed, when it was not QuickJS that found out. */
  #error: GuestError | null = null;

  constructor(library: LibraryModules, stripper: TypeStripper, sources: ReadonlyMap<string, string>, main: string) {
    this.#library = library;
    this.#stripper = stripper;
    this.#sources = sources;
    this.mainName = main;
  }

  /** Strips the main module, so that its errors are known before a runtime is made. */
  check(): GuestError | null {
    this.source(this.mainName);
    return this.#error;
  }

  get mainCode(): string {
    return this.#loaded.get(this.mainName)?.code ?? "";
  }

  resolve(base: string, specifier: string): Result<string, string> {
    const own = this.#library.resolve(base, specifier);
    if (own !== null) return good(own);
    if (!/^\.\.?\//.test(specifier)) {
      return bad(`there is no module "${specifier}": programs import files as "./name.ts", and ${this.#libraryList()}`);
    }
    const candidates = candidatesOf(base, specifier);
    const name = candidates.find((candidate) => this.#sources.has(candidate));
    return name === undefined ? bad(`there is no file ${candidates[0] ?? ""}, which ${base} imports`) : good(name);
  }

  /** JavaScript of a module; null when it cannot be had, and then `loadError` says why. */
  source(name: string): string | null {
    if (isLibraryName(name)) return this.#library.source(name);
    const text = this.#sources.get(name);
    if (text === undefined) {
      this.#error ??= { kind: "syntax", message: `there is no file ${name}`, frames: [] };
      return null;
    }
    const stripped = this.#stripper.strip(name, text);
    if (!stripped.ok) {
      const { message, line, column } = stripped.error;
      const frames = [{ name: "", file: name, line, column }];
      this.#error ??= { kind: "syntax", message: `SyntaxError: ${message}`, frames };
      return null;
    }
    this.#loaded.set(name, stripped.value);
    return stripped.value.code;
  }

  sourceOf(place: CodePlace): CodePlace {
    return this.#loaded.get(place.file)?.sourceOf(place) ?? place;
  }

  /** The error of a program that could not be loaded. @param message and `frames` as QuickJS has them. */
  loadError(message: string, frames: readonly GuestFrame[]): GuestError {
    if (this.#error !== null) return this.#error;
    const plain = message.replace(/^Error: /, "").replaceAll("lastack:", "");
    return { kind: "syntax", message: plain, frames: frames.length > 0 ? frames : this.importFrames(plain) };
  }

  /** Where the program imports what a message names: `import("./absent.ts")` fails without a place. */
  importFrames(message: string): readonly GuestFrame[] {
    const named = /no module "([^"]+)"|no file (\S+?),|'([^']+)' in module/.exec(message)?.slice(1).join("") ?? "";
    const place = this.#importPlace(named);
    return place === null ? [] : [place];
  }

  /** Where a loaded module names another one. */
  #importPlace(specifier: string): GuestFrame | null {
    const last = specifier.slice(specifier.lastIndexOf("/") + 1);
    if (last === "") return null;
    for (const file of this.#loaded.keys()) {
      const lines = (this.#sources.get(file) ?? "").split("\n");
      const line = lines.findIndex((text) => /\b(?:import|from)\b/.test(text) && text.includes(last));
      if (line >= 0) return { name: "", file, line: line + 1, column: (lines[line]?.indexOf(last) ?? 0) + 1 };
    }
    return null;
  }

  #libraryList(): string {
    return this.#library.names.map((name) => `"${name}"`).join(", ");
  }
}
