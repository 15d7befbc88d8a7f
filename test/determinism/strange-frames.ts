/** A program that sends frames to a router of which most are not quite right, or not quite usual. */
import { put16, put8 } from "../../core/base/bytes.ts";
import { Random } from "../../core/base/random.ts";
import { emptyAddress } from "../../core/kernel/socket/socket.ts";
import { AF, SOCK, type Program } from "../../core/kernel/syscall/sys.ts";
import { putIpv4, putMac, type MacAddress } from "../../core/wire/address.ts";
import { ETHERNET, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4 } from "../../core/wire/ethernet.ts";
import { IP_MF, IPPROTO_TCP, IPPROTO_UDP, IPV4, IPV4_HEADER_BYTES, sealIpv4 } from "../../core/wire/ipv4.ts";
import { ip } from "../harness/process.ts";

const FRAMES = 800;
const HEADER = ETHERNET_HEADER_BYTES;
const BODY_BYTES = 60;

/** Ways in which a datagram to h2 is not quite right, or not quite usual. Those with a wrong header end unsealed. */
const ODDITIES: readonly ((frame: Uint8Array, random: Random) => void)[] = [
  () => undefined,
  (frame) => put8(frame, HEADER + IPV4.ttl, 1),
  (frame) => put8(frame, HEADER + IPV4.ttl, 0),
  (frame, random) => put8(frame, HEADER + IPV4.tos, random.below(256)),
  (frame) => put8(frame, HEADER, 0x46),
  (frame) => put8(frame, HEADER, 0x65),
  (frame) => put16(frame, HEADER + IPV4.totalLength, IPV4_HEADER_BYTES + 20),
  (frame) => put16(frame, HEADER + IPV4.totalLength, frame.length),
  (frame) => put16(frame, HEADER + IPV4.totalLength, 3),
  (frame) => put16(frame, HEADER + IPV4.fragment, IP_MF),
  (frame) => put16(frame, ETHERNET.type, 0x0801),
  (frame) => put8(frame, HEADER + IPV4.protocol, IPPROTO_TCP),
  // The router's own address, loopback, this network, a group, class E, everybody.
  ...["10.0.1.1", "127.9.9.9", "0.0.0.5", "224.0.0.9", "240.0.0.1", "255.255.255.255"].flatMap((address) => [
    (frame: Uint8Array) => putIpv4(frame, HEADER + IPV4.source, ip(address)),
    (frame: Uint8Array) => putIpv4(frame, HEADER + IPV4.target, ip(address)),
  ]),
];

/** Sends `FRAMES` frames to the router, of which most have something about them. */
export function strange(router: () => MacAddress): Program {
  return function* (sys) {
    const fd = yield* sys.socket(AF.PACKET, SOCK.RAW, ETHERTYPE_IPV4);
    yield* sys.bind(fd, { ...emptyAddress(), family: AF.PACKET, device: 2 });
    const random = new Random(3, "strange");
    for (let i = 0; i < FRAMES; i++) {
      const frame = new Uint8Array(HEADER + IPV4_HEADER_BYTES + BODY_BYTES);
      putMac(frame, ETHERNET.target, router());
      putMac(frame, ETHERNET.source, 0x020000000099 as MacAddress);
      put16(frame, ETHERNET.type, ETHERTYPE_IPV4);
      put8(frame, HEADER, 0x45);
      put16(frame, HEADER + IPV4.totalLength, IPV4_HEADER_BYTES + BODY_BYTES);
      put8(frame, HEADER + IPV4.ttl, 9);
      put8(frame, HEADER + IPV4.protocol, IPPROTO_UDP);
      putIpv4(frame, HEADER + IPV4.source, ip("10.0.0.3"));
      putIpv4(frame, HEADER + IPV4.target, ip("10.0.2.2"));
      random.pick(ODDITIES)(frame, random);
      if (random.below(8) > 0) sealIpv4(frame, HEADER);
      const sent = frame.subarray(0, random.below(8) > 0 ? frame.length : HEADER + random.below(frame.length - HEADER));
      yield* sys.sendto(fd, sent, 0, null);
      yield* sys.nanosleep(1_000_000);
    }
    return 0;
  };
}
