/** Monaco in the programs pane, for tests. */
import type { Locator } from "@playwright/test";
import type { Workbench } from "./workbench-page.ts";

/** What CodeEditor leaves at its element. */
interface CodeElement extends HTMLElement {
  readonly editor: {
    getValue(): string;
    getModel(): {
      findMatches(...search: unknown[]): { range: { startLineNumber: number; endColumn: number } }[];
    } | null;
    setPosition(position: { lineNumber: number; column: number }): void;
    focus(): void;
  };
}

export const codeOf = ({ page }: Workbench): Locator =>
  page.locator("[data-pane=programs]").getByTestId("program-editor");

export function codeText(bench: Workbench): Promise<string> {
  return codeOf(bench).evaluate((element) => (element as CodeElement).editor.getValue());
}

/** Puts the cursor behind a text in the program. */
export async function placeBehind(bench: Workbench, text: string): Promise<void> {
  await codeOf(bench).evaluate((element, wanted) => {
    const { editor } = element as CodeElement;
    const [match] = editor.getModel()?.findMatches(wanted, false, false, true, null, false) ?? [];
    if (match === undefined) throw new Error(`no ${wanted}`);
    editor.setPosition({ lineNumber: match.range.startLineNumber, column: match.range.endColumn });
    editor.focus();
  }, text);
}
