/**
 * net.core.*: parameters of receive processing and of sockets, with Linux's names, defaults and units
 * (Documentation/admin-guide/sysctl/net.rst).
 */
import { NAPI_WEIGHT } from "./cpu/napi.ts";
import { RCVBUF_MIN, SNDBUF_MIN, SOCKET_MEMORY_DEFAULT } from "./socket/limits.ts";
import { sysctlList, type SysctlTable } from "./sysctl.ts";

export class NetCoreSysctls {
  /** Packets that one net_rx_action handles at most. */
  netdevBudget = 300;
  netdevBudgetUsecs = 2000;
  netdevMaxBacklog = 1000;
  /** Packets that a CPU's backlog hands on at most before others get their turn. */
  devWeight = NAPI_WEIGHT;
  /** Bytes. */
  rmemDefault = SOCKET_MEMORY_DEFAULT;
  rmemMax = SOCKET_MEMORY_DEFAULT;
  wmemDefault = SOCKET_MEMORY_DEFAULT;
  wmemMax = SOCKET_MEMORY_DEFAULT;
  somaxconn = 4096;

  constructor(table: SysctlTable) {
    table.define(NUMBERS, this);
  }
}

const NUMBERS = sysctlList("net.core.", {
  netdevBudget: ["netdev_budget", 1],
  netdevBudgetUsecs: ["netdev_budget_usecs", 1],
  netdevMaxBacklog: ["netdev_max_backlog"],
  devWeight: ["dev_weight", 1],
  rmemDefault: ["rmem_default", RCVBUF_MIN],
  rmemMax: ["rmem_max", RCVBUF_MIN],
  wmemDefault: ["wmem_default", SNDBUF_MIN],
  wmemMax: ["wmem_max", SNDBUF_MIN],
  somaxconn: ["somaxconn"],
});
