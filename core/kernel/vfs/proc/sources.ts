/** Where /proc's files get their content from; the rest of the kernel fits these by its shape. */
import type { NetDevice } from "../../device/net-device.ts";
import type { NetlinkReply, NetlinkRequest, SocketInfo } from "../../syscall/netlink.ts";

/** A CPU and its receive processing. */
export interface CpuSource {
  snapshot(): {
    /** ns. */
    readonly times: {
      readonly user: number;
      readonly system: number;
      readonly idle: number;
      readonly irq: number;
      readonly softirq: number;
    };
    readonly interrupts: readonly { readonly irq: number; readonly name: string; readonly count: number }[];
    /** Times served, by vector. */
    readonly softirqs: readonly number[];
  };
  readonly softnet: {
    readonly processed: number;
    readonly dropped: number;
    readonly timeSqueeze: number;
    readonly receivedRps: number;
    readonly backlogLength: number;
  };
}

export interface DeviceSource {
  list(): readonly NetDevice[];
  byIndex(index: number): NetDevice | null | undefined;
}

export interface NetSources {
  readonly devices: DeviceSource;
  /** Answers address, route and neighbour requests. */
  netlink(request: NetlinkRequest): NetlinkReply | number;
  sockets(): readonly Omit<SocketInfo, "process">[];
  /** How many processes hold, of every family. */
  socketsUsed(): number;
}
