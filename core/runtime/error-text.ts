/** A guest's error as its machine prints it. */
import type { GuestError, GuestFrame } from "./sandbox-port.ts";

const HINTS: Readonly<Record<GuestError["kind"], string>> = {
  syntax: "",
  thrown: "",
  requests: "await them, or some of them, before the next ones",
  steps: "look for a loop that does not end, at or right after this line",
  memory: "",
  neighbour: "run fewer programs, or mend the one that was cut off",
  sandbox: "",
};

/** Where no line of the program is to blame: it was stopped in the library, or deep in one operation. */
const STEPS_NOWHERE = "look for an operation that does not end, or for very many calls at once";

const place = ({ file, line, column }: GuestFrame): string => `${file}:${line}:${column}`;

/** `server.ts:12:5: TypeError: x is not a function`, then the calls that led there. */
export function errorText(program: string, error: GuestError): string {
  const [first, ...rest] = error.frames;
  const hint = error.kind === "steps" && first === undefined ? STEPS_NOWHERE : HINTS[error.kind];
  const head = `${first === undefined ? program : place(first)}: ${error.message}${hint === "" ? "" : ` (${hint})`}`;
  const calls = rest.length === 0 ? [] : repeated(error.frames.map((frame) => `    at ${frameText(frame)}`));
  return `${[head, ...calls].join("\n")}\n`;
}

/** Says of lines that repeat themselves, as in a recursion, how often they do. */
function repeated(lines: readonly string[]): string[] {
  const shown: string[] = [];
  for (let at = 0; at < lines.length;) {
    let next = at + 1;
    while (lines[next] === lines[at]) next++;
    shown.push(`${lines[at] ?? ""}${next - at > 1 ? ` (${next - at} times and more)` : ""}`);
    at = next;
  }
  return shown;
}

const frameText = (frame: GuestFrame): string => (frame.name === "" ? place(frame) : `${frame.name} (${place(frame)})`);
