/**
 * Monaco behind one file: an editor for programs, offline, with the types of LastAck's library. It and its TypeScript
 * worker (7 MB) are loaded when the first program is shown.
 */
import * as monaco from "monaco-editor/editor";
import "monaco-editor/features/register.all";
import "monaco-editor/languages/definitions/typescript/register";
import { typescriptDefaults, type ModuleResolutionKind } from "monaco-editor/languages/features/typescript/register";
import EditorWorker from "monaco-editor/editor/editor.worker?worker";
import TypeScriptWorker from "monaco-editor/languages/features/typescript/ts.worker?worker";
import { token } from "../theme/theme.ts";
import { completeFromLibrary } from "./library-completion.ts";
import { suggestAnewForEachWord } from "./suggest-anew.ts";

self.MonacoEnvironment = {
  getWorker: (_id: string, label: string) => (label === "typescript" ? new TypeScriptWorker() : new EditorWorker()),
};

/** Not in Monaco's own lists of TypeScript's options. */
const MODULE_RESOLUTION_BUNDLER = 100 as ModuleResolutionKind;
const MODULE_DETECTION_FORCE = 3;
const ES_NEXT = 99;

typescriptDefaults.setCompilerOptions({
  target: ES_NEXT,
  module: ES_NEXT,
  moduleResolution: MODULE_RESOLUTION_BUNDLER,
  // A program may have no import and still wait at its top.
  moduleDetection: MODULE_DETECTION_FORCE,
  allowImportingTsExtensions: true,
  allowNonTsExtensions: true,
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  // The sandbox has the language and no browser.
  lib: ["lib.es2023.d.ts"],
  types: [],
});
typescriptDefaults.setEagerModelSync(true);

const declarations = import.meta.glob<string>("../../resources/programs/lib/*.d.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});
typescriptDefaults.setExtraLibs(
  Object.entries(declarations).map(([path, content]) => ({
    content,
    filePath: `file:///node_modules/lastack/${path.slice(path.lastIndexOf("/") + 1)}`,
  })),
);
completeFromLibrary(Object.values(declarations));

export type Editor = monaco.editor.IStandaloneCodeEditor;
export type Model = monaco.editor.ITextModel;
export { monaco };

export function createEditor(element: HTMLElement): Editor {
  useTheme();
  const editor = monaco.editor.create(element, {
    model: null,
    automaticLayout: true,
    fixedOverflowWidgets: true,
    fontFamily: token("font-mono"),
    fontSize: 13,
    lineHeight: 20,
    minimap: { enabled: false },
    padding: { top: 8, bottom: 8 },
    rulers: [120],
    scrollBeyondLastLine: false,
    smoothScrolling: false,
    tabSize: 2,
    insertSpaces: true,
    theme: "lastack",
    accessibilitySupport: "auto",
    bracketPairColorization: { enabled: false },
    occurrencesHighlight: "singleFile",
    stickyScroll: { enabled: false },
  });
  suggestAnewForEachWord(editor);
  return editor;
}

/** Colours of the theme that the window has now. */
export function useTheme(): void {
  const isLight = document.documentElement.dataset["theme"] === "light";
  const color = (name: string): string => hex(token(name));
  monaco.editor.defineTheme("lastack", {
    base: isLight ? "vs" : "vs-dark",
    inherit: true,
    rules: [
      { token: "comment", foreground: color("text-3").slice(1, 7) },
      { token: "keyword", foreground: color("proto-icmp").slice(1, 7) },
      { token: "string", foreground: color("ok").slice(1, 7) },
      { token: "number", foreground: color("warn").slice(1, 7) },
      { token: "type", foreground: color("proto-udp").slice(1, 7) },
    ],
    colors: {
      "editor.background": color("bg-1"),
      "editor.foreground": color("text"),
      "editor.lineHighlightBackground": color("bg-2"),
      "editor.lineHighlightBorder": color("bg-2"),
      "editor.selectionBackground": color("accent-soft"),
      "editorLineNumber.foreground": color("text-3"),
      "editorLineNumber.activeForeground": color("text"),
      "editorCursor.foreground": color("accent"),
      "editorWidget.background": color("bg-2"),
      "editorWidget.border": color("line-strong"),
      "editorSuggestWidget.background": color("bg-2"),
      "editorSuggestWidget.selectedBackground": color("accent-fill"),
      "editorSuggestWidget.selectedForeground": color("on-accent"),
      "editorSuggestWidget.selectedIconForeground": color("on-accent"),
      "editorSuggestWidget.highlightForeground": color("accent"),
      "editorSuggestWidget.focusHighlightForeground": color("on-accent"),
      "editorHoverWidget.background": color("bg-2"),
      "editorRuler.foreground": color("line"),
      "editorIndentGuide.background1": color("line"),
      "editorIndentGuide.activeBackground1": color("line-strong"),
      "editorError.foreground": color("danger"),
      "editorWarning.foreground": color("warn"),
      focusBorder: color("accent"),
      "input.background": color("bg-0"),
      "input.border": color("line-strong"),
      "scrollbarSlider.background": `${color("line-strong")}80`,
    },
  });
  monaco.editor.setTheme("lastack");
}

/** Monaco takes six digits only; the build shortens `#ffffff` to `#fff`. */
function hex(color: string): string {
  const full = color.replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
  return /^#[0-9a-f]{6}$/i.test(full) ? full : "#808080";
}

/** The model of a program: made when it is not there. */
export function modelOf(path: string, text: string): Model {
  const uri = monaco.Uri.file(path);
  return monaco.editor.getModel(uri) ?? monaco.editor.createModel(text, "typescript", uri);
}

/** Text from elsewhere (undo of a lab's edit): as an edit, so that Ctrl+Z in the editor goes on working. */
export function replaceText(model: Model, text: string): void {
  if (model.getValue() === text) return;
  model.pushEditOperations([], [{ range: model.getFullModelRange(), text }], () => null);
}

export function disposeModels(): void {
  for (const model of monaco.editor.getModels()) model.dispose();
}

/** Lines where programs crashed, as markers beside those of TypeScript. */
export function markCrashes(
  model: Model,
  crashes: readonly { readonly line: number; readonly column: number; readonly message: string }[],
): void {
  monaco.editor.setModelMarkers(
    model,
    "crash",
    crashes.map(({ line, column, message }) => {
      const lineNumber = Math.min(Math.max(1, line), model.getLineCount());
      const word = model.getWordAtPosition({ lineNumber, column });
      return {
        ...{ severity: monaco.MarkerSeverity.Error, message, source: "crash" },
        ...{ startLineNumber: lineNumber, endLineNumber: lineNumber },
        startColumn: word?.startColumn ?? column,
        endColumn: word?.endColumn ?? model.getLineMaxColumn(lineNumber),
      };
    }),
  );
}

/** Errors and warnings of a model as TypeScript sees it. */
export function countProblems(model: Model): { readonly errors: number; readonly warnings: number } {
  const markers = monaco.editor.getModelMarkers({ resource: model.uri });
  return {
    errors: markers.filter(({ severity }) => severity === monaco.MarkerSeverity.Error).length,
    warnings: markers.filter(({ severity }) => severity === monaco.MarkerSeverity.Warning).length,
  };
}
