/** Files through main's dialogs. The place of a file is the handle that main gave out for it. */
import type { LabFile as OpenedFile } from "../../core/contract/desktop/desktop.ts";
import { askDesktop } from "../bridge/desktop.ts";
import type { FileHost, LabFile } from "../files/file-host.ts";

export const desktopFiles: FileHost = {
  async open() {
    const file = await askDesktop("lab:open", null);
    return file === null ? null : labFileOf(file);
  },
  async save({ name, text, place, from, moved }) {
    const saved = await askDesktop("lab:save", {
      ...{ handle: handleOf(place), name, text, from: handleOf(from) },
      moved: moved === null ? null : { text: moved.text, programs: moved.sources },
    });
    return saved === null ? null : { name: saved.name, place: saved.handle, isMoved: saved.isMoved };
  },
  async saveProgram(place, path, text) {
    const handle = handleOf(place);
    return handle !== null && (await askDesktop("program:save", { handle, path, text }));
  },
  async saveBytes(name, bytes) {
    await askDesktop("bytes:save", { name, bytes });
  },
};

export const labFileOf = ({ name, text, sources, handle }: OpenedFile): LabFile => ({
  name,
  text,
  sources,
  place: handle,
});

const handleOf = (place: unknown): string | null => (typeof place === "string" ? place : null);
