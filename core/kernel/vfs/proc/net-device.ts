/** /proc/net/dev and /proc/net/softnet_stat (net/core/net-procfs.c). */
import type { NetDevice } from "../../device/net-device.ts";
import { hex32, right } from "./format.ts";
import type { CpuSource, DeviceSource } from "./sources.ts";

const HEADER =
  "Inter-|   Receive                                                |  Transmit\n" +
  " face |bytes    packets errs drop fifo frame compressed multicast" +
  "|bytes    packets errs drop fifo colls carrier compressed\n";
/** Column widths behind the name. */
const WIDTHS = [7, 7, 4, 4, 4, 5, 10, 9, 8, 7, 4, 4, 4, 5, 7, 10] as const;

export function procNetDev(devices: DeviceSource): string {
  return HEADER + devices.list().map(deviceLine).join("");
}

function deviceLine(device: NetDevice): string {
  const s = device.stats;
  const columns = [
    s.rxBytes,
    s.rxPackets,
    s.rxErrors,
    s.rxDropped,
    s.rxFifoErrors,
    s.rxOverErrors + s.rxCrcErrors + s.rxFrameErrors,
    0,
    s.multicast,
    s.txBytes,
    s.txPackets,
    s.txErrors,
    s.txDropped,
    s.txFifoErrors,
    s.collisions,
    s.txCarrierErrors + s.txAbortedErrors,
    0,
  ];
  const cells = columns.map((value, index) => right(value, WIDTHS[index] ?? 0));
  return `${right(device.name, 6)}: ${cells.join(" ")}\n`;
}

export function procSoftnetStat(cpus: readonly CpuSource[]): string {
  return cpus
    .map(({ softnet }, index) => {
      const columns = [softnet.processed, softnet.dropped, softnet.timeSqueeze, 0, 0, 0, 0, 0, 0, softnet.receivedRps];
      // flow_limit, backlog, CPU number, and the two queues the backlog consists of.
      columns.push(0, softnet.backlogLength, index, softnet.backlogLength, 0);
      return `${columns.map(hex32).join(" ")}\n`;
    })
    .join("");
}
