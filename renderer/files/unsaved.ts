/** Watches over what is not saved: keeps a draft, and asks before the window closes. */
import { watch } from "vue";
import { useLab } from "../stores/lab.ts";
import { report } from "../stores/notices.ts";
import { keepDraft } from "./draft.ts";
import { readFile } from "./file-host.ts";
import { openLabFile } from "./lab-files.ts";

const KEEP_MS = 400;

/** @returns how to stop. */
export function guardUnsavedWork(): () => void {
  const lab = useLab();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stopWatching = watch(
    () => lab.text,
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (lab.isDirty) keepDraft({ file: lab.file, text: lab.text });
      }, KEEP_MS);
    },
  );
  const onLeave = (event: BeforeUnloadEvent): void => {
    if (lab.isDirty) event.preventDefault();
  };
  globalThis.addEventListener("beforeunload", onLeave);
  return () => {
    clearTimeout(timer);
    stopWatching();
    globalThis.removeEventListener("beforeunload", onLeave);
  };
}

export async function openDroppedFile(file: File): Promise<void> {
  try {
    await openLabFile(await readFile(file, null));
  } catch (error) {
    report(error);
  }
}
