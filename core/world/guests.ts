/** Guest programs of a lab's machines: what is in /bin because of them, and starting those that start at boot. */
import { utf8Encode } from "../base/bytes.ts";
import type { EventHandler } from "../engine/event-queue.ts";
import { WORLD_FAULT } from "../engine/rank.ts";
import type { Program } from "../kernel/syscall/sys.ts";
import type { LabHost, LabProgram } from "../lab/model.ts";
import { guestProgram } from "../runtime/guest-process.ts";
import type { GuestLimits, Sandbox, SandboxEngine } from "../runtime/sandbox-port.ts";
import type { Machine } from "./machine.ts";

/** What a host of the session hands in so that guest programs can run. */
export interface GuestSupport {
  readonly engine: SandboxEngine;
  /** TypeScript by path relative to the lab, imported files included. */
  readonly sources: ReadonlyMap<string, string>;
  /** Other limits than the sandbox's own, for tests: what a program may do is part of what a run is. */
  readonly limits?: Partial<GuestLimits>;
}

const NO_SOURCES: ReadonlyMap<string, string> = new Map();
/** What a shell says of a file that cannot be executed. */
const STATUS_CANNOT_RUN = 126;
const STDERR = 2;

/** The guests of one world. */
export class Guests {
  readonly #sandbox: Sandbox | null;
  readonly #sources: ReadonlyMap<string, string>;
  readonly #limits: Partial<GuestLimits> | undefined;

  constructor(support: GuestSupport | undefined) {
    this.#sandbox = support?.engine.open() ?? null;
    this.#sources = support?.sources ?? NO_SOURCES;
    this.#limits = support?.limits;
  }

  /** Commands of a machine: `common`, and its own programs over them. */
  commandsOf(node: LabHost, common: ReadonlyMap<string, Program>): ReadonlyMap<string, Program> {
    if (node.programs.length === 0) return common;
    return new Map([...common, ...node.programs.map((program) => [program.name, this.#program(program)] as const)]);
  }

  /** Starts the machine's programs, each at its time. */
  startAtBoot(machine: Machine): void {
    for (const program of machine.node.programs) {
      if (program.atBoot) new ProgramStart(machine, program).schedule();
    }
  }

  close(): void {
    this.#sandbox?.close();
  }

  #program({ file, text }: LabProgram): Program {
    const sandbox = this.#sandbox;
    if (sandbox === null) return cannotRun;
    const modules = text === null ? this.#sources : new Map([...this.#sources, [file, text]]);
    return guestProgram(sandbox, { modules, main: file }, this.#limits);
  }
}

/** In a session without a sandbox. */
const cannotRun: Program = function* (sys, argv) {
  yield* sys.write(STDERR, utf8Encode(`${argv[0] ?? ""}: this session has no sandbox for programs\n`));
  return STATUS_CANNOT_RUN;
};

/** One start, which comes to nothing when the machine has gone down in the meantime. */
class ProgramStart implements EventHandler {
  readonly #machine: Machine;
  readonly #program: LabProgram;
  readonly #boots: number;

  constructor(machine: Machine, program: LabProgram) {
    this.#machine = machine;
    this.#program = program;
    this.#boots = machine.boots;
  }

  schedule(): void {
    const { atNs } = this.#program;
    if (atNs === 0) this.onEvent();
    else this.#machine.world.engine.after(atNs, WORLD_FAULT, this, this.#machine.node.index);
  }

  onEvent(): void {
    const { name, args } = this.#program;
    const machine = this.#machine;
    if (machine.boots !== this.#boots || machine.power === "off") return;
    machine.world.execAtBoot(machine.node.index, [name, ...args]);
  }
}
