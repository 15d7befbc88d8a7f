/** Files through main's dialogs. The place of a file is the handle that main gave out for it. */
import { askDesktop } from "../bridge/desktop.ts";
import type { FileHost } from "../files/file-host.ts";

export const desktopFiles: FileHost = {
  async open() {
    const file = await askDesktop("lab:open", null);
    return file === null ? null : { name: file.name, text: file.text, place: file.handle };
  },
  async save({ name, text, place }) {
    const saved = await askDesktop("lab:save", { handle: handleOf(place), name, text });
    return saved === null ? null : { name: saved.name, text, place: saved.handle };
  },
  async saveBytes(name, bytes) {
    await askDesktop("bytes:save", { name, bytes });
  },
};

const handleOf = (place: unknown): string | null => (typeof place === "string" ? place : null);
