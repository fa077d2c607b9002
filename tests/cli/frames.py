"""Every frame of a backtrace is what LLVM says of its place: its file, its line, and what was inlined.

The programs of tests/guests/frames trap in many ways; they are built by those compilers that are
here, on several levels, with DWARF 4 and 5, and changed by binaryen's wasm-opt. PRODUCERS may name
more, of which all is tried then:

    PRODUCERS=zig=/opt/zig/zig:wasm-opt=/opt/binaryen/bin/wasm-opt:clang-16=/usr/bin/clang-16

Seen with it: clang 14, 16, 19 and 22, rustc 1.63 with its library, Zig 0.11, and all of them behind
wasm-opt 108 and 116, as far as those can read what they are given.
"""
import glob
import os
import re
import shutil
import subprocess

from debugging import sections
from harness import check, run

SOURCES = "tests/guests/frames/traps."
LEVELS = ["-O0", "-O1", "-O2", "-O3", "-Os"]
TRAPS = {"c": 22, "rs": 11, "zig": 8}
RUST_TARGETS = [["/usr/bin/rustc", "--target", "wasm32-wasi"], ["rustc", "--target", "wasm32-wasip1"],
                ["rustc", "--target", "wasm32-wasi"]]
FIRST_BYTES = 4096
FRAME = re.compile(r" +#\d+ (?:function (\d+) <?)?(.*?)>?(?: at (.*):(\d+))? <?(inlined )?at 0x([0-9a-f]+)>?")


PRODUCERS = dict(word.split("=", 1) for word in os.environ.get("PRODUCERS", "").split(":") if word)


def program(name):
    return PRODUCERS.get(name) or shutil.which(name)


def made(place, name, command):
    """The module that a command makes, or None with a word."""
    path = os.path.join(place, re.sub(r"[^\w.]+", "_", name) + ".wasm")
    try:
        done = subprocess.run([*command, path] if command[-1] == "-o" else [*command, "-femit-bin=" + path],
                              capture_output=True, text=True, errors="replace", timeout=200)
    except OSError as error:
        print("skip cli/frames %s - %s" % (name, error))
        return None
    if done.returncode:
        print("skip cli/frames %s - %s" % (name, (done.stderr.strip().splitlines() or ["it fails"])[-1][:200]))
        return None
    return path


def clangs():
    """The oldest and the newest, and those that are named."""
    found = sorted(glob.glob("/usr/bin/clang-[0-9][0-9]")) or filter(None, [shutil.which("clang")])
    found = list(found)
    more = [path for name, path in PRODUCERS.items() if name.startswith("clang")]
    return sorted({*found[:1], *found[-1:], *more})


def builds(place):
    """The source's kind, a name, and a module."""
    for clang in clangs():
        for version in "45" if PRODUCERS else "4" if clang == clangs()[0] else "5":
            for level in LEVELS + ["-O2 -flto", "-O1 -fno-inline"]:
                name = "%s %s DWARF %s" % (os.path.basename(clang), level, version)
                yield "c", name, made(place, name, [
                    clang, "--target=wasm32", *level.split(), "-gdwarf-" + version, "-nostdlib",
                    "-Wl,--no-entry", "-Wl,--export=run", SOURCES + "c", "-o"])
    for level in "0", "1", "2", "3", "s":
        name = "rustc -O" + level
        for target in RUST_TARGETS:
            path = made(place, name, [*target, "--crate-type", "cdylib", "-C", "panic=abort", "-g",
                                      "-C", "opt-level=" + level, SOURCES + "rs", "-o"])
            if path:
                yield "rs", name, path
                break
    zig = program("zig")
    for level in ["Debug", "ReleaseSafe", "ReleaseFast", "ReleaseSmall"] if zig else []:
        name = "zig " + level
        yield "zig", name, made(place, name, [
            zig, "build-lib", "-target", "wasm32-freestanding", "-dynamic", "-rdynamic", "-fno-strip",
            "--cache-dir", place, "--global-cache-dir", place, "-O", level, SOURCES + "zig"])


def optimized(place, name, path):
    wasm_opt = program("wasm-opt")
    if not wasm_opt:
        return None
    return made(place, name + " wasm-opt", [wasm_opt, "-g", "-O2", "--all-features", path, "-o"])


def code_section(path):
    with open(path, "rb") as f:
        return next(content for kind, _, content, _ in sections(f.read()) if kind == 10)


def frames_of(path, number):
    """For each place: its address in the code section, and what is said of it, innermost first."""
    result = run("--unknown-imports", "trap", "--invoke", "run", path, number)
    places, chain = [], []
    for line in result[2].splitlines():
        frame = FRAME.fullmatch(line)
        if not frame:
            continue
        _, name, file, at, inlined, offset = frame.groups()
        chain.append((name, file or "", at or "0"))
        if not inlined:
            places.append((int(offset, 16) - code_section(path), chain))
            chain = []
    return result, places


def normal(name, file, line):
    """A name without what it stands in, and without types, which may be cut off; and the file without
    ways around."""
    bare = re.sub(r"<[^<>]*>", "", name)
    while bare != name:
        name, bare = bare, re.sub(r"<[^<>]*>", "", bare)
    name = re.sub(r"^.*(::|\.)", "", re.sub(r"[<(].*", "", name))
    return name, os.path.normpath(file) if file else "", line


def symbolized(path, addresses, names):
    """llvm-symbolizer gives two lines for each place, and an empty one behind an address."""
    p = subprocess.run(["llvm-symbolizer", "--obj=" + path, "--relativenames", "--no-demangle",
                        "--functions=" + names],
                       capture_output=True, text=True, input="".join("0x%x\n" % a for a in addresses))
    for answer in p.stdout.strip("\n").split("\n\n"):
        lines, chain = answer.strip("\n").split("\n"), []
        for name, place in zip(lines[::2], lines[1::2]):
            file, line, _ = place.rsplit(":", 2)
            chain.append((name, file if line != "0" else "", line))
        yield chain


def compare(kind, name, path, tell):
    asked, wrong = [], ""
    for number in range(TRAPS[kind]):
        result, places = frames_of(path, number)
        asked += [(number, *place) for place in places]
        if result[0] == 134 and not places:
            wrong = "trap %d has no frames: %r" % (number, result[2])
    addresses, traps = [address for _, address, _ in asked], set()
    answers = list(zip(symbolized(path, addresses, "short"), symbolized(path, addresses, "linkage")))
    if len(answers) != len(asked):
        wrong = wrong or "%d answers for %d addresses" % (len(answers), len(asked))
    for (number, address, chain), (answer, linkers) in zip(asked, answers):
        traps.add(number)
        got = [normal(*place) for place in chain]
        expected = [normal(*place) for place in answer]
        if expected[-1][0] == "??" or got[-1][0] == linkers[-1][0]:  # the name section's
            expected[-1] = (got[-1][0], *expected[-1][1:])
        # What the linker left out begins at 0, and is taken for the code that is there.
        lost = address < FIRST_BYTES and all(line == "0" for _, _, line in answer)
        if got != expected and not lost:
            wrong = wrong or "trap %d at 0x%x: %r, not %r" % (number, address, got, expected)
            if tell:
                print("   ", number, hex(address), got, expected)
    check("frames as LLVM has them: " + name, wrong or "nothing trapped" * (not traps))
    return len(traps), len(asked)


def test(place):
    if not shutil.which("llvm-symbolizer"):
        print("skip cli/frames - no llvm-symbolizer (Debian: llvm)")
        return
    traps = frames = 0
    seen = set()
    for kind, name, path in builds(place):
        for label, module in (name, path), (name + " wasm-opt", path and optimized(place, name, path)):
            if not module:
                continue
            seen.add(name.split()[0])
            more = compare(kind, label, module, os.environ.get("TELL"))
            traps, frames = traps + more[0], frames + more[1]
    print("# cli/frames: %d traps, %d frames, of %s" % (traps, frames, ", ".join(sorted(seen))))
