/** What is selected, by name: names survive an edit of the lab that shifts indices. */
import { defineStore } from "pinia";
import { computed, shallowRef } from "vue";

export const useSelection = defineStore("selection", () => {
  const nodes = shallowRef<readonly string[]>([]);
  const links = shallowRef<readonly string[]>([]);
  const isEmpty = computed(() => nodes.value.length + links.value.length === 0);
  /** The one thing that the inspector shows. */
  const single = computed(() => {
    const [node] = nodes.value;
    const [link] = links.value;
    if (nodes.value.length + links.value.length !== 1) return null;
    return node !== undefined ? { kind: "node" as const, name: node } : { kind: "link" as const, name: link ?? "" };
  });

  function select(to: { readonly nodes?: readonly string[]; readonly links?: readonly string[] }): void {
    nodes.value = to.nodes ?? [];
    links.value = to.links ?? [];
  }

  function clear(): void {
    select({});
  }

  return { nodes, links, isEmpty, single, select, clear };
});
