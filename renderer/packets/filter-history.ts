/** Display filters that were used, newest first, remembered from one start to the next. */
import { ref } from "vue";
import { readSetting, writeSetting } from "../stores/settings.ts";

const SETTING = "packets.filters";
const KEPT = 20;

/** For those who have not used one yet. */
export const FILTER_EXAMPLES: readonly { readonly filter: string; readonly meaning: string }[] = [
  { filter: "tcp.port == 80", meaning: "one port" },
  { filter: "ip.addr == 10.0.0.1", meaning: "one host" },
  { filter: "tcp.flags.syn == 1", meaning: "connection set-up" },
  { filter: "icmp || arp", meaning: "two protocols" },
];

export const filterHistory = ref<readonly string[]>(stored());

export function rememberFilter(filter: string): void {
  const text = filter.trim();
  if (text === "") return;
  filterHistory.value = [text, ...filterHistory.value.filter((other) => other !== text)].slice(0, KEPT);
  writeSetting(SETTING, JSON.stringify(filterHistory.value));
}

function stored(): string[] {
  try {
    const list: unknown = JSON.parse(readSetting(SETTING) ?? "[]");
    return Array.isArray(list) ? list.filter((item): item is string => typeof item === "string").slice(0, KEPT) : [];
  } catch {
    return [];
  }
}
