/**
 * Completion under hands that are faster than the TypeScript worker. When an answer for one word (`await`) comes while
 * the next one (`await recvf`) is typed, Monaco takes the old answer for the new word as well, where nothing of it
 * fits, and shows nothing. So whoever leaves a word also leaves what was asked about it.
 */
import type * as monaco from "monaco-editor/editor";

type Editor = monaco.editor.IStandaloneCodeEditor;

interface SuggestController extends monaco.editor.IEditorContribution {
  cancelSuggestWidget(): void;
}

export function suggestAnewForEachWord(editor: Editor): void {
  editor.onDidChangeModelContent(({ changes }) => {
    if (!changes.some(({ text }) => leavesWord(text))) return;
    editor.getContribution<SuggestController>("editor.contrib.suggestController")?.cancelSuggestWidget();
  });
}

/** One character, or a pair of brackets. A dot asks by itself. */
export function leavesWord(typed: string): boolean {
  return /^[^\w$.]{1,2}$/.test(typed);
}
