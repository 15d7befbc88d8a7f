/**
 * Commands on real kernels in one lab, against lines as the real tools print them (iputils 20221126, traceroute 2.1.2,
 * iperf 2.1.8, Debian's nc, tcpdump 4.99, ethtool 6.1, tc 6.1). Times differ from the tools'; words and columns do not.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { runCommands as run } from "../harness/commands.ts";

const outputOf = (command: string): string => run([command])[0]?.output ?? "";

describe("ping", () => {
  it("counts the time to the last packet sent, not the wait for answers", () => {
    expect(outputOf("h1: ping -c 3 10.0.1.99")).toBe(
      "PING 10.0.1.99 (10.0.1.99) 56(84) bytes of data.\n" +
        "From 10.0.1.1 icmp_seq=1 Destination Host Unreachable\n" +
        "From 10.0.1.1 icmp_seq=2 Destination Host Unreachable\n" +
        "From 10.0.1.1 icmp_seq=3 Destination Host Unreachable\n" +
        "\n--- 10.0.1.99 ping statistics ---\n" +
        "3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2000ms\npipe 3\n",
    );
  });

  it.each([
    ["ping -c 1 10.0.1.255", "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n"],
    ["ping -c 1 -t 0 10.0.2.1", "ping: cannot set unicast time-to-live: Invalid argument\n"],
    ["ping -I eth9 10.0.2.1", "ping: SO_BINDTODEVICE eth9: No such device\n"],
  ])("%s", (command, text) => {
    expect(run([`h1: ${command}`])[0]).toEqual({ output: text, status: 2 });
  });

  it("names where it sends from", () => {
    expect(outputOf("h1: ping -c 1 -I 10.0.1.1 10.0.2.1")).toContain("(10.0.2.1) from 10.0.1.1 : 56(84) bytes");
    expect(outputOf("h1: ping -c 1 -I eth0 10.0.2.1")).toContain("(10.0.2.1) from 10.0.1.1 eth0: 56(84) bytes");
    expect(outputOf("h1: ping -b -c 1 -W 1 10.0.1.255")).toMatch(/^WARNING: pinging broadcast address\nPING /);
  });
});

describe("traceroute", () => {
  it("finds the MTU from the largest packet on", () => {
    const [first, second, third] = outputOf("h1: traceroute -n -q 1 --mtu 10.0.2.1").split("\n");
    expect(first).toBe("traceroute to 10.0.2.1 (10.0.2.1), 30 hops max, 65000 byte packets");
    expect(second).toMatch(/^ 1 {2}10\.0\.1\.254 {2}\d+\.\d{3} ms F=1500$/);
    expect(third).toMatch(/^ 2 {2}10\.0\.2\.1 {2}\d+\.\d{3} ms$/);
  });
});

describe("iperf", () => {
  let client = "";
  let server = "";
  beforeAll(() => {
    const outcomes = run(["h2: iperf -s -u", "h1: iperf -u -c 10.0.2.1 -b 1M -t 2 -i 1 -w 64K"], 4);
    [server, client] = [outcomes[0]?.output ?? "", outcomes[1]?.output ?? ""];
  });

  it("reports like iperf 2", () => {
    const line = "-".repeat(60);
    expect(
      client
        .replace(/port \d+ connected/, "port P connected")
        .split("\n")
        .slice(0, 9),
    ).toEqual([
      line,
      "Client connecting to 10.0.2.1, UDP port 5001",
      "Sending 1470 byte datagrams, IPG target: 11215.21 us (kalman adjust)",
      "UDP buffer size:  128 KByte (WARNING: requested 64.0 KByte)",
      line,
      "[  1] local 10.0.1.1 port P connected with 10.0.2.1 port 5001",
      "[ ID] Interval       Transfer     Bandwidth",
      "[  1] 0.0000-1.0000 sec   129 KBytes  1.06 Mbits/sec",
      "[  1] 1.0000-2.0000 sec   128 KBytes  1.05 Mbits/sec",
    ]);
    // 179 intervals of 11,215.21 us in two seconds, and the datagram that ends the test.
    expect(client).toContain("[  1] Sent 180 datagrams\n[  1] Server Report:\n");
  });

  it("has the server name its own address", () => {
    expect(server).toContain("UDP buffer size:  208 KByte (default)\n");
    expect(server).toMatch(/^\[ {2}1\] local 10\.0\.2\.1 port 5001 connected with 10\.0\.1\.1 port \d+$/m);
    expect(server).toContain("[ ID] Interval       Transfer     Bandwidth        Jitter   Lost/Total Datagrams\n");
    expect(server).toMatch(
      /^\[ {2}1\] 0\.0000-2\.\d{4} sec {3}257 KBytes {2}1\.05 Mbits\/sec {3}0\.\d{3} ms 0\/179 \(0%\)$/m,
    );
  });
});

describe("nc", () => {
  it("probes before it sends, and sees a closed port", () => {
    const [server, client, closed] = run([
      "h2: nc -u -l -v -W 4 5000",
      "h1: echo hello | nc -u -v -w 1 10.0.2.1 5000",
      "h1: nc -u -z -v 10.0.2.1 77",
    ]);
    expect(server?.output).toMatch(/^Bound on 0\.0\.0\.0 5000\nConnection received on 10\.0\.1\.1 \d+\nXXXhello\n$/);
    expect(client?.output).toBe("Connection to 10.0.2.1 5000 port [udp/*] succeeded!\n");
    expect(closed).toEqual({ output: "", status: 1 });
  });

  it.each([
    ["nc -u 10.0.2.1", "nc: missing port number\n"],
    ["nc -u 10.0.2.1 99999", "nc: port number too large: 99999\n"],
    ["nc -u -l 10.9.9.9 5000", "nc: Cannot assign requested address\n"],
  ])("%s", (command, text) => {
    expect(run([`h1: ${command}`])[0]).toEqual({ output: text, status: 1 });
  });
});

describe("tcpdump", () => {
  it("captures on all devices in cooked form, to a file and back", () => {
    const [written] = run([
      "r1: tcpdump -i any -w /tmp/a.pcap -c 3 icmp; tcpdump -n -t -e -r /tmp/a.pcap; ls /tmp",
      "h1: ping -c 2 10.0.2.1",
    ]);
    const lines = (written?.output ?? "").replace(/id \d+/g, "id N").split("\n");
    expect(lines).toEqual([
      "tcpdump: data link type LINUX_SLL2",
      "tcpdump: listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes",
      "3 packets captured",
      "3 packets received by filter",
      "0 packets dropped by kernel",
      "reading from file /tmp/a.pcap, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144",
      "Warning: interface names might be incorrect",
      "eth0  In  ifindex 2 02:00:00:00:00:00 ethertype IPv4 (0x0800), length 104: " +
        "10.0.1.1 > 10.0.2.1: ICMP echo request, id N, seq 1, length 64",
      "eth1  Out ifindex 3 02:00:00:00:01:01 ethertype IPv4 (0x0800), length 104: " +
        "10.0.1.1 > 10.0.2.1: ICMP echo request, id N, seq 1, length 64",
      "eth1  In  ifindex 3 02:00:00:00:02:00 ethertype IPv4 (0x0800), length 104: " +
        "10.0.2.1 > 10.0.1.1: ICMP echo reply, id N, seq 1, length 64",
      "a.pcap",
      "",
    ]);
  });
});

describe("devices and queues", () => {
  it("changes rings, coalescing and features, and shows them", () => {
    const shown = outputOf(
      "h2: ethtool -G eth0 rx 64 tx 128 && ethtool -g eth0 | tail -n 8; " +
        "ethtool -C eth0 rx-usecs 50 rx-frames 8 && ethtool -c eth0 | grep -E 'rx-(usecs|frames):'; " +
        "ethtool -K eth0 gro off && ethtool -k eth0 | grep receive-offload; ethtool -G eth0 rx 1000000; echo $?",
    );
    expect(shown).toBe(
      "RX:\t\t64\nRX Mini:\tn/a\nRX Jumbo:\tn/a\nTX:\t\t128\n" +
        "RX Buf Len:\t\tn/a\nCQE Size:\t\tn/a\nTX Push:\toff\nTCP data split:\tn/a\n" +
        "rx-usecs: 50\nrx-frames: 8\ngeneric-receive-offload: off\nnetlink error: Invalid argument\n81\n",
    );
  });

  it("delays and loses what netem is told to", () => {
    const [set, pinged] = run([
      "r1: tc qdisc add dev eth1 root netem delay 100ms loss 10%; tc qdisc show dev eth1; " +
        "tc qdisc add dev eth0 root foo; tc qdisc del dev eth0 root",
      "h1: ping -c 100 -i 0.1 -q 10.0.2.1",
    ]);
    expect(set?.output).toBe(
      "qdisc netem 8001: root refcnt 2 limit 1000 delay 100ms loss 10%\n" +
        "Error: Specified qdisc kind is unknown.\nError: Cannot delete qdisc with handle of zero.\n",
    );
    const received = Number(/(\d+) received/.exec(pinged?.output ?? "")?.[1]);
    // Binomial with n = 100 and p = 0.9: four standard deviations of 3.
    expect(received).toBeGreaterThan(77);
    expect(received).toBeLessThan(100);
    expect(Number(/mdev = ([\d.]+)/.exec(pinged?.output ?? "")?.[1])).toBeGreaterThanOrEqual(100);
  });
});

describe("tools of the livelock experiment", () => {
  it("passes what is forwarded through screend, until Ctrl-C asks for its count", () => {
    const [router, sink] = run([
      "r1: screend -c 100 & sleep 3; kill -INT $!; wait $!",
      "h2: udpsink -t 2 7",
      "h1: sleep 0.1; udpblast -q -r 500 -t 1 10.0.2.1 7",
    ]);
    expect(router?.output).toContain("500 packets accepted\n");
    expect(sink?.output).toContain("500 packets, 2000 bytes received");
  });

  it("counts in udpsink what udpblast sent", () => {
    const [sink, blast] = run(["h2: udpsink -t 2 7", "h1: udpblast -r 1000 -s 4 -t 1 10.0.2.1 7"]);
    expect(blast?.output).toBe("1000 packets sent in 1.000000 s, 1000/s, 0 errors\n");
    expect(sink?.output).toBe("1000 packets, 4000 bytes received in 2.000000 s\n");
  });
});

describe("ip route", () => {
  it("sets metrics that TCP keeps to, and shows them", () => {
    const [added, shown, listening, told] = run([
      "h1: ip route add 10.0.2.1/32 via 10.0.1.254 mtu lock 1400 advmss 700 initcwnd 20",
      "h1: sleep 0.1; ip route show 10.0.2.1/32",
      "h2: sleep 0.1; tcpdump -n -c 1 -i eth0 tcp",
      "h1: sleep 0.2; nc -w 1 10.0.2.1 9",
    ]);
    expect(added).toEqual({ output: "", status: 0 });
    expect(shown?.output).toBe("10.0.2.1 via 10.0.1.254 dev eth0 mtu lock 1400 advmss 700 initcwnd 20 \n");
    expect(listening?.output).toContain("mss 700");
    expect(told?.status).toBe(1);
  });

  it("names a metric that is no number", () => {
    expect(run(["h1: ip route add default via 10.0.1.254 mtu lock much"])[0]?.output).toContain(
      'Error: argument "much" is wrong: "mtu" value is invalid',
    );
  });
});
