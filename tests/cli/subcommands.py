"""`check` and `dump`: what they print of a module."""
from harness import check, expect, guest, one_line, run


def test(place):
    check("check", expect(run("check", guest("traps")), 0, guest("traps") + ": valid\n"))
    check("features of the MVP", expect(run("check", "--features", guest("traps")), 0, ""))
    check("features", expect(run("check", "--features", guest("values")), 0,
                             "multi-value\nreference-types\n"))
    check("features of several memories",
          expect(run("check", "--features", guest("memories")), 0, "bulk-memory\nmulti-memory\n"))
    status, out, err = run("dump", guest("memories"))
    check("dump names the memory", expect((status, out, err)) or
          ", ".join(w for w in ("memory 1: 1 to 20 pages\n", "segment 0: active memory 1, 4 bytes",
                                "i32.load8_u offset=4 align=1\n", "memory.copy 0 1\n",
                                "i32.load16_u memory 1 offset=4 align=1\n",
                                "memory.grow memory 1\n", "memory.init 1 memory 1\n")
                    if w not in out))
    check("features of 64-bit memories", expect(run("check", "--features", guest("wasm64")), 0,
                                                "memory64\n"))
    result = run("dump", guest("wasm64"))
    check("dump of a 64-bit memory", expect(result) or
          repr(result[1]) * ("memory 0: i64 1 to 1099511627776 pages\n" not in result[1]))
    for words in ["--features"], ["dump", "--features"]:
        result = run(*words, guest("command"))
        check("usage %s without check" % " ".join(words),
              expect(result, 2, "", "--features") or one_line(result))
    status, out, err = run("dump", guest("traps"))
    check("dump", expect((status, out, err)) or
          " ".join(w for w in ("unreachable", "i32.load", "br_if", "memory.grow", "call_indirect",
                               "backtrace") if w not in out))
    result = run("dump", guest("import"))
    check("dump names what is imported",
          expect(result) or repr(result[1]) * ("something" not in result[1]))
    check("dump escapes control characters",
          repr(result[1]) * ('export "\\u{9b}31m" function 1\n' not in result[1]))
