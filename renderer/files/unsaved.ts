/** Watches over what is not saved: keeps a draft, and asks before the window closes. */
import { watch } from "vue";
import { useLab } from "../stores/lab.ts";
import { notify, report } from "../stores/notices.ts";
import { keepDraft } from "./draft.ts";
import { labOfFiles, programsOf } from "./file-host.ts";
import { openLabFile, placeOfLab, takePrograms } from "./lab-files.ts";

const KEEP_MS = 400;

/** @returns how to stop. */
export function guardUnsavedWork(): () => void {
  const lab = useLab();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stopWatching = watch(
    () => [lab.text, lab.sources, lab.pendingChanges],
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (lab.isDirty) keepDraft({ file: lab.file, ...lab.withPending(), place: placeOfLab() });
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

/** A lab with its programs, or programs for the lab that is open. */
export async function openDroppedFiles(files: readonly File[]): Promise<void> {
  try {
    const lab = await labOfFiles(files, () => null);
    if (lab !== null) await openLabFile(lab);
    else if (!(await takePrograms(await programsOf(files)))) {
      notify({ kind: "warning", title: "There is no lab among these files.", hint: "Labs end in .lab.yaml." });
    }
  } catch (error) {
    report(error);
  }
}
