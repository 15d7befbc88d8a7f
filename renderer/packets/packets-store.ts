/**
 * What the packets pane shows: filter, rows, the packet that is selected, its layers and its way through the network.
 * It outlives the pane, so that commands and other panes can lead to a packet.
 */
import { defineStore } from "pinia";
import { computed, markRaw, ref, shallowRef, watch } from "vue";
import type { PacketDetail, PacketRow } from "../../core/contract/api/packet-view.ts";
import type { ApiProblem } from "../../core/contract/api/problem.ts";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import { call, onFrame } from "../stores/core.ts";
import { report } from "../stores/notices.ts";
import { useLab } from "../stores/lab.ts";
import { rememberFilter } from "./filter-history.ts";
import { PacketPages } from "./packet-pages.ts";

/** Between two refreshes, ms: faster nobody reads. */
const REFRESH_MS = 200;

export type DetailTab = "layers" | "journey";

export const usePackets = defineStore("packets", () => {
  const lab = useLab();
  /** Counts changes of `pages`, which is no reactive object itself: it holds too much, and has private fields. */
  const version = ref(0);
  const pages = markRaw(
    new PacketPages(
      (params) => call("packets.page", params),
      () => version.value++,
    ),
  );
  /** As it stands in the field; the one that holds is `pages.filter`. */
  const filter = ref("");
  const problem = shallowRef<ApiProblem | null>(null);
  const isFollowing = ref(true);
  watch(
    isFollowing,
    (follows) => {
      pages.isFollowing = follows;
      if (follows) pages.refresh();
    },
    { immediate: true, flush: "sync" },
  );
  const detail = shallowRef<PacketDetail | null>(null);
  const hops = shallowRef<readonly PacketRow[]>([]);
  const tab = ref<DetailTab>("layers");
  const selected = computed(() => detail.value?.row.number ?? null);
  const total = computed(() => (version.value, pages.total));
  const forgotten = computed(() => (version.value, pages.forgotten));
  const isComplete = computed(() => (version.value, pages.isComplete));

  let timer: ReturnType<typeof setTimeout> | undefined;
  let refreshedMs = -Infinity;
  let newest = 0;
  /** Raised by each selection: answers may come out of order. */
  let asked = 0;

  /** At once after a rest, so that a single step shows without delay. */
  function refreshSoon(): void {
    timer ??= setTimeout(refresh, Math.max(0, refreshedMs + REFRESH_MS - performance.now()));
  }

  function refresh(): void {
    timer = undefined;
    refreshedMs = performance.now();
    pages.refresh();
    if (tab.value === "journey") void readHops();
    if (!pages.isComplete) refreshSoon();
  }

  function onPush(push: FramePush): void {
    if (push.rewound) forget();
    if (push.packets === newest && !push.rewound) return;
    newest = push.packets;
    refreshSoon();
  }

  function forget(): void {
    asked++;
    detail.value = null;
    hops.value = [];
    newest = 0;
    pages.rewind();
  }

  watch(() => lab.generation, forget);

  /** @returns whether the filter holds now. */
  async function apply(text: string): Promise<boolean> {
    problem.value = await pages.setFilter(text);
    if (!pages.isComplete) refreshSoon();
    return problem.value === null;
  }

  /** Also remembers it: for a filter that somebody has finished. */
  async function setFilter(text: string): Promise<void> {
    filter.value = text;
    if (await apply(text)) rememberFilter(text);
  }

  async function select(number: number | null): Promise<void> {
    const turn = ++asked;
    if (number === null) {
      detail.value = null;
      hops.value = [];
      return;
    }
    try {
      const answer = await call("packets.detail", { number });
      if (turn !== asked) return;
      const isOther = detail.value?.row.packet !== answer.row.packet;
      detail.value = answer;
      if (isOther) hops.value = [];
      if (tab.value === "journey") await readHops();
    } catch (error) {
      report(error);
    }
  }

  async function readHops(): Promise<void> {
    const packet = detail.value?.row.packet ?? 0;
    if (packet === 0) return;
    const { rows } = await call("packets.follow", { packet });
    if (detail.value?.row.packet === packet) hops.value = rows;
  }

  async function showTab(to: DetailTab): Promise<void> {
    tab.value = to;
    if (to === "journey") await readHops();
  }

  return {
    ...{ pages, version, filter, problem, isFollowing, detail, hops, tab, selected, total, forgotten, isComplete },
    ...{ apply, setFilter, select, showTab, listen: () => onFrame(onPush), refreshSoon },
  };
});
