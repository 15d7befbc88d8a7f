/** Dark, light, or as the system has it; remembered. The tokens are in tokens.css. */
import { computed, ref, watchEffect } from "vue";
import { readSetting, writeSetting } from "../stores/settings.ts";

export type ThemeChoice = "dark" | "light" | "system";

const system = globalThis.matchMedia("(prefers-color-scheme: light)");
const systemIsLight = ref(system.matches);
system.addEventListener("change", (event) => (systemIsLight.value = event.matches));

const stored = readSetting("theme");
export const themeChoice = ref<ThemeChoice>(stored === "light" || stored === "dark" ? stored : "system");

export const theme = computed<"dark" | "light">(() =>
  themeChoice.value === "system" ? (systemIsLight.value ? "light" : "dark") : themeChoice.value,
);

export function chooseTheme(choice: ThemeChoice): void {
  themeChoice.value = choice;
  writeSetting("theme", choice);
}

watchEffect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

/** Value of a token, for canvases. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
