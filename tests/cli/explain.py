"""explain: a page of code, and of a run of it. What it shows is asked of Chromium, where that is."""
import html
import json
import os
import re
import subprocess
import time

import modules
from harness import HOSTEL, check, expect, guest, in_browser, one_line, run

NOTHING = b"\x60\0\0"
# What the page shows while mixed(2, 4) is stepped through: the cell, the frame, memory.
SEEN = [
    (1, "1: global_get+ t0 r0 = global 0", "local0 i32 0x2 2 local1 f64 0x4010000000000000 4", ""),
    (5, "5: first_call function 1 window t1",
     "local0 i32 0x2 2 local1 f64 0x4010000000000000 4 t0 0xfff0 65520 t1 0x5 5", ""),
    (6, "1: i32_add_ss+ t0 r0 = local0, local0", "local0 i32 0x5 5", ""),
    (7, "2: return_i r0", "local0 i32 0x5 5 t0 0xa 10", ""),
    (8, "6: i32_mul_sr t0 r0 = local0, r0",
     "local0 i32 0x2 2 local1 f64 0x4010000000000000 4 t0 0xfff0 65520 t1 0xa 10", ""),
    (20, "18: br_table_r r0 of 2",
     "local0 i32 0x28 40 local1 f64 0x4010000000000000 4 t0 0x28 40 "
     "t1 0x4000000000000000 4611686018427387904, or as f64 2",
     "0" + " 00" * 16 + " 10" + " 00" * 16 + " 40" + " 00" * 7 + " 40" + " 00" * 8),
]


def explain(place, *words, options=()):
    """The result, the page's text and its data."""
    path = os.path.join(place, "page.html")
    result = run("explain", "-o", path, "--unknown-imports", "trap", *options, *words)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    found = re.search(r"^const data =\n(.*)^;$", text, re.M | re.S)
    data = json.loads(found.group(1)) if found and not result[0] else None
    if data:
        words = data["words"].split("\n")
        data["functions"] = [function(words, *f) for f in data["functions"]]
    return result, text, data


def function(words, index, heading, *more):
    """As the page takes it apart: each line has its instruction and bytes, operands, the line that
    has its cells, and cells."""
    lines = []
    codes = [ord(c) - 61 - (ord(c) > 92) for c in (more[-1] if more else "")][::-1]

    def number():
        digit = codes.pop()
        return digit if digit < 32 else digit - 32 + 32 * number()
    while codes:
        line = [words[number()], words[number()]]
        far = number()
        line.append(len(lines) + (-(far + 1) // 2 if far % 2 else far // 2))
        lines.append(line + [words[number()] for _ in range(number())])
    return {"index": index, "heading": heading, "offset": more[4] if more else None, "lines": lines}


def write(place, name, data):
    path = os.path.join(place, name + ".wasm")
    with open(path, "wb") as f:
        f.write(data)
    return path


def test_page(place):
    result, text, data = explain(place, guest("listing"), "mixed", "--", "2", "4")
    check("explain", expect(result, 0, "40\n") or
          repr(data)[:300] * ([f["heading"] for f in data["functions"]] !=
                              ['3 "mixed" (i32 f64) -> (i32)'] or data["ended"] != "returned"))
    shown = data["functions"][0]
    check("explain: a line has all its columns", repr(shown["lines"][:4]) * (shown["lines"][1:4] != [
        ["  global.get 0 2300", "t0=r0:i32", 1, "global_get+ t0 r0 = global 0"],
        ["  i32.const 16 4110", "t0=r0:i32 16:i32", 3],
        ["  i32.sub 6b", "t0=r0:i32", 3, "i32_add_ri t0 r0 = r0, -16"]]) or
          hex(shown["offset"]) * (shown["offset"] != 0xb7))
    cells = [step[1] for step in data["steps"]]
    check("explain: the steps", repr(cells) * (
        cells != [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 18, 23]))
    outside = re.findall(r"\w+://|<link|<img|\bsrc=|@import|url\(", text)
    check("explain: the page needs nothing else", repr(outside) * bool(outside) or
          "no policy" * ("default-src 'none'" not in text))
    result, text, data = explain(place, guest("listing"))
    check("explain of a whole module", expect(result, 0, "") or
          repr(data)[:300] * ([f["index"] for f in data["functions"]] != list(range(1, 7)) or
                              data["steps"] != []))


def test_runs(place):
    result, _, data = explain(place, guest("listing"), "fails", "--", "2")
    check("explain of a trap", expect(result, 0, "") or
          repr(data["ended"]) * (data["ended"] != "trap: out of bounds memory access"))
    result, _, data = explain(place, guest("command"), "--", "exit", "3")
    check("explain of a program", expect(result, 0, None) or
          repr(data["ended"]) * ("exited with status" not in data["ended"]) or
          "%d steps" % len(data["steps"]) * (not 10 < len(data["steps"]) <= 5000))
    loop = write(place, "loop", modules.functions([NOTHING], [b"\x03\x40\x0c\0\x0b"], modules.section(
        7, [modules.text("_start") + b"\0\0"])))
    result, _, data = explain(place, loop, "--")
    check("explain ends a run without end", expect(result, 0, "") or
          "%d steps, %r" % (len(data["steps"]), data["ended"]) *
          (len(data["steps"]) != 5000 or data["ended"] != "and so on"))
    deep = write(place, "deep", modules.functions([NOTHING], [b"\x10\0"], modules.section(
        7, [modules.text("_start") + b"\0\0"])))
    result, _, data = explain(place, deep, "--")
    check("explain of a deep recursion", expect(result, 0, "") or
          repr(data["steps"][-1]) * (data["steps"][-1][2] != 4999))
    # A sum of two vectors whose high halves are zero, as the frame was before.
    constant = b"\xfd\x0c%c" + bytes(15)
    vectors = write(place, "vectors", modules.functions(
        [NOTHING], [constant % 5 + constant % 0 + b"\xfd\x6e\x1a"], modules.section(
            7, [modules.text("_start") + b"\0\0"])))
    result, _, data = explain(place, vectors, "--")
    found = [step[7] for step in data["steps"]]
    check("explain has both halves of a vector", expect(result, 0, "") or repr(found) * (
        found != [[], [2, "5", 3, "0"], [4, "0", 5, "0"], [2, "5", 3, "0"]]))
    result, _, data = explain(place, guest("listing"), "1", options=["--invoke", "mixed"])
    check("explain runs nothing without --", repr(data["steps"]) * bool(data["steps"]))
    result, _, data = explain(place, guest("listing"), "1", "--", "2", "4", options=["--invoke", "mixed"])
    found = [(step[0], step[7]) for step in data["steps"]]
    check("explain records the function that is named", repr(found) * (
        found != [(1, [5, "5"]), (1, [8, "a"]), (1, [4, "14"]), (1, [7, "28"])]))


def test_usage(place):
    page = os.path.join(place, "page.html")
    for words, why in [([guest("listing")], "-o FILE"),
                       (["-o", page], "which module"),
                       (["-o", page, guest("listing"), "nix"], "no function 'nix'"),
                       (["-o", page, guest("listing"), "1", "2"], "takes one function"),
                       (["-o", page, guest("listing"), "1", "2", "--", "3"], "takes one function"),
                       (["-o", page, guest("listing"), "log"], "is imported"),
                       (["-o", page, "--code", guest("listing")], "belongs to dump"),
                       (["-o", page, "--unknown-imports", "trap", guest("listing"), "sum", "--"],
                        "has no value")]:
        result = run("explain", *words)
        check("explain: " + why, expect(result, 2, "", re.escape(why)) or one_line(result))
    for path, why in (os.path.join(place, "no", "such"), "No such file"), ("/dev/full", "No space"):
        result = run("explain", "-o", path, guest("listing"))
        check("explain to " + why, expect(result, 1, "", why) or one_line(result))
    result = run("-o", page, guest("listing"))
    check("--output without explain", expect(result, 2, "", "belongs to explain"))


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(.01)
    return what()


def test_whole(place):
    """The file is there when it is complete, or as it was before."""
    folder = os.path.join(place, "whole")
    page, link = os.path.join(folder, "page"), os.path.join(folder, "link")
    os.mkdir(folder)
    failing = ["explain", "--unknown-imports", "trap", guest("listing"), "nix", "-o"]
    run(*failing, page)
    check("explain that fails leaves no file", repr(os.listdir(folder)) * bool(os.listdir(folder)))
    os.symlink("page", link)
    with open(page, "w") as f:
        f.write("before")
    os.chmod(page, 0o640)
    result = run(*failing, link)
    with open(page) as f:
        check("explain that fails leaves what was there", expect(result, 2, "", "nix") or
              "written" * (f.read() != "before") or
              repr(os.listdir(folder)) * (sorted(os.listdir(folder)) != ["link", "page"]))
    result = run("explain", guest("command"), "-o", link)
    check("explain through a link, with the mode that was there", expect(result, 0, "") or
          "no link" * (not os.path.islink(link)) or
          oct(os.stat(page).st_mode) * (os.stat(page).st_mode & 0o777 != 0o640))

    p = subprocess.Popen([HOSTEL, "explain", "-o", os.path.join(folder, "other"), guest("command"), "--", "cat"],
                         stdin=subprocess.PIPE)
    begun = wait_for(lambda: len(os.listdir(folder)) == 3)
    seen = sorted(os.listdir(folder))
    p.kill()
    p.communicate()
    gone = wait_for(lambda: len(os.listdir(folder)) == 2)
    check("explain that is killed leaves no file", repr((seen, os.listdir(folder))) * (
        not begun or not gone or "other" in seen))


def test_hostile(place):
    """Names cannot end the script, nor are they taken for HTML; large functions stay bounded."""
    evil = "</script><img src=x onerror=alert(1)><!--\x1b\u202e\\\"'&\u2028"
    path = write(place, "evil", modules.functions([NOTHING], [b"\x10\0"]) + modules.names(evil))
    result, text, data = explain(place, path)
    told = data["functions"][0]["heading"]
    check("explain escapes names", expect(result, 0, "") or
          "the script ends %d times" % text.count("</script") * (text.count("</script") != 1) or
          "an element" * ("<img" in text) or "a comment" * ("<!--" in text) or
          repr(told) * ("</script><img src=x onerror" not in told or "\x1b" in told))
    body = b"\x41\0\x0e" + modules.number(60000) + b"\0" * 60001 + b"\x01" * 60000
    path = write(place, "large", modules.functions([NOTHING], [body]))
    result, text, data = explain(place, path)
    check("explain of a large function", expect(result, 0, "") or
          "%d characters" % len(text) * (len(text) > 30 * len(body) + 30000))
    varied = b"".join(b"\x41" + modules.number(n % 64 + 128 * (n % 90 + 1)) + b"\x1a" for n in range(250000))
    path = write(place, "varied", modules.functions([NOTHING], [varied]))
    result, text, data = explain(place, path)
    check("explain: a page is a few times as large as its module", expect(result, 0, "") or
          "%d characters for %d bytes" % (len(text), len(varied)) * (len(text) > 6 * len(varied)))
    codes = [(b"\xfd\x0c" + b"\7" * 16 + b"\x1a") * 26000] * 6  # as many bytes as need few lines
    result, text, data = explain(place, write(place, "many", modules.functions([NOTHING], codes)))
    listed = [bool(f["lines"]) for f in data["functions"]]
    check("explain leaves out what is too much", expect(result, 0, "") or
          repr(listed) * (listed != [True] * 4 + [False] * 2))


def told_by(shown):
    found = re.search(r'<pre id="test">(.*?)</pre>', shown, re.S)
    return json.loads(html.unescape(found.group(1)))


def test_chromium(place):
    page = os.path.join(place, "page.html")
    run("explain", "-o", page, "--unknown-imports", "trap", "--invoke", "mixed", guest("listing"), "--", "2", "4")
    shown = in_browser("explain", place, page + "#test")
    if not shown:
        return
    told = told_by(shown)
    shown = [[" ".join(part.split()) for part in step.split("|")] for step in told["seen"]]
    for number, *wanted in SEEN:
        check("explain in a browser: step %d" % number, repr(shown[number - 1]) * (
            shown[number - 1] != ["step %d of 21" % number, *wanted]))
    check("explain in a browser: a line", repr(told["line"]) * (
        told["line"] != ["b7", "23 00", "global.get 0", "t0=r0:i32", "1: global_get+ t0 r0 = global 0"]))
    check("explain in a browser: steps back show the same", repr(told)[-200:] * (not told["same"]))
    evil = os.path.join(place, "evil.wasm")
    run("explain", "-o", page, evil)
    told = told_by(in_browser("explain", place, page + "#test"))
    check("explain in a browser: hostile names", repr(told) * (
        [told["seen"], told["rows"], told["functions"]] != [[], 3, 1]))


def test(place):
    test_page(place)
    test_runs(place)
    test_usage(place)
    test_whole(place)
    test_hostile(place)
    test_chromium(place)
