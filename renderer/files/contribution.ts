/** The File menu. */
import { registerCommands } from "../commands/registry.ts";
import { useLab } from "../stores/lab.ts";
import { closeLab, exportCapture, newLab, openLab, saveLab } from "./lab-files.ts";

const isLoaded = (): boolean => useLab().isLoaded;
const category = "File";

registerCommands([
  { id: "file.new", title: "New lab", category, menu: { group: 0, order: 0 }, run: newLab },
  { id: "file.open", title: "Open lab…", category, keys: ["Ctrl+O"], menu: { group: 0, order: 1 }, run: openLab },
  {
    ...{ id: "file.samples", title: "Sample labs", category, menu: { group: 0, order: 2 } },
    ...{ when: isLoaded, run: closeLab },
  },
  {
    ...{ id: "file.save", title: "Save", category, keys: ["Ctrl+S"], menu: { group: 1, order: 0 } },
    ...{ when: isLoaded, run: () => saveLab() },
  },
  {
    ...{ id: "file.save-as", title: "Save as…", category, keys: ["Ctrl+Shift+S"], menu: { group: 1, order: 1 } },
    ...{ when: isLoaded, run: () => saveLab(true) },
  },
  {
    ...{ id: "file.export-capture", title: "Export capture (pcapng)", category, menu: { group: 2, order: 0 } },
    ...{ when: () => useLab().view !== null, run: () => exportCapture(null) },
  },
  {
    ...{ id: "file.close", title: "Close lab", category, menu: { group: 3, order: 0 } },
    ...{ when: isLoaded, run: closeLab },
  },
]);
