"""Traps and their backtraces; and the limits that end a guest."""
import os
import re
import subprocess

from harness import ENV, HOSTEL, SECONDS, check, expect, guest, one_line, run

TRAPS = [
    ("unreachable", [], "unreachable"), ("out_of_bounds", [], "out of bounds memory access"),
    ("divide", ["1", "0"], "integer divide by zero"),
    ("divide", ["0x80000000", "-1"], "integer overflow"),
    ("truncate", ["nan"], "invalid conversion to integer"),
    ("truncate", ["1e10"], "integer overflow"),
    ("indirect", ["0"], "indirect call type mismatch"),
    ("indirect", ["1"], "uninitialized element"),
    ("indirect", ["2"], "undefined element"), ("recurse", [], "call stack exhausted"),
]


def test_traps(place):
    module = guest("traps")
    for function, values, phrase in TRAPS:
        result = run("--invoke", function, module, *values)
        check("trap %s %s" % (function, " ".join(values)),
              expect(result, 134, "", r"\Ahostel: trap: " + phrase))
    status, out, err = run("--invoke", "backtrace", module)
    frames = re.findall(r"#(\d+) function (\d+) <(\w*)> at 0x([0-9a-f]+)", err)
    check("backtrace names", "" if [f[:3] for f in frames] == [
        ("0", "1", "out_of_bounds"), ("1", "3", "middle"), ("2", "2", "caller")] else repr(err))
    with open(module, "rb") as f:
        code = f.read()
    # i32.load, and two calls: the byte offsets are those of the opcodes in the file
    opcodes = [code[int(f[3], 16)] for f in frames]
    check("backtrace offsets", "" if opcodes == [0x28, 0x10, 0x10] else repr((frames, opcodes)))
    hostile = os.path.join(place, "hostile.wasm")
    with open(hostile, "wb") as f:
        f.write(code.replace(b"out_of_bounds", b"\x1b[2J\n\x7f_bounds"))
    check("a backtrace does not drive the terminal",
          expect(run("--invoke", "backtrace", hostile), 134, "", r"<\\x1b\[2J\\x0a\\x7f_bounds> at"))
    result = run("--invoke", "recurse", module)
    check("a deep backtrace is cut", expect(result, 134, "", r"\.\.\.\n$")
          or "long" * (result[2].count("\n") > 40))
    result = run(guest("command"), "trap")
    check("trap in C", expect(result, 134, "", r"trap: out of bounds memory access\n +#0 function"))
    check("stack exhausted in C", expect(run(guest("command"), "deep"), 134, "",
                                         "trap: (call stack exhausted|out of bounds)"))
    check("trap in the start function", expect(run(guest("start_trap")), 134, "",
                                               r"trap: unreachable.*\n +#0 function 0"))


def test_limits():
    module = guest("traps")
    for limit in ["--timeout", "100ms"], ["--fuel", "100000"]:
        check("endless loop under " + limit[0],
              expect(run(*limit, "--invoke", "loop", module), 134, "", "trap: .*(time|fuel)"))
        check("endless start function under " + limit[0],
              expect(run(*limit, guest("start_loop")), 134, "", "trap: .*(time|fuel)"))
    check("sleep under --timeout",
          expect(run("--timeout", "100ms", guest("command"), "sleep"), 134, "", "trap: .*time"))
    reading, writing = os.pipe()
    process = subprocess.run([HOSTEL, "--timeout", "100ms", guest("command"), "cat"], env=ENV,
                             stdin=reading, capture_output=True, timeout=SECONDS)
    check("waiting for input under --timeout",
          expect((process.returncode, "", process.stderr.decode()), 134, "", "trap: .*time"))
    os.close(reading)
    os.close(writing)
    check("fuel that suffices",
          expect(run("--fuel", 1000000, "--invoke", "count", module, 1000), 0, "0\n"))
    check("fuel that does not",
          expect(run("--fuel", 1000, "--invoke", "count", module, 1000000), 134, "", "fuel"))
    check("fuel 0", expect(run("--fuel", 0, "--invoke", "count", module, 10), 134, "", "fuel"))
    check("a time limit that suffices",
          expect(run("--timeout", "1h", "--invoke", "count", module, 1000), 0, "0\n"))
    check("a small stack", expect(run("--max-stack", "4K", "--invoke", "recurse", module), 134, "",
                                  "call stack exhausted"))
    check("a stack of nothing", expect(run("--max-stack", "0", "--invoke", "loop", module), 134,
                                       "", "stack exhausted"))
    check("memory grows up to the limit",
          expect(run("--max-memory", "1M", "--invoke", "grow", module, 14), 0, "1\n"))
    check("and no further",
          expect(run("--max-memory", "1M", "--invoke", "grow", module, 15), 0, "-1\n"))
    result = run("--max-memory", "15M", guest("big_memory"))
    check("memory that is too large from the start", expect(result, 1, "", "memory")
          or one_line(result))
    check("one limit for two memories",
          expect(run("--max-memory", "1M", "--invoke", "grow", guest("memories"), 14), 0, "-1\n") or
          expect(run("--max-memory", "1M", "--invoke", "grow", guest("memories"), 13), 0, "1\n"))
    check("memory for system calls", expect(run(guest("second_memory")), 0, "hello\n"))
    check("another memory", expect(run("--invoke", "load", guest("memories"), 1), 0, "%d\n" %
                                   (ord("f") + ord("o") + 256 * ord("u"))))
    check("memory that fits", expect(run("--max-memory", "17M", guest("big_memory")), 0, ""))


def test(place):
    test_traps(place)
    test_limits()
