import { describe, expect, it } from "vitest";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import type { FakeDevice, NetHost } from "../../../test/harness/net.ts";
import { ip, ipPacket, NetWorld, Segment } from "../../../test/harness/net.ts";

function router(): { world: NetWorld; host: NetHost; left: FakeDevice; out: Segment; send: (n: number) => void } {
  const world = new NetWorld();
  const out = new Segment(world);
  const host = world.host("r");
  const left = host.device(new Segment(world), "10.0.1.1/24");
  const right = host.device(out, "10.0.2.1/24");
  host.set("net.ipv4.ip_forward", 1);
  host.stack.neighbours.set(right, ip("10.0.2.2"), 0x020000000042 as never, true);
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) {
      left.hearPacket(ipPacket({ source: ip("10.0.1.2"), target: ip("10.0.2.2"), id: i }));
    }
  };
  return { world, host, left, out, send };
}

describe("IpQueue", () => {
  it("lets everything pass while nobody reads", () => {
    const { host, out, send } = router();
    send(3);
    expect(out.packets().length).toBe(3);
    expect(host.stack.ipQueue.isOpen).toBe(false);
  });

  it("holds packets for their verdict, in order, and tells once when it stops being empty", () => {
    const { world, host, out, send } = router();
    const queue = host.stack.ipQueue;
    let told = 0;
    expect(queue.open(() => told++)).toBe(true);
    expect(queue.open(() => undefined)).toBe(false);
    send(3);
    expect([told, queue.length, out.packets().length]).toEqual([1, 3, 0]);
    const [first, second] = [queue.take(), queue.take()];
    expect(queue.queuedPackets()).toBe(3);
    if (second !== null) queue.verdict(second, true);
    if (first !== null) queue.verdict(first, false);
    expect(out.packets().map((packet) => [packet.id, packet.ttl])).toEqual([[1, 63]]);
    expect(host.core.drops.of("NETFILTER_DROP")).toBe(1);
    expect(host.core.snmp.ip.ForwDatagrams).toBe(1);
    expect(() => first !== null && queue.verdict(first, true)).toThrow();
    queue.close();
    send(1);
    expect(out.packets().length).toBe(2);
    expect(world.unaccounted).toBe(0);
  });

  it("drops with a reason when full", () => {
    const { host, send } = router();
    host.set("net.ipv4.ip_queue_maxlen", 4);
    host.stack.ipQueue.open(() => undefined);
    send(6);
    expect(host.core.drops.of("IP_QUEUE_FULL")).toBe(2);
    expect(host.devices.inhibitors.size).toBe(0);
    host.stack.shutdown();
    expect(host.core.drops.of("NODE_DOWN")).toBe(4);
    expect(host.world.skbs.outstanding).toBe(0);
  });

  it("with feedback stops input at three quarters and lets it go on below one quarter, or after 1 ms", () => {
    const { world, host, send } = router();
    host.set("net.ipv4.ip_queue_maxlen", 8);
    host.set("net.ipv4.ip_queue_feedback", 1);
    const queue = host.stack.ipQueue;
    queue.open(() => undefined);
    const inhibited = (): boolean => host.devices.inhibitors.has("ip_queue");
    send(5);
    expect(inhibited()).toBe(false);
    send(1);
    expect(inhibited()).toBe(true);
    for (let i = 0; i < 4; i++) queue.take();
    expect([queue.length, inhibited()]).toEqual([2, true]);
    queue.take();
    expect([queue.length, inhibited()]).toEqual([1, false]);
    send(5);
    expect(inhibited()).toBe(true);
    world.run(MILLISECOND);
    expect(inhibited()).toBe(false);
    queue.close();
    world.run(SECOND);
    expect(world.unaccounted).toBe(0);
  });
});
