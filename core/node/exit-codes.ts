/** How a command ended, for scripts. The numbers are part of the interface: README and `--help` list them. */
export const EXIT = {
  ok: 0,
  checkFailed: 1,
  usage: 2,
  labProblems: 3,
  file: 4,
  internal: 5,
  /** 128 + SIGINT, as shells count. */
  interrupted: 130,
} as const;

export const EXIT_HELP = `
Exit codes:
  0    all went well, every check passed
  1    a check of the lab or a packetdrill script failed
  2    wrong usage: options, names of hosts or interfaces
  3    the lab file (or the file to import) has problems
  4    a file could not be read or written
  5    internal error: please report it with the command it prints
  130  interrupted by Ctrl-C (the report is still printed, files are complete)
`;

/** Ends the command with a message on standard error. Thrown in core/node only, caught in one place (cli.ts). */
export class CliFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
