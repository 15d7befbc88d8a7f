/** The connection that the TCP view shows: picked from all of the lab, and followed while the run goes on. */
import { defineStore } from "pinia";
import { computed, markRaw, ref, shallowRef, watch } from "vue";
import type { TcpSocketRow } from "../../core/contract/api/close-view.ts";
import type { FramePush } from "../../core/contract/api/run-view.ts";
import type { TcpView } from "../../core/contract/tcp-view.ts";
import { call, onFrame } from "../stores/core.ts";
import { useLab } from "../stores/lab.ts";
import { useRun } from "../stores/run.ts";
import { TcpColumns } from "./tcp-columns.ts";

/** Pictures a second: more nobody tells apart, and each asks the core. */
const REFRESH_MS = 120;

export interface Endpoint {
  readonly node: string;
  readonly socket: number;
}

export const useTcp = defineStore("tcp", () => {
  const lab = useLab();
  const run = useRun();
  const sockets = shallowRef<readonly TcpSocketRow[]>([]);
  /** Null: the first one that there is. */
  const picked = shallowRef<Endpoint | null>(null);
  const view = shallowRef<TcpView | null>(null);
  const columns = markRaw(new TcpColumns());
  /** Counts changes of `columns`. */
  const version = ref(0);
  const shown = computed<TcpSocketRow | null>(() => {
    const wanted = picked.value;
    const found = sockets.value.find((row) => row.node === wanted?.node && row.socket === wanted.socket);
    return found ?? (wanted === null ? likely(sockets.value) : null);
  });
  /** The socket at the other end of the connection. */
  const otherEnd = computed(() => {
    const row = shown.value;
    if (row === null || row.state === "LISTEN") return null;
    const fits = (own: string, peer: string): boolean => own === peer || samePort(own, peer);
    return (
      sockets.value.find(
        (other) => other.node !== row.node && fits(other.local, row.peer) && fits(row.local, other.peer),
      ) ?? null
    );
  });

  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  /** What is on its way is about something else. */
  let turn = 0;

  function refreshSoon(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void refresh();
    }, REFRESH_MS);
  }

  async function refresh(): Promise<void> {
    if (isAsking) return refreshSoon();
    isAsking = true;
    const now = turn;
    try {
      const list = (await call("tcp.list", {})).sockets;
      if (now !== turn) return;
      sockets.value = list;
      const row = shown.value;
      if (row === null) {
        view.value = null;
        return;
      }
      const { node, socket } = row;
      picked.value ??= { node, socket };
      const answer = await call("tcp.view", { node, socket, since: columns.next });
      if (now !== turn) return;
      view.value = answer.view;
      columns.add(answer.series);
      version.value++;
    } catch {
      // No lab is open, or the core is on its way back: the next push asks again.
    } finally {
      isAsking = false;
      if (now !== turn) refreshSoon();
    }
  }

  function forget(): void {
    turn++;
    view.value = null;
    columns.clear();
    version.value++;
  }

  function pick(endpoint: Endpoint): void {
    if (picked.value?.node === endpoint.node && picked.value.socket === endpoint.socket) return;
    picked.value = endpoint;
    forget();
    void refresh();
  }

  function onPush(push: FramePush): void {
    if (push.rewound) forget();
    refreshSoon();
  }

  watch(
    () => lab.generation,
    () => {
      picked.value = null;
      sockets.value = [];
      forget();
      refreshSoon();
    },
  );

  /** While a pane shows it. @returns how to stop. */
  function listen(): () => void {
    const stop = onFrame(onPush);
    void refresh();
    return () => {
      clearTimeout(timer);
      timer = undefined;
      stop();
    };
  }

  const now = computed(() => run.state?.time ?? 0);

  return { sockets, picked, shown, otherEnd, view, columns, version, now, pick, listen };
});

/** The connection that most people want to see first: one that is open, of whoever opened it. */
function likely(rows: readonly TcpSocketRow[]): TcpSocketRow | null {
  const connections = rows.filter(({ state, peer }) => state !== "LISTEN" && !peer.startsWith("0.0.0.0"));
  const portOf = (address: string): number => Number(address.split(":").at(-1));
  // Clients have the higher port; it is they who send first.
  const clients = connections.filter(({ local, peer }) => portOf(local) > portOf(peer));
  return clients.find(({ state }) => state === "ESTAB") ?? clients[0] ?? connections[0] ?? rows[0] ?? null;
}

/** What is over is known by its node's name instead of its address. */
function samePort(one: string, other: string): boolean {
  const isName = (text: string): boolean => !/^\d+\.\d+\.\d+\.\d+:/.test(text);
  return (isName(one) || isName(other)) && one.split(":").at(-1) === other.split(":").at(-1);
}
