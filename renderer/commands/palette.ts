/** Whether the palette and the list of keys are open. */
import { ref } from "vue";

export const isPaletteOpen = ref(false);
export const isKeysHelpOpen = ref(false);
