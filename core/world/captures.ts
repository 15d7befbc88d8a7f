/** Captures: every interface of every machine has a number, and taps on the wanted ones hand their frames out. */
import type { CapturedFrame, CaptureInterface } from "../contract/capture.ts";
import type { DropReason } from "../contract/drop-reason.ts";
import type { FrameTap, Nic } from "../kernel/device/nic.ts";
import type { Frame } from "../wire/frame.ts";
import type { World } from "./world.ts";

export class Captures {
  readonly interfaces: readonly CaptureInterface[];
  readonly #world: World;
  /** Node and NIC of each interface. */
  readonly #sockets: readonly { readonly node: number; readonly nic: number }[];
  #wanted: ReadonlySet<number> = new Set();

  constructor(world: World) {
    this.#world = world;
    const interfaces: CaptureInterface[] = [];
    const sockets: { node: number; nic: number }[] = [];
    for (const { node } of world.machines.values()) {
      for (const nic of node.nics) {
        const link = nic.link === null ? undefined : world.lab.links[nic.link.index];
        interfaces.push({
          name: `${node.name}:${nic.name}`,
          node: node.name,
          nic: nic.name,
          mac: nic.mac,
          addresses: nic.addresses,
          speed: (nic.link?.end === 0 ? link?.forward : link?.backward)?.rateBps ?? 0,
        });
        sockets.push({ node: node.index, nic: nic.index });
      }
    }
    this.interfaces = interfaces;
    this.#sockets = sockets;
  }

  /** Whether frames of any interface are wanted. */
  get isTapping(): boolean {
    return this.#wanted.size > 0;
  }

  tap(wanted: ReadonlySet<number>): void {
    this.#wanted = wanted;
    this.retap();
  }

  retap(): void {
    this.#sockets.forEach(({ node, nic }, index) => {
      const device = this.#world.machine(node).nic(nic);
      if (device !== null) device.frameTap = this.#wanted.has(index) ? new Tap(this.#world, index) : null;
    });
  }
}

/** One record, filled anew for every frame: listeners copy what they keep. */
class Tap implements FrameTap {
  readonly #world: World;
  readonly #record: CapturedFrame;

  constructor(world: World, index: number) {
    this.#world = world;
    this.#record = {
      interface: index,
      time: 0,
      direction: "in",
      packetId: 0,
      fcsGood: true,
      dropReason: null,
      bytes: new Uint8Array(0),
      start: 0,
      length: 0,
    };
  }

  onFrame(_nic: Nic, frame: Frame, direction: "in" | "out", dropReason: DropReason | null): void {
    const record = this.#record;
    record.time = this.#world.engine.now;
    record.direction = direction;
    record.packetId = frame.packetId;
    record.fcsGood = frame.fcsGood;
    record.dropReason = dropReason;
    record.bytes = frame.view();
    record.start = 0;
    record.length = frame.length;
    this.#world.onFrame(record);
  }
}
