/**
 * nc, curl, httpd, iperf, ss, netstat and nstat over TCP on real kernels in one lab, against lines as the real tools
 * print them (Debian's netcat-openbsd, curl 7.88, iperf 2.1.8, iproute2 6.1, net-tools 2.10).
 */
import { describe, expect, it } from "vitest";
import { runCommands as run } from "../harness/commands.ts";

const outputs = (commands: readonly string[], seconds?: number): string[] =>
  run(commands, seconds).map(({ output }) => output.replace(/port \d{5} connected/g, "port P connected"));

describe("nc", () => {
  it("carries what is typed both ways, and ends with the peer", () => {
    const [server, client] = run(["h2: echo welcome | nc -l -v -N 5000", "h1: sleep 1; echo hello | nc -v -N h2 5000"]);
    expect(server?.output).toMatch(/^Listening on 0\.0\.0\.0 5000\nConnection received on 10\.0\.1\.1 \d+\nhello\n$/);
    expect(client?.output).toBe("Connection to h2 (10.0.2.1) 5000 port [tcp/*] succeeded!\nwelcome\n");
    expect([server?.status, client?.status]).toEqual([0, 0]);
  });

  it("serves one after the other with -k, and gives up some time after its input with -q", () => {
    const [server] = outputs(["h2: nc -l -k 5000", "h1: for i in 1 2 3; do sleep 1; echo $i | nc -q 0 h2 5000; done"]);
    expect(server).toBe("1\n2\n3\n");
  });

  it("scans ports", () => {
    const [, scan] = run(["h2: nc -l -k 5001", "h1: sleep 1; nc -z -v 10.0.2.1 5000-5002"]);
    expect(scan).toEqual({
      output:
        "nc: connect to 10.0.2.1 port 5000 (tcp) failed: Connection refused\n" +
        "Connection to 10.0.2.1 5001 port [tcp/*] succeeded!\n" +
        "nc: connect to 10.0.2.1 port 5002 (tcp) failed: Connection refused\n",
      status: 0,
    });
  });

  it("waits no longer than -w for a connection, and for a silent one", () => {
    const [dead, , silent] = run([
      "h1: nc -v -w 2 10.0.2.77 80; date +%s",
      "h2: nc -l -k 5000",
      "h1: sleep 1; nc -w 3 h2 5000; echo done",
    ]);
    expect(dead?.output).toBe(
      "nc: connect to 10.0.2.77 port 80 (tcp) timed out: Operation now in progress\n946684802\n",
    );
    expect(silent).toEqual({ output: "done\n", status: 0 });
  });

  it.each([
    ["nc", "usage: nc"],
    ["nc h2", "nc: missing port number\n"],
    ["nc -k h2 80", "nc: must use -l with -k\n"],
    ["nc -z -l 80", "nc: cannot use -z and -l\n"],
    ["nc nowhere 80", 'nc: getaddrinfo for host "nowhere" port 80: Name or service not known\n'],
  ])("%s is refused", (command, text) => {
    const [outcome] = run([`h1: ${command}`]);
    expect(outcome?.output).toContain(text);
    expect(outcome?.status).toBe(1);
  });
});

const SERVE = [
  "h2: mkdir -p /srv/sub",
  "echo hello > /srv/index.html",
  "seq 1 20000 > /srv/big.txt",
  "echo x > '/srv/sub/a b.txt'",
  "httpd -d /srv",
].join("; ");

describe("curl and httpd", () => {
  it("talk HTTP/1.1 over one connection for several URLs, and log it", () => {
    const [log, client] = outputs([SERVE, "h1: sleep 1; curl -v http://h2/ 'http://h2/sub/a%20b.txt'"]);
    const head = (path: string): string =>
      `> GET ${path} HTTP/1.1\n> Host: h2\n> User-Agent: curl/7.88.1\n> Accept: */*\n> \n`;
    expect(client).toContain(`*   Trying 10.0.2.1:80...\n* Connected to h2 (10.0.2.1) port 80 (#0)\n${head("/")}`);
    expect(client).toContain("< Content-Length: 6\n< Connection: keep-alive\n< \nhello\n");
    expect(client).toContain(
      "* Connection #0 to host h2 left intact\n* Re-using existing connection #0 with host h2\n" +
        head("/sub/a%20b.txt"),
    );
    expect(log).toBe(
      "httpd: serving /srv on 0.0.0.0 port 80\n" +
        '10.0.1.1 - - [01/Jan/2000:00:00:01 +0000] "GET / HTTP/1.1" 200 6\n' +
        '10.0.1.1 - - [01/Jan/2000:00:00:01 +0000] "GET /sub/a%20b.txt HTTP/1.1" 200 2\n',
    );
  });

  it.each([
    ["curl -s h2/big.txt | tail -n 1", "20000\n", 0],
    ["curl -sI h2/big.txt | grep Length", "Content-Length: 108894\r\n", 0],
    ["curl -s -o /tmp/b -w '%{http_code} %{size_download}' h2/big.txt; wc -l < /tmp/b", "200 10889420000\n", 0],
    ["curl -sO h2/big.txt; tail -n 1 big.txt", "20000\n", 0],
    ["curl -sL -w '%{num_redirects} %{url_effective}' h2/sub | tail -n 1", "1 http://h2/sub/", 0],
    ["curl -s -o /dev/null -w '%{http_code}' h2/sub", "301", 0],
    ["curl -s h2/sub/ | grep li", '<li><a href="a%20b.txt">a b.txt</a></li>\n', 0],
    ["curl -s -o /dev/null -w '%{http_code}' h2/../etc/passwd", "403", 0],
    ["curl -s -o /dev/null -w '%{http_code}' h2/%2e%2e/etc/passwd", "403", 0],
    ["curl -s -o /dev/null -w '%{http_code}' -d a=b h2/", "405", 0],
    ["curl -f h2/nothing", "curl: (22) The requested URL returned error: 404\n", 22],
    ["curl h2:81", "curl: (7) Failed to connect to h2 port 81 after 8 ms: Couldn't connect to server\n", 7],
    ["curl -s h2:81", "", 7],
    ["curl nowhere", "curl: (6) Could not resolve host: nowhere\n", 6],
    ["curl https://h2/", 'curl: (1) Protocol "https" not supported or disabled in libcurl\n', 1],
    ["curl -m 1 http://10.0.2.77/", "curl: (28) Connection timed out after 1000 milliseconds\n", 28],
    ["curl --max-redirs 0 -L h2/sub", "curl: (47) Maximum (0) redirects followed\n", 47],
    ["curl -s http://h2/ -H 'Host: a' -H 'Host: b' -o /dev/null -w '%{http_code}'", "400", 0],
  ])("%s", (command, output, status) => {
    expect(run([SERVE, `h1: sleep 1; ${command}`])[1]).toEqual({ output, status });
  });

  it("know chunks, bodies without a length, and what is cut off", () => {
    const answer = (text: string): string => `h2: printf '${text}' | nc -l -N 8080 > /dev/null`;
    const ask = "h1: sleep 1; curl -sS h2:8080";
    const chunked = "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n";
    const results = [
      `${chunked}3\\r\\nabc\\r\\nA;x=y\\r\\n0123456789\\r\\n0\\r\\nT: v\\r\\n\\r\\n`,
      "HTTP/1.1 200 OK\\r\\n\\r\\nto the end",
      "HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok",
      `${chunked}3\\r\\nab`,
      `${chunked}zz\\r\\n`,
      "HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nabc",
      "nonsense",
      "",
    ].map((text) => run([answer(text), ask])[1]);
    expect(results).toEqual([
      { output: "abc0123456789", status: 0 },
      { output: "to the end", status: 0 },
      { output: "ok", status: 0 },
      { output: "abcurl: (18) transfer closed with outstanding read data remaining\n", status: 18 },
      { output: "curl: (56) Illegal or missing hexadecimal sequence in chunked-encoding\n", status: 56 },
      { output: "abccurl: (18) transfer closed with 7 bytes remaining to read\n", status: 18 },
      { output: "curl: (1) Received HTTP/0.9 when not allowed\n", status: 1 },
      { output: "curl: (52) Empty reply from server\n", status: 52 },
    ]);
  });

  it("serve fifty clients at once, and one that takes its time gets 408 and holds up nobody", () => {
    const [log, , many] = outputs(
      [
        SERVE,
        "h1: sleep 1; nc h2 80 | head -n 1",
        "h1: sleep 1.1; for i in $(seq 1 50); do curl -s h2/big.txt | tail -n 1 & done; wait; date +%s",
        "h1: sleep 1; (printf 'GET / HT'; sleep 30) | nc h2 80 | head -n 1",
      ],
      40,
    );
    expect(many).toMatch(/^(20000\n){50}9466848\d\d\n$/);
    expect(log?.match(/GET \/big\.txt HTTP\/1\.1" 200 108894/g)).toHaveLength(50);
    expect(log).toContain('"-" 408');
  });

  it("cannot have their log forged", () => {
    const [log] = outputs([
      SERVE,
      `h1: sleep 1; printf 'GET /"\\033[31m\\\\ HTTP/1.0\\r\\n\\r\\n' | nc h2 80 > /dev/null`,
    ]);
    expect(log).toContain('"GET /\\x22\\x1b[31m\\x5c HTTP/1.0" 404');
  });
});

describe("iperf over TCP", () => {
  it("reports like iperf 2", () => {
    const [server, client] = outputs(["h2: iperf -s -i 1", "h1: sleep 1; iperf -c h2 -t 2 -i 1"]);
    const line = "-".repeat(60);
    const rows = client?.split("\n") ?? [];
    expect(rows.slice(0, 6)).toEqual([
      line,
      "Client connecting to 10.0.2.1, TCP port 5001",
      "TCP window size: 85.0 KByte (default)",
      line,
      expect.stringMatching(
        /^\[ {2}1\] local 10\.0\.1\.1 port P connected with 10\.0\.2\.1 port 5001 \(icwnd\/mss\/irtt=14\/1448\/\d+\)$/,
      ),
      "[ ID] Interval       Transfer     Bandwidth",
    ]);
    expect(rows[6]).toMatch(/^\[ {2}1\] 0\.0000-1\.0000 sec {2}1\d\.\d MBytes {2}9\d\.\d Mbits\/sec$/);
    expect(rows[7]).toMatch(/^\[ {2}1\] 1\.0000-2\.0000 sec /);
    expect(rows[8]).toMatch(/^\[ {2}1\] 0\.0000-2\.\d{4} sec {2}2\d\.\d MBytes {2}9[34]\.\d Mbits\/sec$/);
    expect(server).toContain("Server listening on TCP port 5001\nTCP window size:  128 KByte (default)\n");
    expect(server).toMatch(/^\[ {2}1\] 0\.0000-2\.\d{4} sec {2}2\d\.\d MBytes {2}9[34]\.\d Mbits\/sec$/m);
  });

  it("sums up parallel streams, sends an amount, and keeps to a rate", () => {
    const [, parallel, amount, paced] = outputs([
      "h2: iperf -s",
      "h1: sleep 1; iperf -c h2 -t 1 -P 2",
      "h1: sleep 4; iperf -c h2 -n 1M -Z reno -M 1000 -m",
      "h1: sleep 6; iperf -c h2 -t 2 -b 1m -f k -l 5000",
    ]);
    expect(parallel).toMatch(/^\[ {2}1\] 0\.0000.*\n\[ {2}2\] 0\.0000.*\n\[SUM\] 0\.0000-1\.\d+ sec .* Mbits\/sec$/m);
    expect(amount).toContain("TCP congestion control using reno\n");
    expect(amount).toContain("[  1] MSS size 988 bytes (MTU 1500 bytes, ethernet)\n");
    expect(amount).toMatch(/ sec {2}1\.00 MBytes /);
    expect(paced).toMatch(/ sec {3}2\d\d KBytes +9\d\d Kbits\/sec$/m);
  });

  it("says why it cannot", () => {
    expect(run(["h1: iperf -c h2"])[0]).toEqual({ output: "connect failed: Connection refused\n", status: 1 });
    expect(run(["h1: iperf -s -p 5001 -B 10.0.9.9"])[0]?.output).toBe("bind failed: Cannot assign requested address\n");
  });
});

describe("looking at connections", () => {
  it("ss, netstat and /proc agree", () => {
    const [, , , , seen = ""] = outputs([
      "h2: nc -l 5000",
      "h2: nc -l 5001",
      "h1: sleep 1; nc h2 5000",
      "h1: sleep 1; echo bye | nc -q 0 h2 5001",
      "h1: sleep 3; ss -tan; ss -tn state established; netstat -tan; cat /proc/net/tcp; cat /proc/net/sockstat; ss -s",
    ]);
    const port = /10\.0\.1\.1:(\d+) +10\.0\.2\.1:5000/.exec(seen)?.[1] ?? "";
    expect(seen).toContain(`ESTAB     0      0           10.0.1.1:${port}     10.0.2.1:5000`);
    expect(seen).toMatch(/^TIME-WAIT 0 {6}0 {11}10\.0\.1\.1:\d+ {5}10\.0\.2\.1:5001/m);
    expect(seen).toMatch(/^Recv-Q Send-Q Local Address:Port {2}Peer Address:PortProcess\s*$/m);
    expect(seen).toContain(`tcp        0      0 10.0.1.1:${port}          10.0.2.1:5000           ESTABLISHED\n`);
    const hex = Number(port).toString(16).toUpperCase().padStart(4, "0");
    expect(seen).toMatch(new RegExp(`^ {3}\\d: 0101000A:${hex} 0102000A:1388 01 00000000:00000000 00:00000000`, "m"));
    expect(seen).toMatch(/0102000A:1389 06 00000000:00000000 03:0000[0-9A-F]{4} 00000000 {5}0 {8}0 0 3 0{16} *$/m);
    for (const line of /( {2}sl.*\n(?: {3}\d: .*\n)*)/.exec(seen)?.[1]?.trimEnd().split("\n") ?? []) {
      expect(line.length).toBeLessThanOrEqual(149);
    }
    expect(seen).toMatch(/^TCP: inuse 1 orphan 0 tw 1 alloc 1 mem 0$/m);
    expect(seen).toContain("TCP:   2 (estab 1, closed 1, orphaned 0, timewait 1)");
  });

  it("counters change by what was done since the last look", () => {
    const [, seen = ""] = outputs([
      "h2: nc -l -k 5000",
      "h1: nstat -n; sleep 1; nc -z h2 5000; nc -z h2 5001; nstat 'Tcp*'; nstat; netstat -st",
    ]);
    expect(seen.replaceAll(/ +/g, " ")).toMatch(
      /^#kernel\nTcpActiveOpens 2 0\.0\nTcpAttemptFails 1 0\.0\nTcpInSegs \d+ 0\.0\nTcpOutSegs \d+ 0\.0\n/,
    );
    expect(seen).toContain("0.0\n#kernel\nTcp:\n");
    expect(seen).toContain("    2 active connection openings\n    0 passive connection openings\n");
    expect(seen).toContain("    1 failed connection attempts\n");
  });
});
