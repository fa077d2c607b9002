"""Debugging information: a backtrace has names and lines; and what LLVM's tools say of real programs."""
import os
import re
import shutil
import subprocess

from harness import check, expect, guest, run

SOURCE = "tests/guests/cli/lines.c"
PLACES = os.path.join(os.environ["BUILD"], "tests", "cli", "places")
HOSTILE = "\x1b[2J\r"

# A program without a library: what is compiled with and without optimization, and as C++.
PROGRAM = """
#ifdef __cplusplus
namespace shop { struct Basket { int count; int add(int n); struct Item { static int price(int); }; }; }
int shop::Basket::add(int n) { return count += n; }
int shop::Basket::Item::price(int n) { Basket b = {n}; return b.add(n) * 3; }
extern "C"
#endif
int run(int, int *);
static inline int small(int n, int *at) { return at[n & 7] + n; }
static inline int larger(int n, int *at) { int s = 0; for (int i = 0; i < n; i++) s ^= small(i, at); return s; }
__attribute__((noinline)) static int apart(int n, int *at) {
    if (n > 100) __builtin_trap();
    return larger(n, at) * small(n, at);
}
int run(int n, int *at) {
    for (int i = 0; i < n; i++) at[i & 7] = larger(i, at) + apart(n - i, at);
#ifdef __cplusplus
    n += shop::Basket::Item::price(n);
#endif
    return small(n, at);
}
"""
RUST = """
#![no_std]
mod shop {
    pub struct Basket { pub count: u32 }
    pub trait Price { fn price(&self, n: u32) -> u32; }
    impl Basket { #[inline] pub fn add(&mut self, n: u32) -> u32 { self.count = self.count / n; self.count } }
    impl Price for Basket { #[inline(never)] fn price(&self, n: u32) -> u32 { (0..n).map(|k| k ^ self.count).sum() } }
}
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
#[no_mangle] pub extern "C" fn run(n: u32) -> u32 {
    let mut b = shop::Basket { count: n };
    b.add(n) + shop::Price::price(&b, n)
}
"""
SCOPES = {"namespace", "class_type", "structure_type", "union_type"}


def uleb(data, at):
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def sections(module):
    """Their ids, where they begin, where their contents do, and where they end."""
    at = 8
    while at < len(module):
        start = at
        size, content = uleb(module, at + 1)
        at = content + size
        yield module[start], start, content, at


def bodies(module):
    """Where they begin and end, from the code section's content on."""
    for kind, _, content, _ in sections(module):
        if kind != 10:
            continue
        count, at = uleb(module, content)
        for _ in range(count):
            size, at = uleb(module, at)
            yield at - content, at - content + size
            at += size


def without_names(module):
    """Without its name section."""
    out = module[:8]
    for kind, start, content, end in sections(module):
        if kind or not module[content:].startswith(b"\4name"):
            out += module[start:end]
    return out


def line_of(mark):
    with open(SOURCE) as f:
        return 1 + [mark in line for line in f.read().splitlines()].index(True)


# ---- the backtrace ----

def test_backtrace(place):
    with open(guest("lines"), "rb") as f:
        module = f.read()
    bare, path = without_names(module), os.path.join(place, "bare.wasm")
    frames = "".join(
        r" +#%d %s at \S*%s:%d <%sat 0x[0-9a-f]+>\n" % (i, name, SOURCE, line_of("line: " + name),
                                                     "inlined " * inlined)
        for i, (name, inlined) in enumerate([("checked", True), ("twice", True),
                                             ("write_name", False), ("main", False)]))
    pattern = r"\Ahostel: trap: unreachable executed\n" + frames + " +#4 "
    check("a backtrace has lines", expect(run(guest("lines")), 134, "", pattern))
    with open(path, "wb") as f:
        f.write(bare)
    check("debugging information has names", expect(run(path), 134, "", pattern))
    with open(path, "wb") as f:
        f.write(bare.replace(b".debug_line", b".debug_nine"))
    check("without lines there are names", expect(run(path), 134, "", (
        r"#0 checked <inlined at 0x[0-9a-f]+>\n.*\n +#2 function \d+ <write_name> at 0x")))
    with open(path, "wb") as f:
        f.write(bare.replace(b".debug_info", b".debug_inpo"))
    check("without entries there are numbers", expect(run(path), 134, "", (
        r"\Ahostel: trap: unreachable executed\n +#0 function \d+ at 0x[0-9a-f]+\n")))
    hostile = bare.replace(b"write_name", HOSTILE.encode() + b"_name").replace(
        b"lines.c", HOSTILE.encode() + b".c")
    with open(path, "wb") as f:
        f.write(hostile)
    result = run(path)
    shown = HOSTILE.replace("\x1b", r"\x1b").replace("\r", r"\x0d")
    check("lines do not drive the terminal", expect(result, 134, "", "trap") or repr(result) * (
        shown + "_name at" not in result[2] or shown + ".c:" not in result[2]
        or bool(re.search("[\0-\x09\x0b-\x1f\x7f]", result[2]))))


# ---- what LLVM says ----

def compiled(place):
    """Programs of this machine's compilers: their names, and where they are. They are linked without
    -O, or clang would let binaryen change them where that is installed."""
    source = os.path.join(place, "program.c")
    with open(source, "w") as f:
        f.write(PROGRAM)
    for version in 4, 5:
        for level in "-O0", "-O1", "-O2":
            for language in "c", "c++":
                name = "%s %s DWARF %d" % (language, level, version)
                base = os.path.join(place, name.replace(" ", "_"))
                subprocess.run(["clang", "--target=wasm32", "-x", language, level,
                                "-gdwarf-%d" % version, "-c", "-o", base + ".o", source], check=True)
                subprocess.run(["clang", "--target=wasm32", "-nostdlib", "-Wl,--no-entry",
                                "-Wl,--export=run", "-o", base, base + ".o"], check=True)
                yield name, base
                if version == 4 and shutil.which("wasm-opt"):
                    done = subprocess.run(["wasm-opt", "-g", level.replace("0", "1"), base, "-o",
                                           base + "-opt"], capture_output=True)
                    if done.returncode == 0:
                        yield name + " wasm-opt", base + "-opt"
    source = os.path.join(place, "program.rs")
    with open(source, "w") as f:
        f.write(RUST)
    for level in "0", "2":
        base = os.path.join(place, "rust" + level)
        try:
            done = subprocess.run(["/usr/bin/rustc", "--target", "wasm32-wasi", "--crate-type",
                                   "cdylib", "-C", "panic=abort", "-g", "-C", "opt-level=" + level,
                                   "-o", base, source], capture_output=True)
        except OSError:
            return
        if done.returncode == 0:
            yield "rust -O" + level, base


def said_of(name, path):
    """What hostel says of each byte of each body: lists of names, files and lines."""
    out = subprocess.run([PLACES, path], capture_output=True, check=True).stdout.decode()
    check("the table of lines is what places have: " + name,
          "\n".join(re.findall("the table has .*", out)))
    out = re.sub("the table has .*\n", "", out)
    said = {}
    for line in out.splitlines():
        address, *rest = line.split("|")
        said[int(address)] = [tuple(rest[i:i + 3]) for i in range(0, len(rest), 3)]
    for start, end in bodies(open(path, "rb").read()):
        for address in range(start + 1, end):
            said.setdefault(address, said[address - 1])
    return said


def entries(path):
    """The entries that llvm-dwarfdump prints: by offset, their tag, parent and attributes."""
    out = subprocess.run(["llvm-dwarfdump", "--debug-info", path], capture_output=True).stdout.decode()
    found, open_ones, entry = {}, [], {}
    for line in out.splitlines():
        head = re.match(r"0x([0-9a-f]+):( +)(?:DW_TAG_(\w+)|NULL)", line)
        attribute = re.match(r' +DW_AT_(\w+)\t\((?:"(.*)"|(?:0x)?([0-9a-f]+).*)\)?$', line)
        if head:
            open_ones = [o for o in open_ones if o[0] < len(head[2])]
            entry = {"tag": head[3], "parent": open_ones[-1][1] if open_ones else None}
            if head[3]:
                found[int(head[1], 16)] = entry
                open_ones.append((len(head[2]), entry))
        elif attribute:
            entry[attribute[1]] = attribute[2] or int(attribute[3], 16)
    return found


def full_name(found, entry):
    while "name" not in entry:
        entry = found[entry.get("abstract_origin") or entry.get("specification")]
    parts, parent = [entry["name"]], entry["parent"]
    while parent:
        if parent["tag"] in SCOPES and "name" in parent:
            parts.append(parent["name"])
        parent = parent["parent"]
    return "::".join(reversed(parts))


def wrong_names(path, said):
    found, seen = entries(path), 0
    for entry in found.values():
        low = entry.get("low_pc")
        if entry["tag"] != "subprogram" or not low or low not in said:
            continue
        seen += 1
        if said[low][-1][0] != full_name(found, entry):
            return "at 0x%x %r, not %r" % (low, said[low][-1][0], full_name(found, entry))
    return "" if seen else "no subprograms"


def wrong_lines(path, said, chains):
    """llvm-symbolizer gives two lines for each place, and an empty one behind an address."""
    addresses = sorted(said)
    out = subprocess.run(["llvm-symbolizer", "--obj=" + path, "--relativenames", "--no-demangle",
                          "--functions=short"], capture_output=True,
                         input="".join("0x%x\n" % a for a in addresses).encode()).stdout.decode()
    known = 0
    for address, answer in zip(addresses, out.strip("\n").split("\n\n")):
        lines, expected = answer.strip("\n").split("\n"), []
        for name, place in zip(lines[::2], lines[1::2]):
            file, line, _ = place.rsplit(":", 2)
            known += line != "0"
            expected.append((name, file, line) if line != "0" else (name, "", "0"))
        got = [(name.split("::")[-1] or "??", os.path.normpath(file) if file else "", line)
               for name, file, line in said[address]]
        expected = [(n.split("::")[-1], os.path.normpath(f) if f else "", l) for n, f, l in expected]
        if not chains:  # an optimizer may lose what was inlined, about which opinions differ
            got, expected = [got[0][1:], got[-1][0]], [expected[0][1:], expected[-1][0]]
        if got != expected:
            return "at 0x%x %r, not %r" % (address, got, expected)
    return "" if known else "no lines"


def test_llvm(place):
    for tool in "llvm-dwarfdump", "llvm-symbolizer":
        if not shutil.which(tool):
            print("skip cli/debugging information as LLVM reads it - no " + tool)
            return
    if not os.path.exists(PLACES):
        print("skip cli/debugging information as LLVM reads it - %s is not built" % PLACES)
        return
    for name, path in compiled(place):
        with open(path, "rb") as f:
            module = without_names(f.read())
        with open(path, "wb") as f:
            f.write(module)
        said = said_of(name, path)
        check("names as LLVM has them: " + name, wrong_names(path, said))
        check("lines as LLVM has them: " + name,
                wrong_lines(path, said, "wasm-opt" not in name))


def test(scratch):
    place = os.path.join(scratch, "debugging")
    os.mkdir(place)
    test_backtrace(place)
    test_llvm(place)
