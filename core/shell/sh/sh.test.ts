import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeMachine } from "../../../test/harness/fake-sys.ts";
import type { Program } from "../../kernel/syscall/sys.ts";
import { copyStream } from "../lib/input.ts";
import { parseScript } from "./syntax.ts";
import { sh } from "./sh.ts";
import { runs } from "../../../test/harness/long.ts";

const cat: Program = function* (sys) {
  return (yield* copyStream(sys, 0, 1)).error < 0 ? 1 : 0;
};
const sleep: Program = function* (sys, argv) {
  return (yield* sys.nanosleep(Number(argv[1]) * 1e9)) < 0 ? 1 : 0;
};
const env: Program = function* (sys) {
  for (const [name, value] of sys.environment) yield* sys.write(1, new TextEncoder().encode(`${name}=${value}\n`));
  return 0;
};

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine(
    new Map([
      ["sh", sh],
      ["cat", cat],
      ["sleep", sleep],
      ["env", env],
    ]),
  );
});

/** Script, what it prints, and its status. */
const CASES: readonly (readonly [script: string, output: string, status?: number])[] = [
  ["echo hello world", "hello world\n"],
  ["echo -n a; echo -e 'b\\tc'", "ab\tc\n"],
  ["echo a | cat | cat", "a\n"],
  ["true && echo yes || echo no", "yes\n"],
  ["false && echo yes || echo no", "no\n"],
  ["false; echo $?", "1\n"],
  ["! true; echo $?", "1\n"],
  ["x=1; y=$x$x; echo $y ${y}z \"$y\" '$y' \\$y", "11 11z 11 $y $y\n"],
  ["x='a  b'; echo $x; echo \"$x\"", "a b\na  b\n"],
  ["echo ${x:-default} ${x:=set} $x ${#x}", "default set set 3\n"],
  [
    "f=dir/name.tar.gz; echo ${f##*/} ${f%.*} ${f%%.*} ${f#*/} ${f/a/A} ${f:4:4}",
    "name.tar.gz dir/name.tar dir/name name.tar.gz dir/nAme.tar.gz name\n",
  ],
  ["echo $((1+2*3)) $((7/2)) $((2**10)) $((0x10 == 16)); i=5; echo $((i++ + ++i)) $i", "7 3 1024 1\n12 7\n"],
  ["x=4; echo $(($x+1))", "5\n"],
  ["x=4; echo $((${x}+1))", "5\n"],
  ["echo $(( +1 )) $((5 + +3)) $((-(-2)))", "1 8 2\n"],
  ["echo $((${y:-3}*2))", "6\n"],
  ["echo $(( $(echo 3) + 1 )) $((`echo 2`*2))", "4 4\n"],
  ["set -- 7 8; echo $(($1+$2*$#)) $((0 ? $1 : -$2))", "23 -8\n"],
  ["x='1+2'; y=x; echo $((x*2)) $((y*2)) $(( (x = 5) + x ))", "6 6 10\n"],
  ["n=3; for ((i=0; i<$n; i++)); do echo $i; done; ((n == $i)) && echo equal", "0\n1\n2\nequal\n"],
  [
    "x='1)); echo no; ((2'; echo $((x)); echo after",
    'sh: x: 1)); echo no; ((2: syntax error: operand expected (error token is "1)); echo no; ((2")\n',
    1,
  ],
  [
    "x0=1; for ((i=1; i<40; i++)); do eval \"x$i='x$((i-1))+x$((i-1))'\"; done; echo $((x5)); echo $((x25))",
    '32\nsh: x25: x2+x2: expression recursion level exceeded (error token is "x2+x2")\n',
    1,
  ],
  ["x=y; y=x; echo $((x)); echo after", 'sh: x: y: expression recursion level exceeded (error token is "y")\n', 1],
  ["echo $((1/0)); echo after", "sh: 1/0: division by 0\n", 1],
  ["echo $(echo a; echo b) `echo c`", "a b c\n"],
  ["for i in 1 2 3; do echo $i; done", "1\n2\n3\n"],
  ['for i in {1..3} x{a,b}y; do echo -n "$i "; done', "1 2 3 xay xby "],
  ["i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done", "0\n1\n2\n"],
  ["i=0; until test $i = 2; do i=$((i+1)); done; echo $i", "2\n"],
  ["for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done", "1\n3\n"],
  ["for i in 1 2; do for j in 1 2; do break 2; done; done; echo $i$j", "11\n"],
  ["case abc in x*) echo 1;; a?c) echo 2;; *) echo 3;; esac", "2\n"],
  ["case a in [[:upper:]]|b) echo 1;; [!b-z]) echo 2;; esac", "2\n"],
  ["f() { echo $1 $#; return 3; }; f a b; echo $?", "a 2\n3\n"],
  ["f() { local x=2; echo $x; }; x=1; f; echo $x", "2\n1\n"],
  ["if false; then echo 1; elif true; then echo 2; else echo 3; fi", "2\n"],
  ["(x=2; exit 4); echo $? $x", "4\n"],
  ["{ echo a; echo b; } | cat", "a\nb\n"],
  ["echo a > /tmp/f; echo b >> /tmp/f; cat < /tmp/f", "a\nb\n"],
  ["nosuch 2> /tmp/e; echo $?; cat < /tmp/e", "127\nsh: nosuch: command not found\n"],
  ["slep 1", "sh: slep: command not found; did you mean 'sleep'?\n", 127],
  ["{ echo o; echo e >&2; } > /tmp/f 2>&1; cat < /tmp/f", "o\ne\n"],
  ["{ echo o; echo e >&2; } &> /tmp/f; cat < /tmp/f", "o\ne\n"],
  ["cat <<EOF\nhi $((1+1))\nEOF", "hi 2\n"],
  ["cat <<'EOF'\nhi $x\nEOF", "hi $x\n"],
  ["cat <<< 'a b'", "a b\n"],
  ["A=1 env | cat", "PATH=/bin\nA=1\n"],
  ["export B=2; env", "PATH=/bin\nB=2\n"],
  ["sleep 5 & wait $!; echo done $?", "done 0\n"],
  ["sleep 1 & sleep 2 & wait; jobs; echo $?", "0\n"],
  ["sleep 100 & kill $!; wait $!; echo $?", "143\n"],
  ["read a b <<< 'one two three'; echo $b-$a", "two three-one\n"],
  ["echo 'x y' | { read a; echo \"[$a]\"; }", "[x y]\n"],
  ['set -- a \'b c\' d; for i in "$@"; do echo "<$i>"; done; shift; echo $1', "<a>\n<b c>\n<d>\nb c\n"],
  ['set -- \'a b\' c; for i in "$*"; do echo "<$i>"; done; echo $#', "<a b c>\n2\n"],
  ["cd /tmp; pwd; cd -", "/tmp\n/root\n"],
  ["cd /nonexist", "sh: cd: /nonexist: No such file or directory\n", 1],
  ["echo /e*; echo /nope*; cd /; echo *", "/etc\n/nope*\nbin dev etc root tmp\n"],
  ["[ 1 -eq a ]", "sh: [: a: integer expression expected\n", 2],
  ["[ -d /tmp -a ! -f /tmp ] && echo ok", "ok\n"],
  ["[[ abc == a* && abc =~ b.$ ]] && echo ok", "ok\n"],
  ["((3 > 2)) && echo ok", "ok\n"],
  ["for ((i=0;i<2;i++)); do echo $i; done", "0\n1\n"],
  ["printf '%5s|%-4d|%03d|%x\\n' ab 7 5 255; printf '%s ' a b c", "   ab|7   |005|ff\na b c "],
  ["eval 'echo a;' echo b", "a\nb\n"],
  ["set -e; false; echo no", "", 1],
  ["set -e; if false; then :; fi; false || echo kept", "kept\n"],
  ["exit 300", "", 44],
  ["echo )", "sh: -c: syntax error near unexpected token `)'\n", 2],
  ["if true", "sh: -c: syntax error: unexpected end of file\n", 2],
  ["a && && b", "sh: -c: syntax error near unexpected token `&&'\n", 2],
  ['echo "a', "sh: -c: unexpected EOF while looking for matching `\"'\n", 2],
  ["echo ${x:?}", "sh: x: parameter null or not set\n", 1],
  ["/tmp", "sh: /tmp: Is a directory\n", 126],
  ["type cd sleep nix", "cd is a shell builtin\nsleep is /bin/sleep\nsh: type: nix: not found\n", 1],
  ["exec > /tmp/f; echo hid; exec 1>&2; echo seen", "seen\n"],
  ["~/x", "sh: /root/x: No such file or directory\n", 127],
];

describe("sh -c", () => {
  it.each(CASES.map(([script, output, status = 0]) => [script, output, status] as const))(
    "%s",
    (script, output, status) => {
      expect(machine.sh(script)).toEqual({ output, status });
    },
  );

  it("refuses arithmetic that is nested too deeply", () => {
    const { output, status } = machine.sh(`echo $((${"1+".repeat(20_000)}$x)); echo after`);
    expect(output).toMatch(/\$x: expression recursion level exceeded\n$/);
    expect(status).toBe(1);
  });

  it("runs a file with arguments", () => {
    machine.write("/root/s.sh", "#!/bin/sh\necho $0 $1 $#\n");
    expect(machine.sh("./s.sh a b").output).toBe("./s.sh a 2\n");
    expect(machine.sh(". ./s.sh z").output).toBe("sh z 1\n");
  });

  it("ends a loop that never blocks on SIGINT", () => {
    machine.at(1e9, () => void machine.kill(-100, 2));
    expect(machine.sh("while true; do :; done").status).toBe(130);
  });

  it("stops endless recursion", () => {
    expect(machine.sh("f() { f; }; f").output).toContain("nested too deeply");
  });

  it("passes more than a pipe holds through a here-document", () => {
    const line = "x".repeat(99);
    const text = Array.from({ length: 2000 }, () => line).join("\n");
    expect(machine.sh(`cat <<'EOF'\n${text}\nEOF`).output).toBe(`${text}\n`);
  });
});

describe("interactive", () => {
  beforeEach(() => {
    machine.isTerminal = true;
  });

  it("prompts, runs, and leaves at the end of input", () => {
    machine.input = "echo hi\ncd /tmp\nif true\nthen echo x; fi\n";
    machine.inputEnded = true;
    expect(machine.run("sh", ["sh"])).toEqual({
      status: 0,
      output: "root@h1:/root# hi\nroot@h1:/root# root@h1:/tmp# > x\nroot@h1:/tmp# exit\n".replaceAll("/root#", "~#"),
    });
  });

  it("gives the prompt back after Ctrl-C, with status 130", () => {
    machine.input = "sleep 100; echo no\n";
    machine.at(1e9, () => void machine.kill(-machine.foreground, 2));
    machine.at(2e9, () => {
      machine.input = "echo $?\n";
      machine.inputEnded = true;
    });
    expect(machine.run("sh", ["sh"]).output).toBe("root@h1:~# \nroot@h1:~# 130\nroot@h1:~# exit\n");
  });

  it("reports jobs", () => {
    machine.input = "sleep 1 &\n";
    machine.at(0.5e9, () => (machine.input = "jobs\n"));
    machine.at(3e9, () => {
      machine.input = "\n";
      machine.inputEnded = true;
    });
    const { output } = machine.run("sh", ["sh"]);
    expect(output).toMatch(/\[1\] 101\n/);
    expect(output).toContain("[1]+  Running                 sleep 1 &\n");
    expect(output).toContain("[1]+  Done                    sleep 1\n");
  });

  it("stops a job with Ctrl-Z and resumes it with fg", () => {
    machine.input = "sleep 10\n";
    machine.at(1e9, () => void machine.kill(-machine.foreground, 20));
    machine.at(2e9, () => {
      machine.input = "fg\n";
      machine.inputEnded = true;
    });
    const { output, status } = machine.run("sh", ["sh"]);
    expect(output).toContain("[1]+  Stopped                 sleep 10\n");
    expect(output.endsWith("# sleep 10\nroot@h1:~# exit\n")).toBe(true);
    expect(status).toBe(0);
  });
});

describe("any text", () => {
  const pieces = fc.constantFrom(
    ..."$(){}[]<>|&;'\"`\\#*?~= \nab1/".split(""),
    "if ",
    "then ",
    "fi",
    "do ",
    "done",
    "<<E\n",
    "$((",
    "&&",
  );
  it("parses without throwing", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 30 }).map((each) => each.join("")),
        ),
        (text) => {
          expect(["ok", "incomplete", "error"]).toContain(parseScript(text).kind);
        },
      ),
      { numRuns: runs(2000) },
    );
  });

  it("runs without throwing or hanging", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (words) => {
        const fresh = new FakeMachine(
          new Map([
            ["sh", sh],
            ["cat", cat],
          ]),
        );
        fresh.inputEnded = true;
        fresh.at(5e9, () => void fresh.kill(-100, 9));
        expect(fresh.sh(words.join("")).status).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: runs(500) },
    );
  });
});
