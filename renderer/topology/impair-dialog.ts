/** Opens the dialog for what a link does to frames. */
import ImpairDialog from "./ImpairDialog.vue";
import { showDialog } from "../ui/dialogs.ts";

export async function showImpairDialog(link: string): Promise<void> {
  await showDialog({ title: `Impair ${link}`, component: ImpairDialog, props: { link }, width: 620 });
}
