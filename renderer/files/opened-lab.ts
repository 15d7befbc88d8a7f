/** The lab that the browser edition was started with: its server has it, under a name that the address tells. */
import { openedLabPath, openedLabToken, type OpenedLab } from "../../core/contract/api/opened-lab.ts";
import { openLabFile } from "./lab-files.ts";

/** Once: a page that is loaded again starts where everybody does. */
export async function openNamedLab(): Promise<void> {
  const token = openedLabToken(location.hash);
  if (token === null) return;
  history.replaceState(null, "", location.pathname);
  const response = await fetch(`./${openedLabPath(token)}`);
  if (!response.ok) throw new Error(`The lab is not there any more (${response.status}).`);
  const { name, text, sources } = (await response.json()) as OpenedLab;
  await openLabFile({ name, text, sources, place: null });
}
