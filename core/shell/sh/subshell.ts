/** Running part of a script in a child process, which starts from a copy of the shell's state as after fork(2). */
import { E } from "../../kernel/syscall/errno.ts";
import type { Call, SpawnOptions } from "../../kernel/syscall/sys.ts";
import type { Files, ShellState } from "./state.ts";

export type ChildSpec = {
  readonly files: Files;
  /** Process group as in SpawnOptions; undefined for the shell's own. */
  readonly group?: number | undefined;
  /** Variables on top of the exported ones. */
  readonly assignments?: readonly (readonly [string, string])[];
};

/** Starts `body` in a child with its descriptors in place. @returns the child's pid or -errno. */
export function* spawnSubshell(
  shell: ShellState,
  spec: ChildSpec,
  body: (child: ShellState) => Call<number>,
): Call<number> {
  // The copy is made now: what the parent changes before the child first runs must not show in it.
  const snapshot = shell.copyTo(shell.sys);
  return yield* shell.sys.spawn(
    function* (sys) {
      const child = snapshot.copyTo(sys);
      const status = yield* body(child);
      return child.jump?.kind === "interrupt" ? 130 : status & 255;
    },
    [shell.name],
    spawnOptions(shell, spec),
  );
}

export function spawnOptions(shell: ShellState, spec: ChildSpec): SpawnOptions {
  const environment = shell.environment();
  for (const [name, value] of spec.assignments ?? []) environment.set(name, value);
  const options = { files: spec.files, environment };
  return spec.group === undefined ? options : { ...options, group: spec.group };
}

/** Waits for one child through interruptions. @returns its status, or 127 when it is none of ours. */
export function* waitChild(shell: ShellState, pid: number): Call<number> {
  for (;;) {
    const done = yield* shell.sys.waitpid(pid, 0);
    if (done.pid === pid) return done.status;
    if (done.pid !== -E.EINTR) return 127;
  }
}
