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

const place = ({ file, line, column }: GuestFrame): string => `${file}:${line}:${column}`;

/** `server.ts:12:5: TypeError: x is not a function`, then the calls that led there. */
export function errorText(program: string, error: GuestError): string {
  const [first, ...rest] = error.frames;
  const hint = HINTS[error.kind];
  const lines = [`${first === undefined ? program : place(first)}: ${error.message}${hint === "" ? "" : ` (${hint})`}`];
  if (rest.length > 0) for (const frame of error.frames) lines.push(`    at ${frameText(frame)}`);
  return `${lines.join("\n")}\n`;
}

const frameText = (frame: GuestFrame): string =>
  frame.name === "" ? place(frame) : `${frame.name} (${place(frame)})`;
