"""--coverage: what it says of lines beside what the guest's source says, and clang's own coverage of
native programs; what lcov, genhtml and Chromium make of it, where they are."""
import collections
import json
import os
import re
import shutil
import subprocess

import modules
from harness import check, expect, guest, in_browser, one_line, run

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COVERED = os.path.abspath(os.path.join(ROOT, "tests", "guests", "cli", "covered.c"))
# Those of bench/guests that are built here and for the processor, besides.
PROGRAMS = ["base64", "btree", "bytecode", "hash", "json", "lisp", "lz", "quicksort", "ray", "regex", "sha256", "utf8"]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def write(place, name, content):
    path = os.path.join(place, name)
    with open(path, "wb") as f:
        f.write(content)
    return path


def covered(place, *words, options=(), name="run.info"):
    """The result, and the file's path."""
    path = os.path.join(place, name)
    return run("-q", "--coverage", path, *options, *words), path


def sections(text):
    """By file: lines, functions, and branches with their counts; and sums that do not agree."""
    found, wrong = {}, []
    for section in text.split("end_of_record\n")[:-1]:
        rows = collections.defaultdict(list)
        for row in section.splitlines():
            rows[row.split(":", 1)[0]].append(row.split(":", 1)[1])
        one = {"DA": {int(r.split(",")[0]): int(r.split(",")[1]) for r in rows["DA"]},
               "FN": {r.split(",")[1]: int(r.split(",")[0]) for r in rows["FN"]},
               "FNDA": {r.split(",")[1]: int(r.split(",")[0]) for r in rows["FNDA"]},
               "BRDA": {r.rsplit(",", 1)[0]: r.rsplit(",", 1)[1] for r in rows["BRDA"]}}
        for kind, key in ("DA", "L"), ("FNDA", "FN"), ("BRDA", "BR"):
            hit = sum(count not in (0, "0", "-") for count in one[kind].values())
            may_lack = key == "BR" and not one[kind]
            sums = [rows[key + "F"], rows[key + "H"]]
            if sums != [[str(len(one[kind]))], [str(hit)]] and not (may_lack and sums == [[], []]):
                wrong.append("%s of %s" % (key, rows["SF"]))
        found[rows["SF"][0]] = one
    return found, wrong


def counts(path, source=COVERED):
    return sections(read(path))[0].get(source, {"DA": {}, "FN": {}, "FNDA": {}, "BRDA": {}})


def expected():
    """What the source says, by lines."""
    with open(COVERED, encoding="utf-8") as f:
        marks = [(number, re.search(r"/\* (\d+) \*/$", line.rstrip())) for number, line in enumerate(f, 1)]
    return {number: int(mark.group(1)) for number, mark in marks if mark}


def line_of(text):
    with open(COVERED, encoding="utf-8") as f:
        return next(number for number, line in enumerate(f, 1) if text in line)


def differences(found, wanted):
    return repr([(key, found.get(key), wanted.get(key)) for key in sorted({**found, **wanted})
                 if found.get(key) != wanted.get(key)]) * (found != wanted)


# ---- what is in the file ----

def test_counts(place):
    result, path = covered(place, guest("covered"))
    text = read(path)
    found, wrong = sections(text)
    check("coverage of lines", expect(result) or differences(counts(path)["DA"], expected()))
    check("coverage: the sums agree, and only files that are here are in it",
          repr(wrong) * bool(wrong) or repr(list(found)) * (list(found) != [COVERED]))
    calls = {"depth": 5, "kind": 7, "loops": 1, "main": 1, "never": 0, "nothing": 1, "order": 3, "twice": 8}
    check("coverage of functions, inlined ones too", differences(counts(path)["FNDA"], calls) or
          repr(counts(path)["FN"]) * (counts(path)["FN"]["twice"] != line_of("inline int twice")))
    branches = counts(path)["BRDA"]
    wanted = {("if (number == 0)", 0): {"1", "4"}, ("while (i > 0)", 0): {"3", "1"},
              ("if (number > 3)", 0): {"-"}, ("!strcmp", 0): {"1", "0"}, ("!strcmp", 1): {"-"},
              ("int m = 0", 0): {"2"}}
    for (line, block), ways in wanted.items():
        both = {branches.get("%d,%d,%d" % (line_of(line), block, way)) for way in range(2)}
        check("coverage of branch %d of %s" % (block, line), repr(both) * (both != ways))


def test_ends(place):
    """However the run ends, what came before is counted, and what did not is not."""
    strcmp, after = line_of("!strcmp"), line_of("    if (argc > 1)  ")
    result, path = covered(place, guest("covered"), "exit")
    lines = counts(path)["DA"]
    check("coverage of a guest that exits", expect(result, 3, "") or
          repr([lines[strcmp + i] for i in range(3)]) * ([lines[strcmp + i] for i in range(3)] != [1, 1, 0]))
    result, path = covered(place, guest("covered"), "trap")
    lines = counts(path)["DA"]
    check("coverage of a guest that traps", expect(result, 134, "", "divide by zero") or
          repr([lines[after + i] for i in range(3)]) * ([lines[after + i] for i in range(3)] != [1, 1, 0]))
    result, path = covered(place, guest("covered"), options=["--invoke", "none"], name="none.info")
    check("coverage of what cannot begin", expect(result, 2, "", "none") or one_line(result) or
          "there is a file" * os.path.exists(path))


def test_same(place):
    path = covered(place, guest("covered"))[1]
    text = read(path)
    result, path = covered(place, guest("covered"))
    check("coverage: two runs are equal", expect(result) or "no" * (read(path) != text))
    profile = os.path.join(place, "run.folded")
    result, path = covered(place, guest("covered"), options=["--profile", profile])
    check("coverage beside a profile", expect(result) or "not equal" * (read(path) != text) or
          read(profile)[:300] * ("main;loops" not in read(profile)))
    recording = os.path.join(place, "recording")
    run("--record", recording, guest("covered"))
    again = os.path.join(place, "again.info")
    result = run("replay", "-q", "--coverage", again, recording, guest("covered"))
    check("coverage of a replay", expect(result) or "not equal" * (read(again) != text))
    result = run("--coverage", again, guest("covered"))
    check("coverage: what was left out is told", expect(result, 0, "", r"^hostel: coverage: \d+ files [^\n]* left out[^\n]*\n$"))
    result, path = covered(place, guest("linked"), options=["--preload", "r=" + guest("covered")])
    check("coverage of a module that is loaded, but not called", expect(result, 0, None, None) and
          (differences(counts(path)["DA"], {line: 0 for line in expected()})))


# ---- adding up ----

def test_append(place):
    once = covered(place, guest("covered"), name="once.info")[1]
    other = covered(place, guest("covered"), "exit", name="other.info")[1]
    first, second = counts(once), counts(other)
    result = run("-q", "--coverage", once, "--coverage-append", guest("covered"), "exit")
    both = counts(once)
    check("coverage adds up", expect(result, 3, "") or differences(
        both["DA"], {line: n + second["DA"][line] for line, n in first["DA"].items()}) or differences(
        both["FNDA"], {name: n + second["FNDA"][name] for name, n in first["FNDA"].items()}) or
        repr(both["BRDA"]) * (both["BRDA"]["%d,0,0" % line_of("if (number > 3)")] != "-"))
    result, path = covered(place, guest("covered"), options=["--coverage-append"], name="new.info")
    check("coverage is added to nothing", expect(result) or "not equal" * (counts(path) != first))
    lcov = shutil.which("lcov")
    if not lcov:
        print("skip cli/coverage beside lcov - it is not there (Debian: lcov)")
        return
    again = covered(place, guest("covered"))[1]
    p = subprocess.run([lcov, "-q", "--rc", "lcov_branch_coverage=1", "-a", again, "-a", other, "-o",
                        os.path.join(place, "lcov.info")], capture_output=True, text=True, timeout=60)
    check("coverage adds up as lcov does it", p.stderr or "not equal" * (
        sorted(read(os.path.join(place, "lcov.info")).splitlines()) != sorted(read(once).splitlines())))


def test_others(place):
    """What other programs wrote is kept, test by test."""
    before = ("# a comment\nTN:unit\nSF:/other/x.c\nFN:3,7,f\nFNDA:2,f\nBRDA:4,0,0,-\nBRDA:4,0,1,5\n"
              "DA:4,5,Xx/+==\nDA:3,18446744073709551615\nDA:3,1\nLF:1\nLH:1\nend_of_record\n\n"
              "TN:\nSF:%s\nDA:%d,7\nend_of_record" % (COVERED, line_of("sum += i;")))
    path = write(place, "others.info", before.encode())
    result = run("-q", "--coverage", path, "--coverage-append", guest("covered"))
    text = read(path)
    check("coverage: what others wrote is kept", expect(result) or repr(text[:400]) * (
        ("TN:unit\nSF:/other/x.c\nFN:3,f\nFNDA:2,f\nFNF:1\nFNH:1\nBRDA:4,0,0,-\nBRDA:4,0,1,5\nBRF:2\nBRH:1\n"
         "DA:3,18446744073709551615\nDA:4,5\nLF:2\nLH:2\nend_of_record\n") not in text) or
        repr(counts(path)["DA"]) * (counts(path)["DA"][line_of("sum += i;")] != 10))


BAD = [
    (b"\x7fELF\x02\x01", "line 1"),
    (b"TN:\nSF:x\nDA:1,1\n", "line 3 of the tracefile: it is cut off"),
    (b"TN:\nSF:x\nDA:1,-1\nend_of_record\n", "line 3"),
    (b"TN:\nSF:x\nDA:1,18446744073709551616\nend_of_record\n", "line 3"),
    (b"TN:\nSF:x\nDA:4294967296,1\nend_of_record\n", "line 3"),
    (b"TN:\nSF:x\nDA:,1\nend_of_record\n", "line 3"),
    (b"TN:\nSF:x\nFN:1,a,b\nend_of_record\n", "line 3"),
    (b"TN:\nSF:x\nFNDA:1,\nend_of_record\n", "line 3"),
    (b"TN:\nSF:x\nFNL:0,3\nend_of_record\n", "line 3"),
    (b"TN:\nSF:x\nBRDA:1,e0,0,1\nend_of_record\n", "line 3"),
    (b"TN:\nSF:x\nSF:y\n", "line 3"),
    (b"TN:\nSF:x\x1b[31m\nend_of_record\n", "line 2"),
    (b"DA:1,1\n", "line 1"),
    (b"end_of_record\n", "line 1"),
]


def test_bad_files(place):
    for content, why in BAD:
        path = write(place, "bad.info", content)
        result = run("--coverage", path, "--coverage-append", guest("covered"))
        with open(path, "rb") as f:
            kept = f.read() == content
        check("coverage is not added to %.40r" % content, expect(result, 1, "", "bad.info: malformed: " + why) or
              one_line(result) or "it is gone" * (not kept))
    fifo = os.path.join(place, "fifo")
    os.mkfifo(fifo)
    for path, why in (fifo, "no file"), (place, "no file"):
        result = run("--coverage", path, "--coverage-append", guest("covered"))
        check("coverage is not added to " + os.path.basename(path), expect(result, 1, "", why) or one_line(result))


# ---- what cannot be had ----

def test_without(place):
    """The guest runs, and no file says that nothing was covered."""
    result, path = covered(place, guest("command"), "lines", "1", name="no.info")
    check("coverage without files that are here", expect(result, 1, None, "none is here: compile it with -g") or
          one_line(result) or "no output" * (not result[1]) or "there is a file" * os.path.exists(path))
    result, path = covered(place, guest("values"), "5", name="no.info", options=["--invoke", "i32"])
    check("coverage without DWARF", expect(result, 1, None, "which lines [^\n]*: compile it with -g\n$") or
          one_line(result) or "no output" * (not result[1]) or "there is a file" * os.path.exists(path))
    result, path = covered(place, guest("command"), "exit", "3", name="no.info")
    check("coverage without DWARF of a guest that exits", expect(result, 3, None, "compile it with -g"))
    there = os.path.join(place, "none", "x.info")
    check("coverage: no such folder", expect(run("--coverage", there, guest("covered")), 1, "", "No such file"))


def test_usage(place):
    file = os.path.join(place, "x.info")
    for words, why in [(["dump", "--coverage", file, guest("covered")], "belongs to run"),
                       (["--coverage-append", guest("covered")], "give --coverage FILE"),
                       (["--coverage", file, "--trace=code", guest("covered")], "one of them")]:
        check("coverage: usage: " + why, expect(run(*words), 2, "", why))


def dwarf(name, path, code_size, rows=((0, 7),)):
    """One unit of one function, whose code is of lines of a file: from a byte on, which; DWARF 2."""
    abbreviations = (b"\1\x11\1\x03\x08\x1b\x08\x10\x06\x11\x01\x12\x01\0\0" +
                     b"\2\x2e\0\x03\x08\x3b\x0b\x11\x01\x12\x01\0\0\0")

    def fixed(number):
        return number.to_bytes(4, "little")
    start, end = fixed(2), fixed(2 + code_size)
    entries = (b"\1unit\0/no/where\0" + fixed(0) + start + end +
               b"\2" + name + b"\0\7" + start + end + b"\0")
    info = b"\2\0" + fixed(0) + b"\4" + entries
    header = b"\1\1\xfb\x0e\x0d\0\1\1\1\1\0\0\0\1\0\0\1" + b"\0" + path + b"\0\0\0\0\0"
    program = b"".join(b"\0\5\2" + fixed(2 + at) + b"\x03" + bytes([line - last & 0x7F]) + b"\1"
                       for (at, line), (_, last) in zip(rows, ((0, 1),) + rows))
    program += b"\0\5\2" + end + b"\0\1\1"
    line = b"\2\0" + fixed(len(header)) + header + program
    sections_of = {".debug_abbrev": abbreviations, ".debug_info": fixed(len(info)) + info,
                   ".debug_line": fixed(len(line)) + line}
    return b"".join(b"\0" + modules.text(modules.text(key) + content) for key, content in sections_of.items())


def test_blocks(place):
    """What ends a block is no part of the line before, though compilers say so."""
    code = modules.functions([modules.function_type()], [
        b"\x02\x40\x41\1\x0d\0" + b"\x41\1\x1a\x0b" + b"\x41\0\x04\x40" + b"\x41\1\x1a\x05" + b"\x41\2\x1a\x0b"],
        modules.section(7, [modules.text("_start") + b"\0\0"]))
    module = write(place, "blocks.wasm", code + dwarf(b"f", b"blocks.c", 24, (
        (0, 7), (7, 8), (11, 9), (15, 10), (19, 11), (22, 12))))
    write(place, "blocks.c", b"")
    result = run("--coverage", "blocks.info", module, cwd=place)
    check("coverage: the ends of blocks", expect(result) or differences(
        counts(os.path.join(place, "blocks.info"), "blocks.c")["DA"], {7: 1, 8: 0, 9: 1, 10: 0, 11: 1, 12: 1}))


def test_hostile(place):
    """Names do not end the line, nor the name."""
    code = modules.functions([modules.function_type()], [b"\x41\1\x1a"], modules.section(
        7, [modules.text("_start") + b"\0\0"]))
    for name, path, file, function in [
            ("f", "a/../b/./c.c", "b/c.c", "f"),
            ("a,b\nDA:1,9", "x\nDA:1,9\n.c", "x\\x0aDA:1,9\\x0a.c", "a\\x2cb\\x0aDA:1\\x2c9"),
            ("\u202e<script>", "\u202e.c", "\\u{202e}.c", "\\u{202e}<script>")]:
        module = write(place, "evil.wasm", code + dwarf(name.encode(), path.encode(), 5))
        here = os.path.join(place, os.path.normpath(path))
        os.makedirs(os.path.dirname(here), exist_ok=True)
        write(place, here, b"")
        result = run("--coverage", "evil.info", module, cwd=place)
        text = read(os.path.join(place, "evil.info"))
        check("coverage: a hostile name, %r" % name, expect(result) or differences({"text": text}, {"text": (
            "TN:\nSF:%s\nFN:7,%s\nFNDA:1,%s\nFNF:1\nFNH:1\nDA:7,1\nLF:1\nLH:1\nend_of_record\n" %
            (file, function, function))}))


# ---- beside clang's own ----

def regions(segments, count):
    """By llvm-cov's rules: of each line the count, and those of all regions that are in it."""
    found, around, i = {}, None, 0
    for line in range(1, count + 1):
        here = []
        while i < len(segments) and segments[i][0] == line:
            here.append(segments[i])
            i += 1
        begun = [s[2] for s in here if s[3] and s[4] and not s[5]]
        through = [around[2]] if around and around[3] else []
        if begun or through:
            found[line] = max(begun + through), set(through + [s[2] for s in here if s[3]])
        around = here[-1] if here else around
    return found


def explained(text, count, counted):
    """A line of which clang says otherwise: it is in several regions, of which it has code of another; or
    the end of a function, where all its returns are, but clang counts who comes there without; or a
    loop without a condition, whose line has no code but for going on."""
    return count in counted[1] or text.startswith("}") or re.search(r"\bfor \(.*;;", text)


NATIVE = ["clang", "-fprofile-instr-generate", "-fcoverage-mapping", "-O0", "-g0", "-I" + ROOT]


def native(place, source):
    """What a native program prints, and the regions of its files."""
    program, raw, data = (os.path.join(place, name) for name in ("native", "raw", "data"))

    def tool(*words, **more):
        return subprocess.run(words, capture_output=True, check=True, timeout=60, **more).stdout
    tool(*NATIVE, source, "-o", program, "-lm")
    output = tool(program, env=dict(os.environ, LLVM_PROFILE_FILE=raw))
    tool("llvm-profdata", "merge", "-o", data, raw)
    exported = json.loads(tool("llvm-cov", "export", "-instr-profile=" + data, program))
    return output.decode(), {f["filename"]: f["segments"] for f in exported["data"][0]["files"]}


def compared(place, source):
    """How many lines are equal, how many explained, and the others."""
    wasm = os.path.join(place, "judged.wasm")
    subprocess.run(["clang", "--target=wasm32-wasi", "-O0", "-g", "-I" + ROOT, source, "-o", wasm], check=True)
    output, files = native(place, source)
    result, path = covered(place, wasm, name="judged.info")
    if expect(result, 0, output):
        return 0, 0, expect(result, 0, output)
    equal, others, wrong = 0, 0, []
    for name, section in sections(read(path))[0].items():
        texts = read(name).split("\n")
        counted = regions(files.get(name, []), len(texts))
        for line, count in section["DA"].items():
            text = texts[line - 1]
            if line in counted and counted[line][0] == count:
                equal += 1
            elif line in counted and explained(text, count, counted[line]):
                others += 1
            elif line in counted:
                wrong.append((name, line, count, counted[line], text))
    return equal, others, repr(wrong) * (bool(wrong) or not equal)


def test_clang(place):
    probe = write(place, "probe.c", b"int main(void) { return 0; }\n")
    try:
        native(place, probe)
    except (OSError, subprocess.SubprocessError):
        print("skip cli/coverage beside clang's - clang does not cover native programs here (Debian: llvm)")
        return
    equal, others = 0, 0
    sources = [os.path.abspath(os.path.join(ROOT, "bench", "guests", name + ".c")) for name in PROGRAMS]
    for source in [COVERED, *sources]:
        found = compared(place, source)
        equal, others = equal + found[0], others + found[1]
        check("coverage beside clang's: " + os.path.basename(source), found[2])
    check("coverage beside clang's: few lines need to be explained",
          "%d of %d" % (others, equal) * (others * 50 > equal))


# ---- pictures ----

def test_genhtml(place):
    genhtml = shutil.which("genhtml")
    if not genhtml:
        print("skip cli/coverage in genhtml - it is not there (Debian: lcov)")
        return
    path = covered(place, guest("covered"))[1]
    pages = os.path.join(place, "pages")
    p = subprocess.run([genhtml, "-q", "--branch-coverage", "-o", pages, path], capture_output=True, text=True,
                       timeout=60)
    check("coverage in genhtml", p.stderr or "status %d" % p.returncode * (p.returncode != 0))
    page = next((os.path.join(folder, name) for folder, _, names in os.walk(pages) for name in names
                 if name == "covered.c.gcov.html"), None)
    check("coverage in genhtml: the source has a page", "" if page else repr(os.listdir(pages)))
    shown = page and in_browser("coverage", place, page)
    if not shown:
        return
    rows = {int(n): re.sub("<[^>]*>", "", row) for n, row in re.findall(
        r'<span class="lineNum"> *(\d+) </span>(.*)', shown)}
    numbers = {n: int(m.group(1)) for n, row in rows.items() for m in [re.search(r"(\d+) :", row)] if m}
    check("coverage in a browser: each line has its count", differences(numbers, expected()))


def test(place):
    test_counts(place)
    test_ends(place)
    test_same(place)
    test_append(place)
    test_others(place)
    test_bad_files(place)
    test_without(place)
    test_usage(place)
    test_blocks(place)
    test_hostile(place)
    test_clang(place)
    test_genhtml(place)
