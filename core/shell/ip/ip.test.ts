import { beforeEach, describe, expect, it } from "vitest";
import { FakeMachine, ip } from "../../../test/harness/fake-sys.ts";
import type { MacAddress } from "../../wire/address.ts";
import { E } from "../../kernel/syscall/errno.ts";
import type { LinkInfo, NetlinkReply, NetlinkRequest, RouteInfo, SocketInfo } from "../../kernel/syscall/netlink.ts";
import { programs } from "../programs.ts";

const mac = (value: number): MacAddress => value as MacAddress;
const STATS = new Map([
  ["rx_bytes", 195_852_995],
  ["rx_packets", 5294],
  ["tx_bytes", 486_746],
  ["tx_packets", 3367],
]);
const link = (name: string, index: number): LinkInfo => ({
  index,
  name,
  kind: name === "lo" ? "loopback" : "ether",
  mac: mac(name === "lo" ? 0 : 0x02fc00000001),
  mtu: name === "lo" ? 65_536 : 1400,
  isUp: true,
  carrier: true,
  promiscuous: false,
  qdisc: name === "lo" ? "noqueue" : "pfifo_fast",
  txqueuelen: 1000,
  stats: STATS,
});
const route = (change: Partial<RouteInfo>): RouteInfo => ({
  table: "main",
  type: "unicast",
  network: ip("0.0.0.0"),
  prefixLength: 0,
  via: null,
  device: "eth0",
  deviceIndex: 4,
  protocol: "boot",
  scope: "global",
  metric: 0,
  source: null,
  mtu: null,
  mtuExpires: null,
  mtuLocked: false,
  advmss: 0,
  initcwnd: 0,
  isUp: true,
  ...change,
});
const socket = (change: Partial<SocketInfo>): SocketInfo => ({
  protocol: "udp",
  state: "UNCONN",
  local: { address: ip("0.0.0.0"), port: 53 },
  peer: { address: ip("0.0.0.0"), port: 0 },
  receiveQueueBytes: 0,
  sendQueueBytes: 0,
  receiveBufferBytes: 212_992,
  sendBufferBytes: 212_992,
  drops: 0,
  inode: 7,
  process: { pid: 12, command: "nc", fd: 3 },
  deviceIndex: 0,
  ...change,
});

const REPLIES: ReadonlyMap<string, NetlinkReply> = new Map<string, NetlinkReply>([
  ["link-list", { kind: "links", links: [link("lo", 1), link("eth0", 4)] }],
  [
    "address-list",
    {
      kind: "addresses",
      addresses: [
        {
          device: "lo",
          deviceIndex: 1,
          address: ip("127.0.0.1"),
          prefixLength: 8,
          broadcast: null,
          scope: "host",
          secondary: false,
        },
        {
          device: "eth0",
          deviceIndex: 4,
          address: ip("192.0.2.2"),
          prefixLength: 24,
          broadcast: ip("192.0.2.255"),
          scope: "global",
          secondary: false,
        },
      ],
    },
  ],
  [
    "route-list",
    {
      kind: "routes",
      routes: [
        route({ via: ip("192.0.2.1") }),
        route({
          network: ip("192.0.2.0"),
          prefixLength: 24,
          protocol: "kernel",
          scope: "link",
          source: ip("192.0.2.2"),
        }),
      ],
    },
  ],
  [
    "route-get",
    {
      kind: "routes",
      routes: [route({ via: ip("192.0.2.1"), source: ip("192.0.2.2"), mtu: 1300, mtuExpires: 600e9 })],
    },
  ],
  [
    "neighbour-list",
    {
      kind: "neighbours",
      neighbours: [
        {
          address: ip("192.0.2.1"),
          device: "eth0",
          mac: mac(0x02fc00000005),
          state: "STALE",
          used: 754e9,
          confirmed: 754e9,
          updated: 723e9,
          queued: 0,
          probes: 1,
        },
        {
          address: ip("192.0.2.9"),
          device: "eth0",
          mac: null,
          state: "FAILED",
          used: 0,
          confirmed: 0,
          updated: 0,
          queued: 0,
          probes: 6,
        },
      ],
    },
  ],
  [
    "socket-list",
    {
      kind: "sockets",
      sockets: [
        socket({}),
        socket({
          state: "ESTAB",
          local: { address: ip("192.0.2.2"), port: 40_000 },
          peer: { address: ip("192.0.2.1"), port: 7 },
          process: null,
        }),
      ],
    },
  ],
  [
    "qdisc-list",
    {
      kind: "qdiscs",
      qdiscs: [
        {
          device: "lo",
          kind: "noqueue",
          handle: "0:",
          isRoot: true,
          options: "",
          sentBytes: 0,
          sentPackets: 0,
          dropped: 0,
          overlimits: 0,
          requeues: 0,
          backlogBytes: 0,
          backlogPackets: 0,
          extra: [],
        },
        {
          device: "eth0",
          kind: "netem",
          handle: "8001:",
          isRoot: true,
          options: "limit 1000 delay 10ms",
          sentBytes: 98,
          sentPackets: 1,
          dropped: 2,
          overlimits: 0,
          requeues: 0,
          backlogBytes: 98,
          backlogPackets: 1,
          extra: [],
        },
      ],
    },
  ],
]);

function reply(request: NetlinkRequest): NetlinkReply | number {
  if (request.kind === "sysctl-get") {
    if (request.name !== "net.ipv4.ip_forward") return -E.ENOENT;
    return { kind: "sysctls", sysctls: [{ name: request.name, value: "0" }] };
  }
  if ("device" in request && request.device === "zz") return -E.ENODEV;
  return REPLIES.get(request.kind) ?? { kind: "done" };
}

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine(programs);
  machine.netlink = reply;
  machine.write("/etc/hosts", "192.0.2.1 gw\n");
});

// What iproute2 6.1 and net-tools 2.10 print for such a machine.
const LO = "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN";
const ETH0 = "4: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400 qdisc pfifo_fast state UP";
const ADDRESSES = `${LO} group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
${ETH0} group default qlen 1000
    link/ether 02:fc:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0
       valid_lft forever preferred_lft forever
`;

describe("golden output", () => {
  const cases: readonly (readonly [command: string, output: string, status?: number])[] = [
    ["ip a", ADDRESSES],
    ["ip address show", ADDRESSES],
    [
      "ip -s l sh dev eth0",
      `${ETH0} mode DEFAULT group default qlen 1000
    link/ether 02:fc:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    RX:  bytes packets errors dropped  missed   mcast           
     195852995    5294      0       0       0       0 
    TX:  bytes packets errors dropped carrier collsns           
        486746    3367      0       0       0       0 
`,
    ],
    ["ip -br a", "lo               UNKNOWN        127.0.0.1/8 \neth0             UP             192.0.2.2/24 \n"],
    [
      "ip -br l",
      "lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> \n" +
        "eth0             UP             02:fc:00:00:00:01 <BROADCAST,MULTICAST,UP,LOWER_UP> \n",
    ],
    [
      "ip -o -4 a",
      "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n" +
        "4: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever " +
        "preferred_lft forever\n",
    ],
    ["ip r", "default via 192.0.2.1 dev eth0 \n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2 \n"],
    [
      "ip -j r",
      '[{"dst":"default","gateway":"192.0.2.1","dev":"eth0","flags":[]},' +
        '{"dst":"192.0.2.0/24","dev":"eth0","protocol":"kernel","scope":"link","prefsrc":"192.0.2.2","flags":[]}]\n',
    ],
    ["ip r get 1.1.1.1", "1.1.1.1 via 192.0.2.1 dev eth0 src 192.0.2.2 uid 0 \n    cache expires 600sec mtu 1300 \n"],
    ["ip n", "192.0.2.1 dev eth0 lladdr 02:fc:00:00:00:05 STALE \n192.0.2.9 dev eth0 FAILED \n"],
    ["ip -s n sh 192.0.2.1", "192.0.2.1 dev eth0 lladdr 02:fc:00:00:00:05  used 754/754/723probes 1 STALE \n"],
    ["ip foo", 'Object "foo" is unknown, try "ip help".\n', 255],
    ["ip link foo", 'Command "foo" is unknown, try "ip link help".\n', 255],
    ["ip link show zz", 'Device "zz" does not exist.\n', 255],
    ["ip link set zz up", 'Cannot find device "zz"\n', 1],
    ["ip addr add", 'Not enough information: "dev" argument is required.\n', 255],
    ["ip route add foo", 'Error: any valid prefix is expected rather than "foo".\n', 255],
    ["ip neigh add", "Device and destination are required arguments.\n", 255],
    [
      "arp -n",
      "Address                  HWtype  HWaddress           Flags Mask            Iface\n" +
        "192.0.2.1                ether   02:fc:00:00:00:05   C                     eth0\n" +
        "192.0.2.9                        (incomplete)                              eth0\n",
    ],
    ["arp -a", "gw (192.0.2.1) at 02:fc:00:00:00:05 [ether] on eth0\n? (192.0.2.9) at <incomplete> on eth0\n"],
    [
      "netstat -rn",
      "Kernel IP routing table\n" +
        "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n" +
        "0.0.0.0         192.0.2.1       0.0.0.0         UG        0 0          0 eth0\n" +
        "192.0.2.0       0.0.0.0         255.255.255.0   U         0 0          0 eth0\n",
    ],
    [
      "netstat -i",
      "Kernel Interface table\n" +
        "Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n" +
        "eth0             1400     5294      0      0 0          3367      0      0      0 BMRU\n" +
        "lo              65536     5294      0      0 0          3367      0      0      0 LRU\n",
    ],
    [
      "ss -uan",
      "State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n" +
        "UNCONN 0      0            0.0.0.0:53         0.0.0.0:*          \n" +
        "ESTAB  0      0          192.0.2.2:40000    192.0.2.1:7          \n",
    ],
    [
      "tc qdisc",
      "qdisc noqueue 0: dev lo root refcnt 2 \nqdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 10ms\n",
    ],
    [
      "tc -s qdisc show dev eth0",
      "qdisc netem 8001: root refcnt 2 limit 1000 delay 10ms\n" +
        " Sent 98 bytes 1 pkt (dropped 2, overlimits 0 requeues 0) \n" +
        " backlog 98b 1p requeues 0\n",
    ],
    ["tc qdisc add dev eth0 root netem delay 1ms", "Error: Exclusivity flag on, cannot modify.\n", 2],
    ["tc qdisc replace dev zz root netem", 'Cannot find device "zz"\n', 1],
    ["sysctl net.ipv4.ip_forward", "net.ipv4.ip_forward = 0\n"],
    ["sysctl -n net.ipv4.ip_forward", "0\n"],
    ["sysctl net.ipv4.ip_forward=1", "net.ipv4.ip_forward = 1\n"],
    ["sysctl net.ipv4.foo", "sysctl: cannot stat /proc/sys/net/ipv4/foo: No such file or directory\n", 255],
  ];
  it.each(cases.map(([text, output, status = 0]) => [text, output, status] as const))("%s", (text, output, status) => {
    const argv = text.split(" ");
    expect(machine.run(argv[0] ?? "", argv)).toEqual({ output, status });
  });
});

describe("requests", () => {
  it.each([
    ["ip link set dev eth0 mtu 1300 up", { kind: "link-set", device: "eth0", mtu: 1300, up: true }],
    [
      "ip a del 10.0.0.1/24 dev eth0",
      { kind: "address-delete", device: "eth0", address: ip("10.0.0.1"), prefixLength: 24 },
    ],
    [
      "ip route add blackhole 10.0.0.0/8 metric 5",
      {
        kind: "route-add",
        route: { network: ip("10.0.0.0"), prefixLength: 8, via: null, device: null, metric: 5, type: "blackhole" },
      },
    ],
    [
      "ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0",
      { kind: "neighbour-replace", device: "eth0", address: ip("10.0.0.9"), mac: 0x020000000009, permanent: true },
    ],
    [
      "tc qdisc replace dev eth0 root netem delay 10ms loss 1%",
      { kind: "qdisc-set", device: "eth0", spec: "netem delay 10ms loss 1%" },
    ],
    ["tc qdisc del dev eth0 root", { kind: "qdisc-delete", device: "eth0" }],
    ["ethtool -G eth0 rx 512", { kind: "ethtool-set", device: "eth0", rx: 512 }],
    ["ethtool -C eth0 rx-usecs 50", { kind: "ethtool-set", device: "eth0", rxUsecs: 50 }],
    [
      "ethtool -K eth0 gro off",
      { kind: "ethtool-set", device: "eth0", feature: { name: "generic-receive-offload", on: false } },
    ],
    ["sysctl -w net.ipv4.ip_forward=1", { kind: "sysctl-set", name: "net.ipv4.ip_forward", value: "1" }],
  ])("%s", (text, request) => {
    const argv = text.split(" ");
    expect(machine.run(argv[0] ?? "", argv).status).toBe(0);
    expect(machine.requests).toContainEqual(request);
  });
});

describe("every program", () => {
  const quiet = new Set([
    "yes",
    "[",
    "test",
    "true",
    "false",
    "echo",
    "printf",
    "clear",
    "pwd",
    "kill",
    "ip",
    "tc",
    "sh",
    "ps",
    "id",
  ]);
  it.each([...programs.keys()].filter((name) => !quiet.has(name)))(
    "%s has usage and refuses an unknown option",
    (name) => {
      machine.inputEnded = true;
      const help = machine.run(name, [name, "--help"]);
      expect(help.status).toBe(0);
      expect(help.output.toLowerCase()).toContain("usage");
      if (["ethtool", "traceroute"].includes(name)) return;
      const wrong = machine.run(name, [name, "--no-such-option"]);
      expect(wrong.status).toBeGreaterThan(0);
      expect(wrong.output).toContain("unrecognized option '--no-such-option'");
    },
  );
});
