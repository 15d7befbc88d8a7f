/**
 * Completion for what the library has and the program has not imported yet: picking it writes the import as well.
 * Monaco's TypeScript worker completes only what is imported.
 */
import * as monaco from "monaco-editor/editor";
import { importEdit, libraryNames, namesKnownTo, type LibraryName } from "./library-names.ts";

type Suggestions = monaco.languages.CompletionList;

export function completeFromLibrary(declarations: readonly string[]): void {
  const names = declarations.flatMap(libraryNames);
  monaco.languages.registerCompletionItemProvider("typescript", {
    provideCompletionItems(model, position): Suggestions {
      const line = model.getLineContent(position.lineNumber);
      const word = model.getWordUntilPosition(position);
      const before = line.slice(0, word.startColumn - 1);
      if (word.word === "" || !isPlaceForName(before)) return { suggestions: [] };
      const text = model.getValue();
      const known = namesKnownTo(text);
      const range = {
        ...{ startLineNumber: position.lineNumber, endLineNumber: position.lineNumber },
        ...{ startColumn: word.startColumn, endColumn: word.endColumn },
      };
      const missing = names.filter(({ name }) => !known.has(name));
      return { suggestions: missing.map((one) => suggestionFor(one, { model, text, range })) };
    },
  });
}

/** Not behind a dot, in an import, a text or a comment. */
function isPlaceForName(before: string): boolean {
  const quotes = before.match(/["'`]/g)?.length ?? 0;
  return !/\.\s*$|^\s*(import|export)\b|\/\/|^\s*\*/.test(before) && quotes % 2 === 0;
}

interface Place {
  readonly model: monaco.editor.ITextModel;
  readonly text: string;
  readonly range: monaco.IRange;
}

function suggestionFor(one: LibraryName, { model, text, range }: Place): monaco.languages.CompletionItem {
  const edit = importEdit(text, one);
  const { lineNumber, column } = model.getPositionAt(edit.offset);
  return {
    label: { label: one.name, description: one.from },
    kind: KINDS[one.kind],
    insertText: one.name,
    // Behind what is in reach already.
    sortText: `~${one.name}`,
    detail: `${one.declaration}\nadds the import from ${one.from}`,
    documentation: { value: one.comment },
    range,
    additionalTextEdits: [{ range: new monaco.Range(lineNumber, column, lineNumber, column), text: edit.text }],
  };
}

const { CompletionItemKind } = monaco.languages;
const KINDS: Readonly<Record<LibraryName["kind"], monaco.languages.CompletionItemKind>> = {
  function: CompletionItemKind.Function,
  const: CompletionItemKind.Constant,
  class: CompletionItemKind.Class,
  interface: CompletionItemKind.Interface,
  type: CompletionItemKind.Interface,
};
