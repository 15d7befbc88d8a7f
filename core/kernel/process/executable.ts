/**
 * What a new process runs: a program by its path, by a name looked for in PATH, or a script by its first line
 * (execve(2)).
 */
import { utf8Decode } from "../../base/bytes.ts";
import { E } from "../syscall/errno.ts";
import { O, type Program } from "../syscall/sys.ts";
import { ProgramInode, type Directory, type Opener } from "../vfs/inode.ts";
import type { Vfs } from "../vfs/vfs.ts";

/** A program found, with the arguments it is run with. */
export interface Executable {
  readonly program: Program;
  readonly argv: readonly string[];
}

/** Longest first line of a script (BINPRM_BUF_SIZE). */
const SHEBANG_BYTES_MAX = 256;

export class ExecutableFinder {
  readonly #vfs: Vfs;
  readonly #reader: Opener;

  /** @param reader in whose name scripts are opened. */
  constructor(vfs: Vfs, reader: Opener) {
    this.#vfs = vfs;
    this.#reader = reader;
  }

  /** What to run for a function, a path, or a name to look for in PATH. @returns it, or -errno. */
  find(
    directory: Directory,
    environment: ReadonlyMap<string, string>,
    program: Program | string,
    argv: readonly string[],
  ): Executable | number {
    if (typeof program !== "string") return { program, argv };
    if (program.includes("/")) return this.#load(directory, program, argv);
    let problem: number = -E.ENOENT;
    for (const place of (environment.get("PATH") ?? "/bin").split(":")) {
      const executable = this.#load(directory, `${place === "" ? "." : place}/${program}`, argv);
      if (typeof executable !== "number") return executable;
      if (executable !== -E.ENOENT && executable !== -E.ENOTDIR) problem = executable;
    }
    return problem;
  }

  #load(directory: Directory, path: string, argv: readonly string[]): Executable | number {
    const inode = this.#vfs.resolve(directory, path);
    if (typeof inode === "number") return inode;
    if (inode instanceof ProgramInode) return { program: inode.program, argv };
    if (inode.kind !== "file") return -E.EACCES;
    return this.#loadScript(directory, path, argv);
  }

  /** `#!interpreter [argument]`. An interpreter that is itself a script is refused. */
  #loadScript(directory: Directory, path: string, argv: readonly string[]): Executable | number {
    const file = this.#vfs.open(directory, path, O.RDONLY, this.#reader);
    if (typeof file === "number") return file;
    const head = new Uint8Array(SHEBANG_BYTES_MAX);
    file.acquire();
    const count = file.read(head);
    file.close();
    const line = utf8Decode(head.subarray(0, Math.max(0, count))).split("\n", 1)[0] ?? "";
    const match = /^#![ \t]*([^ \t]+)[ \t]*(.*?)[ \t]*$/.exec(line);
    if (match === null) return -E.ENOEXEC;
    const interpreter = this.#vfs.resolve(directory, match[1] ?? "");
    if (typeof interpreter === "number") return interpreter;
    if (!(interpreter instanceof ProgramInode)) return -E.ENOEXEC;
    const option = match[2] === undefined || match[2] === "" ? [] : [match[2]];
    return { program: interpreter.program, argv: [match[1] ?? "", ...option, path, ...argv.slice(1)] };
  }
}
