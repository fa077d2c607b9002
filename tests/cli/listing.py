"""dump --code: instructions, operands and cells side by side."""
import os

import modules
from harness import check, expect, guest, one_line, run

NOTHING, I32 = b"\x60\0\0", b"\x7f"


def expected(name):
    """What a listing must be, to the letter."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name)) as f:
        return f.read()


def part_of(listing, heading):
    """One function of it."""
    begin = listing.index("\n" + heading)
    return listing[begin:].split("\n\nfunction")[0].rstrip("\n") + "\n"


def hostile(scratch):
    """Names that drive a terminal, bodies that are all one thing: nothing is garbled or without
    bound."""
    def write(name, data):
        path = os.path.join(scratch, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    evil = "\x1b[31m\u202e</script>" + "n" * 5000
    module = modules.functions([NOTHING], [b"\x10\0"]) + modules.names(evil)
    status, out, err = run("dump", "--code", write("evil.wasm", module))
    lines = out.splitlines()
    check("dump --code escapes names", expect((status, out, err)) or
              repr(out[:200]) * ("\x1b" in out or "\u202e" in out or
                                 max(map(len, lines[2:])) > 300))
    labels = b"\x41\0\x0e" + modules.number(100000) + b"\0" * 100001
    bodies = {
        "a br_table of 100,000": b"\x02\x40" + labels + b"\x0b",
        "100,000 constants": b"\x41\x07" * 60000 + b"\x1a" * 60000,
        "100,000 locals read": b"\x20\0" * 60000 + b"\x1a" * 60000,
        "blocks in blocks": b"\x02\x40" * 20000 + b"\x0b" * 20000,
        "nothing but nop": b"\x01" * 200000,
        "what cannot be reached": b"\x00" + b"\x6a" * 100000 + b"\x1a",
    }
    for name, body in bodies.items():
        code = modules.body(body, [b"\x01" + I32] if "locals" in name else [])
        module = modules.module(modules.section(1, [NOTHING]), modules.section(3, [b"\0"]),
                                modules.section(10, [code]))
        status, out, err = run("dump", "--code", write("body.wasm", module))
        bound = 160 * len(module) + 1000
        check("dump --code of " + name, expect((status, out, err)) or
                  "%d bytes of %d" % (len(out), len(module)) * (len(out) > bound))
    slow = write("slow.wasm", modules.functions([NOTHING], [b"\x01" * 1000000] * 6))
    result = run("--timeout", "0.05", "dump", "--code", slow)
    check("dump --code ends in time", expect(result, 134, None, "time"))
    result = run("--max-memory", "3M", "dump", "--code", slow)
    check("dump --code keeps to the memory limit",
              expect(result, 1, None, "listing") or one_line(result))


def test(scratch):
    whole = expected("listing.txt")
    check("dump --code", expect(run("dump", "--code", guest("listing")), 0, whole))
    for name, heading in [("twice", "function 1 "), ("sum", "function 2 "), ("5", "function 5 ")]:
        result = run("dump", "--code", guest("listing"), name)
        check("dump --code of function " + name,
                  expect(result, 0, part_of(whole, heading)))
    for name, why in [("nix", "no function 'nix'"), ("7", "no function '7'"),
                      ("log", "'log' is imported"), ("0", "'0' is imported"),
                      ("4294967297", "no function"), ("memory", "no function 'memory'")]:
        result = run("dump", "--code", guest("listing"), name)
        check("dump --code of no function: " + name,
                  expect(result, 2, "", why) or one_line(result))
    for words in ["--code"], ["check", "--code"]:
        result = run(*words, guest("listing"))
        check("usage %s without dump" % " ".join(words),
                  expect(result, 2, "", "--code") or one_line(result))
    result = run("dump", guest("listing"), "twice")
    check("dump takes no function without --code", expect(result, 2, "", "twice"))
    metered = run("--fuel", "1000", "dump", "--code", guest("listing"), "sum")
    check("dump --code shows the ticks of a limit",
              expect(metered) or repr(metered[1]) * (metered[1].count("tick 1\n") != 2))
    hostile(scratch)
