/**
 * iperf (iperf 2.1): throughput over TCP and UDP, with iperf's own reports. Left out: bidirectional tests (-d, -r, -R),
 * isochronous and rate-limited patterns, multicast, CSV.
 */
import { command, fail, usageError } from "../lib/command.ts";
import { readHosts } from "../lib/hosts.ts";
import { catchInterrupt } from "../lib/signals.ts";
import { IPERF, readSettings } from "./iperf-settings.ts";
import { TcpClient } from "./iperf-tcp-client.ts";
import { TcpServer } from "./iperf-tcp-server.ts";
import { UdpClient, UdpServer } from "./iperf-udp.ts";

const NEITHER = "Usage: iperf [-s|-c host] [options]\nTry `iperf --help' for more information.";

export const iperf = command(IPERF, function* (sys, args) {
  const settings = readSettings(args);
  if (settings === null) return yield* usageError(sys, IPERF, "bad value of an option");
  if (!args.has("s") && !args.has("c")) return yield* fail(sys, NEITHER, 0);
  yield* catchInterrupt(sys);
  const udp = args.has("u");
  if (args.has("s")) return yield* (udp ? new UdpServer(sys, settings) : new TcpServer(sys, settings)).run();
  const target = args.value("c") ?? "";
  const address = (yield* readHosts(sys)).resolve(target);
  if (address === null) return yield* fail(sys, `${target}: Host name lookup failure`);
  return yield* (udp ? new UdpClient(sys, settings, address) : new TcpClient(sys, settings, address)).run();
});
