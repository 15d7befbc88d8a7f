/** The command line, `lastack`: what it understands, and the one place where failures become exit codes. */
import { Command, CommanderError } from "commander";
import { benchCommand } from "./command-bench.ts";
import { dissectCommand } from "./command-dissect.ts";
import { checkCommand, exportCommand, importCommand } from "./command-files.ts";
import { packetdrillCommand } from "./command-packetdrill.ts";
import { runCommand } from "./command-run.ts";
import { serveCommand } from "./command-serve.ts";
import { shellCommand } from "./command-shell.ts";
import { CliFailure, EXIT, EXIT_HELP } from "./exit-codes.ts";
import { collect, durationOption, speedOption, wholeOption } from "./run-options.ts";
import { systemErrorCode, systemErrorText } from "./system-error.ts";
import { VERSION } from "./version.ts";

/** Parses the arguments and runs what they say. @returns the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const finish = async (code: number | Promise<number>): Promise<void> => void (exitCode = await code);
  const program = new Command("lastack")
    .description("Runs network labs: virtual hosts with Linux's packet path, deterministic to the last event.")
    .version(VERSION)
    .addHelpText("after", EXIT_HELP)
    .exitOverride()
    .showHelpAfterError("(--help says what there is)")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "lastack: ")) });
  addRunCommands(program, finish);
  addFileCommands(program, finish);
  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

type Finish = (code: number | Promise<number>) => Promise<void>;

function addRunCommands(program: Command, finish: Finish): void {
  program
    .command("run <lab>")
    .description("run a lab as fast as it goes, and report what happened")
    .option("--until <time>", "run up to this virtual time, such as 10s or 250ms", durationOption("--until"))
    .option("--seed <n>", "use this seed instead of the lab's", wholeOption("--seed"))
    .option("--exec <'host: command'>", "run a command on a host from the start; may be repeated", collect)
    .option("--pcap <file>", "write a capture (pcapng) of all interfaces")
    .option("--capture <host:nic>", "capture only this interface, or all of a host; may be repeated", collect)
    .option("--trace <file.json>", "write the trace as Trace Event JSON, for ui.perfetto.dev")
    .option("--csv <file>", "write the lab's measurements as CSV")
    .option(
      "--packet <id>",
      "print the way of the packet with this id, as captures number them",
      wholeOption("--packet"),
    )
    .option("--json", "print the report as JSON (resources/schema/run-report.schema.json) and nothing else")
    .option("--quiet", "print problems only")
    .action((lab, options) => finish(runCommand(lab, options)));
  program
    .command("shell <lab> <host>")
    .description("type at a host's terminal while the lab runs; Ctrl-] leaves")
    .option("--seed <n>", "use this seed instead of the lab's", wholeOption("--seed"))
    .option("--speed <factor>", "virtual seconds per second", speedOption("--speed"), 1)
    .option("--until <time>", "with input from a pipe: the latest end, in virtual time", durationOption("--until"))
    .action((lab, host, options) => finish(shellCommand(lab, host, options)));
  program
    .command("serve [lab]")
    .description("show the workbench in a browser: serves it on this machine, to this machine, until Ctrl-C")
    .option("--port <n>", "on this port instead of 9293; on any free one if it is taken", wholeOption("--port"))
    .option("--no-open", "do not open a browser")
    .option("--check", "only see whether it can be had, and end")
    .action((lab, options) => finish(serveCommand(lab, options)));
  program
    .command("packetdrill <script...>")
    .description("run packetdrill scripts (files, or all .pkt of a folder) against the TCP/IP stack")
    .option("-v, --verbose", "print every packet")
    .option("-D, --define <NAME=VALUE>", "replace a word of the scripts; may be repeated", collect)
    .option("--tolerance_usecs <n>", "tolerate that much difference of times", wholeOption("--tolerance_usecs"))
    .option("--pcap <file>", "write the packets of one script as a capture (pcap, IP packets)")
    .option("--json", "print the outcome of each script as JSON and nothing else")
    .action((scripts, options) => finish(packetdrillCommand(scripts, options)));
  program
    .command("bench")
    .description("run the benchmarks of the source checkout")
    .option("--json", "print the figures as JSON")
    .option("--peers", "also run ns-3, when it is installed")
    .action((options) => finish(benchCommand(options)));
}

function addFileCommands(program: Command, finish: Finish): void {
  program
    .command("check <lab...>")
    .description("say what is wrong with lab files, each with file, line and column")
    .action((labs) => finish(checkCommand(labs)));
  program
    .command("import <file>")
    .description("make a lab of a Mininet (.mn) or Topology Zoo (.graphml) file")
    .option("-o, --out <lab>", "write it to this file instead of standard output")
    .action((file, options) => finish(importCommand(file, options)));
  program
    .command("export <lab>")
    .description("write a lab's topology for other tools")
    .requiredOption("--mn <file>", "as a Mininet topology, which MiniEdit opens")
    .action((lab, options) => finish(exportCommand(lab, options)));
  program
    .command("dissect <capture>")
    .description("print a pcap or pcapng file as tcpdump would")
    .option("-v, --verbose", "more of each header")
    .option("-e, --link-header", "with the Ethernet header")
    .option("-Y, --filter <filter>", "only frames that fit, in Wireshark's syntax: 'tcp.port == 80 && !arp'")
    .option("-x, --hex", "with the bytes")
    .option("--layers", "every layer and field with its bytes")
    .action((capture, options) => finish(dissectCommand(capture, options)));
}

/** Says what went wrong, once, in words. @returns the exit code. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CliFailure) {
    if (error.message !== "") process.stderr.write(`lastack: ${error.message}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  process.stderr.write(`lastack: internal error, please report it\n  ${text}\n`);
  if (process.env["LASTACK_DEBUG"] !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  else process.stderr.write("  (LASTACK_DEBUG=1 shows where)\n");
  return EXIT.internal;
}

/** Why standard output could not be written, if so. */
let outputFailure: string | null = null;
// `lastack run ... | head` closes our output: stop in silence, as other programs do.
process.stdout.on("error", (error) => {
  if (systemErrorCode(error) !== "EPIPE") outputFailure ??= systemErrorText(error);
});
// Whoever does not listen to what went wrong still has the exit code.
process.stderr.on("error", () => undefined);
process.on("exit", () => {
  if (outputFailure === null) return;
  process.stderr.write(`lastack: standard output cannot be written: ${outputFailure}\n`);
  process.exitCode = EXIT.file;
});

void main(process.argv).then((code) => (process.exitCode = code));
