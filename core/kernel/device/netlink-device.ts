/** The requests of `ip link`, `tc qdisc` and `ethtool`, answered by the devices of a machine. */
import { unreachable } from "../../base/assert.ts";
import { MICROSECOND } from "../../base/time.ts";
import { isGroupMac } from "../../wire/address.ts";
import { E } from "../syscall/errno.ts";
import type { EthtoolInfo, LinkInfo, NetlinkReply, NetlinkRequest, QdiscInfo } from "../syscall/netlink.ts";
import type { Devices } from "./devices.ts";
import { ethtoolStatistics } from "./ethtool.ts";
import {
  COALESCE_NS_MAX,
  MTU_MAX,
  MTU_MIN,
  RING_DESCRIPTORS_MAX,
  RING_DESCRIPTORS_MIN,
  TUN_MTU_MAX,
} from "./limits.ts";
import { linkStatistics } from "./link-statistics.ts";
import type { NetDevice } from "./net-device.ts";
import { Nic } from "./nic.ts";
import type { NicOffload } from "./nic-options.ts";
import { parseQdisc } from "./qdisc/parse.ts";
import { PfifoFast } from "./qdisc/pfifo-fast.ts";
import type { Qdisc } from "./qdisc/qdisc.ts";
import { TunDevice } from "./tun-device.ts";

const DONE: NetlinkReply = { kind: "done" };

type Request<Kind extends NetlinkRequest["kind"]> = Extract<NetlinkRequest, { readonly kind: Kind }>;

/** @returns the answer, -errno, or null when the request is not about devices. */
export function handleDeviceRequest(devices: Devices, request: NetlinkRequest): NetlinkReply | number | null {
  switch (request.kind) {
    case "link-list":
      return { kind: "links", links: devices.list().map(linkInfo) };
    case "link-set":
      return setLink(devices, request);
    case "qdisc-list":
      return listQdiscs(devices, request);
    case "qdisc-set":
    case "qdisc-delete":
      return setQdisc(devices, request);
    case "ethtool-get":
    case "ethtool-set":
      return onQueued(devices, request.device, (device) => {
        if (device instanceof TunDevice) {
          return request.kind === "ethtool-get" ? -E.EOPNOTSUPP : setTunFeature(device, request);
        }
        return request.kind === "ethtool-get"
          ? { kind: "ethtool", ethtool: ethtoolInfo(device) }
          : setEthtool(device, request);
      });
    case "address-list":
    case "address-add":
    case "address-delete":
    case "address-flush":
    case "route-list":
    case "route-add":
    case "route-replace":
    case "route-delete":
    case "route-get":
    case "neighbour-list":
    case "neighbour-add":
    case "neighbour-replace":
    case "neighbour-delete":
    case "neighbour-flush":
    case "socket-list":
    case "sysctl-list":
    case "sysctl-get":
    case "sysctl-set":
      return null;
    default:
      return unreachable(request);
  }
}

/** A device with a queueing discipline and switches. */
type Queued = Nic | TunDevice;

const isQueued = (device: NetDevice): device is Queued => device instanceof Nic || device instanceof TunDevice;

/** ENODEV for an unknown name, EOPNOTSUPP for a device without a queue. */
function onQueued(
  devices: Devices,
  name: string,
  action: (device: Queued) => NetlinkReply | number,
): NetlinkReply | number {
  const device = devices.byName(name);
  if (device === null) return -E.ENODEV;
  return isQueued(device) ? action(device) : -E.EOPNOTSUPP;
}

function qdiscOf(device: NetDevice): Qdisc | null {
  if (device instanceof Nic) return device.transmit.qdisc;
  return device instanceof TunDevice ? device.qdisc : null;
}

// Links

function linkInfo(device: NetDevice): LinkInfo {
  return {
    index: device.index,
    name: device.name,
    kind: device.isLoopback ? "loopback" : "ether",
    mac: device.mac,
    mtu: device.mtu,
    isUp: device.isUp,
    carrier: device.carrier,
    promiscuous: device.promiscuity > 0,
    qdisc: qdiscOf(device)?.kind ?? "noqueue",
    txqueuelen: isQueued(device) ? device.txQueueLength : 1000,
    stats: linkStatistics(device.stats),
  };
}

function setLink(devices: Devices, request: Request<"link-set">): NetlinkReply | number {
  const device = devices.byName(request.device);
  if (device === null) return -E.ENODEV;
  const { mtu, mac, txqueuelen, promisc, up } = request;
  const mtuMax = device.isLoopback ? 65_536 : device instanceof TunDevice ? TUN_MTU_MAX : MTU_MAX;
  // Everything is checked before anything is changed.
  if (mtu !== undefined && !(Number.isInteger(mtu) && mtu >= MTU_MIN && mtu <= mtuMax)) return -E.EINVAL;
  if (txqueuelen !== undefined && !(Number.isInteger(txqueuelen) && txqueuelen >= 0)) return -E.EINVAL;
  if (mac !== undefined) {
    if (!(device instanceof Nic)) return -E.EOPNOTSUPP;
    if (isGroupMac(mac) || mac === 0) return -E.EADDRNOTAVAIL;
    // A running card keeps its address (eth_prepare_mac_addr_change).
    if (device.isUp && up !== false) return -E.EBUSY;
  }
  if (up === false) device.setUp(false);
  if (mac !== undefined && device instanceof Nic) device.mac = mac;
  if (mtu !== undefined) device.mtu = mtu;
  if (txqueuelen !== undefined && isQueued(device)) device.txQueueLength = txqueuelen;
  if (promisc !== undefined && device instanceof Nic) device.setPromiscuous(promisc);
  if (up === true) device.setUp(true);
  return DONE;
}

// Queueing disciplines

function listQdiscs(devices: Devices, request: Request<"qdisc-list">): NetlinkReply | number {
  const only = request.device;
  if (only !== undefined && devices.byName(only) === null) return -E.ENODEV;
  const shown = devices.list().filter((device) => only === undefined || device.name === only);
  return { kind: "qdiscs", qdiscs: shown.map(qdiscInfo) };
}

function qdiscInfo(device: NetDevice): QdiscInfo {
  const qdisc = qdiscOf(device);
  const handle = isQueued(device) ? device.qdiscHandle : 0;
  return {
    device: device.name,
    kind: qdisc?.kind ?? "noqueue",
    handle: `${handle.toString(16)}:`,
    isRoot: true,
    options: qdisc?.options() ?? "",
    sentBytes: qdisc?.stats.sentBytes ?? 0,
    sentPackets: qdisc?.stats.sentPackets ?? 0,
    dropped: qdisc?.stats.dropped ?? 0,
    overlimits: qdisc?.stats.overlimits ?? 0,
    requeues: qdisc?.stats.requeues ?? 0,
    backlogBytes: qdisc?.backlogBytes ?? 0,
    backlogPackets: qdisc?.length ?? 0,
    extra: qdisc?.extra() ?? [],
  };
}

function setQdisc(devices: Devices, request: Request<"qdisc-set"> | Request<"qdisc-delete">): NetlinkReply | number {
  return onQueued(devices, request.device, (device) => {
    if (request.kind === "qdisc-delete") {
      // tc: "Cannot delete qdisc with handle of zero." The default one is always there.
      if (device.qdiscHandle === 0) return -E.ENOENT;
      device.replaceQdisc(new PfifoFast(device), 0);
      return DONE;
    }
    const factory = parseQdisc(request.spec);
    if (!factory.ok) return -E.EINVAL;
    device.replaceQdisc(factory.value(device), devices.newQdiscHandle());
    return DONE;
  });
}

// ethtool

function ethtoolInfo(nic: Nic): EthtoolInfo {
  const max = RING_DESCRIPTORS_MAX;
  const { rxNs, rxFrames, txNs, txFrames } = nic.coalesce;
  return {
    device: nic.name,
    driver: nic.driverKind,
    speedMbps: Math.floor(nic.speed / 1e6),
    duplex: nic.isHalfDuplex ? "half" : "full",
    linkDetected: nic.carrier && nic.isUp,
    rings: { rx: nic.receive.ring.size, tx: nic.transmit.ring.size, rxMax: max, txMax: max },
    coalesce: {
      rxUsecs: Math.floor(rxNs / MICROSECOND),
      rxFrames,
      txUsecs: Math.floor(txNs / MICROSECOND),
      txFrames,
    },
    features: new Map([
      ["rx-checksumming", nic.offload.rxChecksum],
      ["tx-checksumming", nic.offload.txChecksum],
      ["scatter-gather", true],
      ["tcp-segmentation-offload", nic.offload.tso],
      ["generic-segmentation-offload", nic.offload.gso],
      ["generic-receive-offload", nic.offload.gro],
    ]),
    statistics: ethtoolStatistics(nic),
  };
}

/** Long and short names of `ethtool -K`. */
const SWITCHES: ReadonlyMap<string, keyof NicOffload> = new Map([
  ["rx-checksumming", "rxChecksum"],
  ["rx", "rxChecksum"],
  ["tx-checksumming", "txChecksum"],
  ["tx", "txChecksum"],
  ["tcp-segmentation-offload", "tso"],
  ["tso", "tso"],
  ["generic-segmentation-offload", "gso"],
  ["gso", "gso"],
  ["generic-receive-offload", "gro"],
  ["gro", "gro"],
]);

const isWithin = (value: number | undefined, least: number, most: number): boolean =>
  value === undefined || (Number.isInteger(value) && value >= least && value <= most);

/** `ethtool -K` of a tun: whether it takes open checksums and large packets. It has nothing else to set. */
function setTunFeature(tun: TunDevice, { feature }: Request<"ethtool-set">): NetlinkReply | number {
  const offload = feature === undefined ? undefined : SWITCHES.get(feature.name);
  if (feature === undefined || offload === undefined) return -E.EOPNOTSUPP;
  if (offload === "txChecksum") tun.txChecksumOffload = feature.on;
  if (offload === "tso" || offload === "gso") tun[offload] = feature.on;
  return DONE;
}

function setEthtool(nic: Nic, request: Request<"ethtool-set">): NetlinkReply | number {
  const { rx, tx, rxUsecs, rxFrames, txUsecs, txFrames, feature } = request;
  const usecsMax = COALESCE_NS_MAX / MICROSECOND;
  const rings = [rx, tx].every((size) => isWithin(size, RING_DESCRIPTORS_MIN, RING_DESCRIPTORS_MAX));
  const delays = [rxUsecs, txUsecs].every((usecs) => isWithin(usecs, 0, usecsMax));
  const frames = [rxFrames, txFrames].every((count) => isWithin(count, 1, RING_DESCRIPTORS_MAX));
  if (!rings || !delays || !frames) return -E.EINVAL;
  const offload = feature === undefined ? undefined : SWITCHES.get(feature.name);
  if (feature !== undefined && offload === undefined) return -E.EOPNOTSUPP;
  if (rx !== undefined) nic.receive.resize(rx);
  if (tx !== undefined) nic.transmit.resize(tx);
  const { coalesce } = nic;
  nic.coalesce = {
    rxNs: rxUsecs === undefined ? coalesce.rxNs : rxUsecs * MICROSECOND,
    txNs: txUsecs === undefined ? coalesce.txNs : txUsecs * MICROSECOND,
    rxFrames: rxFrames ?? coalesce.rxFrames,
    txFrames: txFrames ?? coalesce.txFrames,
  };
  if (feature !== undefined && offload !== undefined) nic.offload = { ...nic.offload, [offload]: feature.on };
  return DONE;
}
