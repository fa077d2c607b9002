"""Text that a stranger wrote: it is escaped, cut and bounded wherever it is printed."""
import os
import re

from harness import check, expect, guest, one_line, run
from modules import body, function_type, functions, module, names, number, section, text

# Drives a terminal, reorders, hides, is no text; and what must stay as it is.
HOSTILE = "\x1b[31m\n\x7f\x9b\u202e\u2066\u2028\u200b\ufeff\U000e0041"
ESCAPED = r"\x1b[31m\x0a\x7f\u{9b}\u{202e}\u{2066}\u{2028}\u{200b}\u{feff}\u{e0041}"
HARMLESS = "grüße 名前 😀"
UNSEEN = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
                    "\U000e0000-\U000e0fff\ufffd]")  # the last: what was no UTF-8

MANY = b"\x7f" * 1000  # types
DUMP_FACTOR = 64       # characters a byte of a module makes at most in a dump


def harmless(result):
    """What is wrong with what was printed to a terminal."""
    found = UNSEEN.search(result[1] + result[2])
    return "%r in %r" % (found.group(), result[1:]) if found else ""


def imports(name):
    return module(section(1, [function_type()]), section(2, [text(name) + text(name) + b"\0\0"]),
                  section(7, [text("_start") + b"\0\0"]))


def traps(name, depth):
    """_start of that many calls, all to functions of that name, and a trap."""
    codes = [b"\x10" + number(i + 1) for i in range(depth)] + [b"\0"]
    return functions([function_type()], codes, section(7, [text("_start") + b"\0\0"])) + \
        names(*[name] * len(codes))


def test_places(place):
    """Every place where a name can come out."""
    def load(content, *words, name="m.wasm"):
        path = os.path.join(place, name)
        with open(path, "wb") as f:
            f.write(content)
        return run(*words, path)

    hostile = HOSTILE + HARMLESS
    lone = functions([function_type()], [b""], section(7, [text(hostile) + b"\0\0"])) + names(hostile)
    twice = functions([function_type()], [b""], section(7, [text(hostile) + b"\0\0"] * 2))
    places = [
        ("a file's name", load(b"none", name=hostile.replace("/", "")), 1),
        ("a missing file's name", run(os.path.join(place, hostile + "none")), 1),
        ("an import", load(imports(hostile)), 1),
        ("an export doubled", load(twice, "check"), 1),
        ("the list of exports", load(lone), 2),
        ("--invoke", load(lone, "--invoke", hostile + "x"), 2),
        ("a value", run("--invoke", "i32", guest("values"), hostile), 2),
        ("a backtrace", load(traps(hostile, 3)), 134),
        ("a dump", load(lone, "dump"), 0),
        ("an option", run("--" + hostile, "m"), 2),
        ("a number", run("--fuel", hostile, "m"), 2),
        ("--env", run("--env", "=" + hostile, "m"), 2),
        ("--trace", run("--trace", hostile, "m"), 2),
        ("--dir", load(traps("f", 0), "--dir", hostile), 1),
        ("--dir twice", load(lone, "--dir", "a::" + hostile, "--dir", "b::" + hostile), 2),
        ("--allow-net", load(traps("f", 0), "--allow-net", hostile), 2),
        ("--resolve", load(traps("f", 0), "--resolve", hostile), 2),
        ("--cacert", load(traps("f", 0), "--cacert", hostile), 1),
        ("--http-limit", load(lone, "--http-limit", hostile), 2),
        ("a second module", run("check", "m", hostile), 1),
        ("a module checked", load(imports(hostile), "check"), 0),
        ("a module too many", run("dump", "m", hostile), 2),
    ]
    for name, result, status in places:
        wrong = "status %d: %r" % (result[0], result[2]) if result[0] != status else harmless(result)
        check("foreign text: " + name,
                wrong or repr(result) * (ESCAPED[:20] not in result[1] + result[2]))
    check("foreign text that does no harm is left as it is",
            repr(lone) * ('function 0 "%s%s" ()' % (ESCAPED, HARMLESS) not in
                          load(lone, "dump")[1]))
    load(b"none", name=os.fsdecode(b"caf\xe9"))
    check("a file's name that is no UTF-8",
            expect(run(os.path.join(place, os.fsdecode(b"caf\xe9"))), 1, "", r"/caf\\xe9: malf"))


def test_cuts(place):
    """Cut at the end of a character with a mark, and the reason behind it is told."""
    for letter in "a", "é", "€", "😀", "\x1b":
        for shift in range(4):
            long = "x" * shift + letter * (90000 // len(letter.encode()))
            path = os.path.join(place, "long.wasm")
            with open(path, "wb") as f:
                f.write(imports(long))
            result = run(path)
            wrong = expect(result, 1, "", r'unknown import "[^"]*"\.\.\. "[^"]*"\.\.\.: function \(\) -> '
                                            r'\(\)') or harmless(result) or one_line(result)
            with open(path, "wb") as f:
                f.write(traps(long, 40))
            result = run(path)
            wrong = wrong or harmless(result) or "long" * (len(result[2].encode()) > 5000) or \
                expect(result, 134, "", r"#31 function \d+ <[^>]*\.\.\.> at 0x[0-9a-f]+\n    \.\.\.\n$")
            check("long names are cut behind a character: %d %r" % (shift, letter), wrong)
    path = os.path.join(place, "list.wasm")
    with open(path, "wb") as f:
        f.write(functions([function_type()], [b""], section(7, [
            text(name) + b"\0\0" for name in ["n" * 130] + ["m%d" % i + "n" * 20 for i in range(9)]])))
    result = run(path)
    check("long names do not hide the others",
            expect(result, 2, "", r"exports: n+\.\.\., m0n+, m1n+, .*, \.\.\.; call one with --invoke NAME$"))


def dump_shapes():
    """Modules that declare little and use it often."""
    plain = function_type()
    long = function_type(MANY, MANY)
    unreachable = b"\0"
    yield "a long name at each call", functions([plain], [b"\x10\0" * 30000]) + names("n" * 60000)
    yield "a name of control characters", functions([plain], [b"\x10\0" * 10]) + names("\n" * 60000)
    yield "a long type at each block", functions([plain, long],
                                                 [unreachable + b"\x02\1\0\x0b\0" * 9000])
    yield "a long type at each indirect call", functions(
        [plain, long], [unreachable + b"\x11\1\0\0" * 9000], section(4, [b"\x70\0\0"]))
    yield "a long type at each function", module(
        section(1, [long]), section(3, [b"\0"] * 9000), section(10, [body(b"\0")] * 9000))
    yield "a long type at each import", module(section(1, [long]), section(2, [b"\0\0\0\0"] * 9000))
    yield "a long type at each tag", module(section(1, [function_type(MANY)]),
                                            section(13, [b"\0\0"] * 9000))
    yield "types", module(section(1, [function_type(b"\x6f" * 1000, b"\x6f" * i) for i in range(200)]))
    yield "deep blocks", functions([plain], [b"\x02\x40" * 20000 + b"\x01" * 40000 + b"\x0b" * 20000])
    yield "deep, of long mnemonics", functions(
        [plain], [b"\x02\x40" * 100 + unreachable + b"\xad\xa7" * 20000 + b"\x1a" + b"\x0b" * 100])
    yield "deep, a long name at each call", functions(
        [plain], [b"\x02\x40" * 100 + b"\x10\0" * 30000 + b"\x0b" * 100]) + names("n" * 60000)
    yield "br_table", functions([plain], [
        b"\x02\x40" * 100 + unreachable + (b"\x0e" + number(9000) + b"\x64" * 9001) * 3 + b"\x0b" * 100])
    yield "catch clauses", functions([plain], [b"\x1f\x40" + number(9000) + b"\2\0" * 9000 + b"\x0b"])
    yield "runs of locals", module(section(1, [plain]), section(3, [b"\0"]),
                                   section(10, [body(b"", [b"\0\x6f"] * 9000)]))
    yield "segments", module(section(4, [b"\x6f\0\0"]), section(9, [b"\1\0\0"] * 9000),
                             section(11, [b"\1\0"] * 9000))
    yield "functions", functions([plain], [b""] * 9000)
    yield "exports", functions([plain], [b""], section(7, [text("%x" % i) + b"\0\0" for i in range(9000)]))
    yield "globals", module(section(6, [b"\x6f\0\xd0\x6f\x0b"] * 9000))


def test_dump(place):
    path = os.path.join(place, "shape.wasm")
    for name, content in dump_shapes():
        with open(path, "wb") as f:
            f.write(content)
        result = run("dump", path)
        size = len(result[1].encode())
        check("a dump is in proportion: " + name, expect(result) or
                "%d bytes of %d" % (size, len(content)) * (size > DUMP_FACTOR * len(content)))
    with open(path, "wb") as f:
        f.write(module(section(1, [function_type(MANY)]), section(3, [b"\0"]), section(10, [body(b"")])))
    lines = run("dump", path)[1].splitlines()
    check("a long type is printed in full once, and cut with a mark", repr(lines) * (
        "type 0: (%s) -> ()" % " ".join(["i32"] * 1000) not in lines or
        not any(re.fullmatch(r"function 0 \((i32 ){5,}\.\.\.", line) for line in lines)))


def test(place):
    place = os.path.join(place, "foreign")
    os.mkdir(place)
    test_places(place)
    test_cuts(place)
    test_dump(place)
