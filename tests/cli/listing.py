"""dump --code: instructions, operands and cells side by side; dump --lines: lines of the source."""
import os
import re
import shutil

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


SOURCE = "tests/guests/cli/lines.c"


def opposites(scratch):
    """What a comparison becomes by i32.eqz reads a register of the loop as it does without."""
    path = os.path.join(scratch, "opposites.wasm")
    loop = (b"\x03\x40\x20\2\x20\0\x20\1%s\x6a\x21\2"   # 2 += 0 == 1
            b"\x20\0\x41\x7f\x6a\x22\0\x0d\0\x0b")
    for name, equal in [("eq", b"\x46"), ("ne, eqz", b"\x47\x45")]:
        code = modules.body(loop % equal, [b"\x01" + I32])
        with open(path, "wb") as f:
            f.write(modules.module(modules.section(1, [b"\x60\2" + 2 * I32 + b"\0"]),
                                   modules.section(3, [b"\0"]), modules.section(10, [code])))
        result = run("dump", "--code", path)
        check("dump --code: %s reads a register" % name, expect(result) or
              result[1] * ("i32_eq_ls_r t1 r0 = l0, local1" not in result[1]))


def source_lines():
    with open(SOURCE) as f:
        return f.read().splitlines()


def lines(scratch):
    """The source's lines before the code they became."""
    text = source_lines()
    number = 1 + [" checked(number);" in line for line in text].index(True)
    twice = r"\n; tests/guests/cli/lines\.c:%d twice\n; inlined at tests/guests/cli/lines\.c:\d+\n; \| %s\n +" \
            r"[0-9a-f]+: " % (number, re.escape(text[number - 1]))
    status, out, err = run("dump", "--lines", guest("lines"), "write_name")
    check("dump --lines", expect((status, out, err)) or
          repr(out[:300]) * (not re.search(twice, out) or out.count("\nfunction") != 1))
    bare = [line for line in out.splitlines() if not line.startswith(";")]
    whole = run("dump", guest("lines"))[1]
    check("dump --lines adds lines alone", "" if "\n".join(bare) in whole else repr(bare[:5]))
    out = run("dump", "--lines", guest("lines"))[1]
    bare = "".join(line for line in out.splitlines(True) if not line.startswith(";"))
    check("dump --lines of all", "" if bare == whole and re.search(twice, out) else repr(out[:300]))
    status, out, err = run("dump", "--lines", "--code", guest("lines"), "write_name")
    check("dump --lines --code", expect((status, out, err)) or
          repr(out[:300]) * (not re.search(twice, out)))
    out = run("dump", "--lines", guest("listing"))[1]
    check("dump --lines without lines says so",
          "" if out.startswith("; no lines") else repr(out[:100]))
    for words in ["--lines"], ["check", "--lines"]:
        result = run(*words, guest("lines"))
        check("usage %s without dump" % " ".join(words),
              expect(result, 2, "", "--lines") or one_line(result))


def texts(scratch):
    """The module names the files whose text is shown, and may name any: only regular files beneath
    the current directory, or the module's own, are."""
    place = os.path.join(scratch, "texts")
    path = os.path.join(place, SOURCE)
    module = os.path.join(scratch, "apart", "lines.wasm")
    os.makedirs(os.path.dirname(path))
    os.makedirs(os.path.dirname(module))
    shutil.copy(guest("lines"), module)
    secret = os.path.join(scratch, "secret")
    with open(secret, "w") as f:
        f.write("secret\n" * 50)

    def dump(name, wanted, hint=None, where=place, which=module):
        status, out, err = run("dump", "--lines", which, "write_name", cwd=where)
        shown = re.findall(r"^; \| (.*)$", out, re.M)
        check("dump --lines shows " + name, expect((status, out, err), 0, None, hint) or
              repr(shown[:3]) * (set(shown) != wanted if isinstance(wanted, set) else not wanted(shown)))

    def put(data):
        with open(path, "wb") as f:
            f.write(data)

    def nothing(name, hint="is not shown"):
        dump(name, set(), hint)
        os.remove(path)

    dump("no file that is elsewhere", set(), "lines.c is not shown")
    dump("a file beside the module", lambda shown: "    return twice(number); /* line: write_name */" in shown,
         which=os.path.abspath(guest("lines")), where=os.getcwd())
    put(b"text\n" * 50)
    dump("a file of the current directory", {"text"}, "lines.c is not shown")
    put(b"\tbold \x1b[1m \xe2\x80\xae\r\n" * 50)
    dump("text that is escaped", {r"    bold \x1b[1m \u{202e}"}, "is not shown")
    put((b"n" * 5000 + b"\n") * 50)
    dump("long lines in part", {"n" * 120 + "..."}, "is not shown")
    put(b"one\n")
    nothing("no line that is not there")
    put(b"NUL\0\n" * 50)
    nothing("nothing that is no text")
    put(b"")
    os.truncate(path, 1 << 30)
    nothing("no large file")
    os.symlink(secret, path)
    nothing("no file that a link leads out to")
    os.symlink("/dev/zero", path)
    nothing("no device")
    os.mkfifo(path)
    nothing("no pipe")
    os.symlink(os.path.basename(path), path)
    nothing("no link in a circle")


def test(scratch):
    lines(scratch)
    texts(scratch)
    opposites(scratch)
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
              expect(metered) or repr(metered[1]) * (len(re.findall(r"tick\+? 1\n", metered[1])) != 2))
    hostile(scratch)
