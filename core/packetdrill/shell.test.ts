import { describe, expect, it } from "vitest";
import { Environment } from "./environment.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { ShellInterpreter } from "./shell-commands.ts";
import { parseShell } from "./shell.ts";

const words = (text: string): readonly (readonly string[])[] => {
  const parsed = parseShell(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value.flatMap((pipeline) => pipeline.commands.map((command) => command.words));
};

describe("the shell's words", () => {
  it.each<[string, string[][]]>([
    ["a b  c", [["a", "b", "c"]]],
    ["a; b\nc # d\n# e", [["a"], ["b"], ["c"]]],
    ["a \\\n b", [["a", "b"]]],
    ["x=\"1 2\" 'a b'c", [["x=1 2", "a bc"]]],
    ['r="4096 $((2*(3+4)*1024))"', [["r=4096 14336"]]],
    ["/tmp/x_${PPID}.sh", [["/tmp/x_1.sh"]]],
    ["a | b && c || d", [["a"], ["b"], ["c"], ["d"]]],
    ["a > /dev/null 2>&1; b 2>/dev/null", [["a"], ["b"]]],
    ["", []],
  ])("%j", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it.each(["a $(b)", "a `b`", '"a', "a &", "a < b", "a >", "| a", "$HOME", "$((a))"])("%j is refused", (text) => {
    expect(parseShell(text).ok).toBe(false);
  });
});

describe("commands", () => {
  const machine = (): { environment: Environment; shell: ShellInterpreter } => {
    const environment = new Environment(DEFAULT_SETTINGS);
    return { environment, shell: new ShellInterpreter(environment) };
  };
  const ttl = "net.ipv4.ip_default_ttl";

  it("set parameters in every way that scripts use", () => {
    const { environment, shell } = machine();
    const value = (): string | undefined => environment.kernel.core.sysctls.get(ttl);
    shell.run(`sysctl -q ${ttl}=7`);
    expect(value()).toBe("7");
    shell.run("sysctl -q net/ipv4/ip_default_ttl=0x10");
    expect(value()).toBe("16");
    shell.run("./set_sysctls.py /proc/sys/net/ipv4/ip_default_ttl=9 \\\n  /proc/sys/net/ipv4/ip_forward=1");
    expect(value()).toBe("9");
    shell.run("echo 11 > /proc/sys/net/ipv4/ip_default_ttl");
    expect(value()).toBe("11");
    expect(shell.run(`sysctl -n ${ttl} | grep -q '^11$'`)).toBe(0);
  });

  it("follow && and ||, and tell how the last one ended", () => {
    const { shell } = machine();
    expect(shell.run("true")).toBe(0);
    expect(shell.run("false")).toBe(1);
    expect(shell.run("! false")).toBe(0);
    expect(shell.run("false && true")).toBe(1);
    expect(shell.run("false || true")).toBe(0);
    expect(shell.run("echo a b | grep -q 'a b'")).toBe(0);
    expect(shell.run("echo a b | grep -c c > /dev/null")).toBe(1);
  });

  it("change interface, queueing discipline and routes", () => {
    const { environment, shell } = machine();
    shell.run(
      "ip link set dev tun0 mtu 900; ethtool -K tun0 tso off gso off; tc qdisc add dev tun0 root pfifo limit 0",
    );
    expect(environment.tun).toMatchObject({ mtu: 900, txSegmentationOffload: false, qdisc: { kind: "pfifo" } });
    expect(
      shell.run("tc qdisc delete dev tun0 root; ip route replace 192.0.2.1 via 192.168.0.2 dev tun0 mtu 800"),
    ).toBe(0);
    expect(environment.kernel.userland.netlink({ kind: "route-list" })).toMatchObject({
      routes: expect.arrayContaining([expect.objectContaining({ prefixLength: 32, mtu: 800 })]),
    });
  });

  it("let time pass, and count what has moved", () => {
    const { environment, shell } = machine();
    const before = environment.now;
    shell.run("sleep 0.5");
    expect(environment.now - before).toBe(500_000_000);
    shell.run("nstat > /dev/null");
    environment.kernel.core.snmp.udp.InDatagrams += 3;
    expect(shell.run("nstat | grep -q 'UdpInDatagrams  *3 '")).toBe(0);
    expect(shell.run("nstat | grep -q UdpInDatagrams")).toBe(1);
    expect(shell.run("nstat -az 'Udp*' | grep -q UdpNoPorts")).toBe(0);
  });

  it.each([
    "iptables -A INPUT",
    "sysctl -q no.such=1",
    `sysctl -q ${ttl}=x`,
    "echo 1 > /etc/passwd",
    "tc qdisc add dev eth9 root pfifo",
    "tc qdisc add dev tun0 root nonsense",
    "ethtool -K tun0 nonsense on",
    "ip link set dev tun0 frobnicate",
    "ip route add 10.0.0.0/8 dev nowhere",
  ])("%s is an error, not a success", (text) => {
    expect(() => machine().shell.run(text)).toThrow();
  });
});
