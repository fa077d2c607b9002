"""--profile: what it says of a run agrees with itself, with a trace and with the fuel; what tools and
Chromium make of it, where they are."""
import os
import re
import shutil
import subprocess

import modules
from harness import check, expect, guest, in_browser, run

FORMATS = ["folded", "callgrind", "svg"]


def profiled(place, format, *words, options=()):
    """The result and the file's text."""
    path = os.path.join(place, "profile." + format)
    if os.path.exists(path):
        os.unlink(path)
    result = run("-q", "--profile", path, *options, *words)
    if not os.path.exists(path):
        return result, ""
    with open(path, encoding="utf-8") as f:
        return result, f.read()


def folded(text):
    return {row.rsplit(" ", 1)[0]: int(row.rsplit(" ", 1)[1]) for row in text.splitlines()}


def callgrind(text):
    """The totals, and the sums of all lines but those of calls."""
    totals = [int(n) for n in re.search(r"^totals: (.*)$", text, re.M).group(1).split()]
    sums, call = [0] * len(totals), False
    for row in text.splitlines():
        numbers = re.fullmatch(r"\d+((?: \d+)+)", row)
        if numbers and not call:
            sums = [a + int(b) for a, b in zip(sums, numbers.group(1).split())]
        call = row.startswith("calls=")
    return totals, sums


def outcome(*words):
    """How a run ends: what a limit on fuel may change."""
    status, out, err = run(*words)
    return status, out, err.splitlines()[:1]


RUNS = [
    ("a program that returns", [guest("command"), "lines", "3"], 0),
    ("one that exits", [guest("command"), "exit", "3"], 3),
    ("one that traps", [guest("command"), "trap"], 134),
    ("a trap behind frames", [guest("lines")], 134),
    ("memory that is out of bounds", ["--invoke", "out_of_bounds", guest("traps")], 134),
    ("a division by 0", ["--invoke", "divide", guest("traps"), "1", "0"], 134),
    ("a loop", ["--invoke", "count", guest("traps"), "1000"], 0),
    ("a table's element that is none", ["--invoke", "indirect", guest("traps"), "9"], 134),
    ("a function of another module", ["--preload", "r=" + guest("reactor"), guest("linked")], 0),
]


def filling(place):
    """A module that fills a page, which is charged by its size."""
    path = os.path.join(place, "fill.wasm")
    code = b"\x41\0\x41\1\x41\x80\x80\x04\xfc\x0b\0"
    with open(path, "wb") as f:
        f.write(modules.module(modules.section(1, [modules.function_type()]),
                               modules.section(3, [b"\0"]), modules.section(5, [b"\0\1"]),
                               modules.section(7, [modules.text("_start") + b"\0\0"]),
                               modules.section(10, [modules.body(code)])))
    return path


def test_sums(place):
    for what, words, status in [*RUNS, ("what is charged by size", [filling(place)], 0)]:
        result, text = profiled(place, "callgrind", *words)
        totals, sums = callgrind(text)
        cells = sum(folded(profiled(place, "folded", *words)[1]).values())
        drawn = re.search(r"(\d+) cells executed, (\d+) units", profiled(place, "svg", *words)[1])
        check("profile of %s: one sum" % what, expect(result, status, None, "" if status != 134 else "trap") or
              repr((totals, sums, cells, drawn.groups())) * (
                  totals != sums or cells != totals[0] or
                  [int(n) for n in drawn.groups()] != totals[:2] or "no room" in text))
        ended, needed = outcome(*words), totals[1]
        with_all, with_less = [outcome("--fuel", n, *words) for n in (needed, needed - 1)]
        check("profile of %s: the fuel" % what, repr((needed, ended, with_all, with_less)) * (
            with_all != ended or "all fuel consumed" not in repr(with_less)))


def test_host(place):
    """Calls of the host are counted apart from what is charged, and so is their time."""
    path = os.path.join(place, "profile.callgrind")
    result = run("--profile", path, guest("command"), "lines", "3")
    told = re.findall(r"^hostel: (\d+) calls? of wasi_snapshot_preview1\.\w+ took \d+\.\d+ ms$", result[2], re.M)
    with open(path, encoding="utf-8") as f:
        totals = callgrind(f.read())[0]
    check("profile: calls of the host", repr((told, totals)) * (
        not told or sum(map(int, told)) != totals[2] or len(told) != len(result[2].splitlines())))


def test_same(place):
    for format in FORMATS:
        texts = [profiled(place, format, guest("command"), "lines", "3")[1] for _ in range(2)]
        check("profile: two runs are equal, .%s" % format, "no" * (texts[0] != texts[1] or not texts[0]))


def test_recursion(place):
    """Function 1 calls itself three times, and the other one each time."""
    code = [b"\x41\1\x1a", b"\x20\0\x04\x40\x10\0\x20\0\x41\1\x6b\x10\1\x0b"]
    module = modules.module(
        modules.section(1, [modules.function_type(), modules.function_type(b"\x7f")]),
        modules.section(3, [b"\0", b"\1"]),
        modules.section(7, [modules.text("down") + b"\0\1"]),
        modules.section(10, [modules.body(c) for c in code]),
        modules.names("leaf", "down"))
    path = os.path.join(place, "down.wasm")
    with open(path, "wb") as f:
        f.write(module)
    words = ["--invoke", "down", path, "3"]
    result, text = profiled(place, "folded", *words)
    stacks = folded(text)
    check("profile: recursion is on the stack", expect(result, 0, None) or repr(stacks) * (
        sorted(stacks) != ["down", "down;down", "down;down;down", "down;down;down;down",
                           "down;down;down;leaf", "down;down;leaf", "down;leaf"]))
    text = profiled(place, "callgrind", *words)[1]
    calls = re.findall(r"^cfn=\((\d+)\).*\ncalls=(\d+) \d+\n\d+ (\d+) ", text, re.M)
    leaves = stacks["down;leaf"], stacks["down;down;leaf"] + stacks["down;down;down;leaf"]
    check("profile: recursion counts once", repr(calls) * (
        sorted((int(n), int(cost)) for _, n, cost in calls) != sorted((3, cost) for cost in leaves)))


def test_many_stacks(place):
    """A function that calls itself at two places has a stack for each depth, not for each way there."""
    code = b"\x20\0\x04\x40" + 2 * b"\x20\0\x41\1\x6b\x10\0" + b"\x0b"
    path = os.path.join(place, "tree.wasm")
    with open(path, "wb") as f:
        f.write(modules.module(modules.section(1, [modules.function_type(b"\x7f")]),
                               modules.section(3, [b"\0"]),
                               modules.section(7, [modules.text("tree") + b"\0\0"]),
                               modules.section(10, [modules.body(code)])))
    text = profiled(place, "callgrind", "--invoke", "tree", path, "18")[1]
    check("profile: not a stack for each way", repr(text[:300]) * (
        "calls=" not in text or "more stacks than are kept" in text))


def test_hostile(place):
    name = 'a;b <i>&"\n(1) x]]>'
    path = os.path.join(place, "evil.wasm")
    with open(path, "wb") as f:
        f.write(modules.functions([modules.function_type()], [b"\x41\1\x1a"], modules.section(
            7, [modules.text("_start") + b"\0\0"])) + modules.names(name))
    text = profiled(place, "folded", path)[1]
    check("profile: a hostile name, .folded", repr(text) * (
        not re.fullmatch(r'a\\x3bb <i>&"\\x0a\(1\) x]]> \d+\n', text)))
    text = profiled(place, "callgrind", path)[1]
    check("profile: a hostile name, .callgrind", repr(text) * (
        r'fn=(3) a;b <i>&"\x0a(1) x]]>' + "\n" not in text))
    text = profiled(place, "svg", path)[1]
    check("profile: a hostile name, .svg", repr(text)[:300] * (
        r"<title>a;b &lt;i&gt;&amp;&quot;\x0a(1) x]]&gt;" not in text or "<i>" in text))
    check("profile: the picture needs nothing else", repr(re.findall(
        r"\bsrc=|href|@import|url\(|\bfetch|(?<!xmlns=\")http", text)) * bool(re.search(
            r"\bsrc=|href|@import|url\(|\bfetch|(?<!xmlns=\")http", text)))


def test_modules(place):
    text = profiled(place, "folded", guest("linked"), options=["--preload", "r=" + guest("reactor")])[1]
    check("profile of several modules", repr(text) * (
        not re.search(r"^(function \d+|_start);r\.", text, re.M)))


def test_usage(place):
    for words, why in [
            (["--profile", os.path.join(place, "x.txt"), guest("lines")], "which format"),
            (["dump", "--profile", "x.svg", guest("lines")], "belongs to run"),
            (["--profile", "x.svg", "--trace=code", guest("lines")], "one of them")]:
        check("profile: usage: " + why, expect(run(*words), 2, "", why))
    full = os.path.join(place, "full.svg")
    os.symlink("/dev/full", full)
    for words, status in [(["lines", "1"], 1), (["exit", "0"], 1), (["exit", "3"], 3), (["trap"], 134)]:
        result = run("-q", "--profile", full, guest("command"), *words)
        check("profile: no space after " + words[0] + " " + words[-1], expect(result, status, None, "No space"))
    there = os.path.join(place, "none", "x.svg")
    check("profile: no such folder", expect(run("--profile", there, guest("lines")), 1, "", "No such file"))


def test_annotate(place):
    annotate = shutil.which("callgrind_annotate")
    if not annotate:
        print("skip cli/profile in callgrind_annotate - it is not there (Debian: valgrind)")
        return
    totals = callgrind(profiled(place, "callgrind", guest("command"), "trap")[1])[0]
    p = subprocess.run([annotate, "--inclusive=yes", os.path.join(place, "profile.callgrind")],
                       capture_output=True, text=True, timeout=60)
    found = [int(n.replace(",", "")) for n in re.findall(r"^ *([\d,]+) \(100\.0%\) ([\d,]+).*PROGRAM TOTALS",
                                                         p.stdout, re.M)[0]]
    check("profile in callgrind_annotate", p.stderr or repr((found, totals)) * (found != totals[:2]) or
          p.stdout * (not re.search(r":(outer|main|__main_argc_argv)", p.stdout)))


def test_chromium(place):
    profiled(place, "svg", guest("command"), "lines", "300")
    shown = in_browser("profile", place, os.path.join(place, "profile.svg") + "#printf")
    if not shown:
        return
    part = re.search(r'id="found"[^>]*>([\d.]+) % in (\d+) boxes<', shown)
    wide = re.findall(r'class="b[^"]*\bhit\b[^"]*"[^>]*><title>([^\n]*)[^<]*</title><rect x="0"[^>]*width="1200"', shown)
    check("profile in a browser: what is found", repr(part) * (not part or float(part.group(1)) <= 0) or
          repr(wide) * (not wide or "printf" not in wide[0]))


def test(place):
    test_sums(place)
    test_host(place)
    test_same(place)
    test_recursion(place)
    test_many_stacks(place)
    test_hostile(place)
    test_modules(place)
    test_usage(place)
    test_annotate(place)
    test_chromium(place)
