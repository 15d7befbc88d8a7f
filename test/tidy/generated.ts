/** Files that are made from the code: what lists the code's own tables cannot be wrong about them. */
import { DROP_REASON_TEXTS, DROP_REASONS } from "../../core/contract/drop-reason.ts";
import { TRACE_EVENT_FIELDS, TRACE_EVENT_NAMES } from "../../core/contract/trace-event.ts";
import { labJsonSchema } from "../../core/lab/schema.ts";
import { guestLibraryModule } from "./guest-library.ts";
import type { SourceFile } from "./rules.ts";

const NOTE = "<!-- Made by `npm run docs` from the code: change it there. -->";

export function generatedFiles(): SourceFile[] {
  return [
    { path: "resources/schema/lab.schema.json", text: `${JSON.stringify(labJsonSchema(), null, 2)}\n` },
    { path: "resources/reference/drop-reasons.md", text: dropReasonsPage() },
    { path: "resources/reference/trace-events.md", text: traceEventsPage() },
    guestLibraryModule(),
  ];
}

function dropReasonsPage(): string {
  const rows = DROP_REASONS.map((reason) => [`\`${reason}\``, DROP_REASON_TEXTS[reason]]);
  return page("Why packets die", "Linux's names where it has one (`skb:kfree_skb`).", [["reason", "meaning"], ...rows]);
}

function traceEventsPage(): string {
  const rows = TRACE_EVENT_NAMES.map((name) => {
    const fields = TRACE_EVENT_FIELDS[name].filter((field) => field !== "");
    return [`\`${name}\``, fields.map((field) => `\`${field.replace("*", "")}\``).join(", ")];
  });
  const text =
    "Named after Linux's tracepoints where one exists. Besides these fields every event has its time, place,\n" +
    "context, CPU, process, packet and cause.";
  return page("Trace events", text, [["event", "fields"], ...rows]);
}

/** A page with one table, laid out as prettier lays it out. */
function page(title: string, text: string, rows: readonly (readonly string[])[]): string {
  const widths = [0, 1].map((column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [NOTE, "", `# ${title}`, "", text, "", line(head), rule, ...body.map(line), ""].join("\n");
}
