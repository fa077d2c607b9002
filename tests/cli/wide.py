"""Wide arithmetic against Python's integers, for thousands of operands in one guest."""
import os
import random
import struct
import subprocess

import modules
from harness import ENV, HOSTEL, SECONDS, check, expect, run

COUNT = 4000
RECORD, RESULTS = 4 * 8, 4 * 16  # bytes that are taken and given
INDEX, LOW, HIGH = 0, 1, 2       # locals
ADD, SUB, MUL_S, MUL_U = 0x13, 0x14, 0x15, 0x16
NAMES = {ADD: "i64.add128", SUB: "i64.sub128", MUL_S: "i64.mul_wide_s", MUL_U: "i64.mul_wide_u"}
OPERANDS = {ADD: 4, SUB: 4, MUL_S: 2, MUL_U: 2}
EDGES = [0, 1, 2, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1]


def get(local):
    return b"\x20" + bytes([local])


def constant(number):
    """i32.const, of a number that is not negative."""
    out = bytearray(b"\x41")
    while number > 63:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def address(unit):
    return get(INDEX) + constant(unit) + b"\x6c"  # i32.mul


def memarg(offset):
    return b"\3" + modules.number(offset)


def compute(code, number, out):
    """Load the operands, compute, store both results."""
    loads = b"".join(address(RECORD) + b"\x29" + memarg(8 * i) for i in range(OPERANDS[code]))
    stores = b"".join(address(RESULTS) + get(local) + b"\x37" + memarg(out + 16 * number + half)
                      for local, half in ((LOW, 0), (HIGH, 8)))
    return loads + b"\xfc" + bytes([code]) + b"\x21" + bytes([HIGH]) + b"\x21" + bytes([LOW]) + stores


def program(records):
    """One that writes the results of all records to standard output."""
    data = b"".join(struct.pack("<4Q", *record) for record in records)
    out = len(data)
    vector = out + len(records) * RESULTS
    code = b"\x03\x40" + b"".join(compute(code, i, out) for i, code in enumerate(NAMES))
    code += get(INDEX) + constant(1) + b"\x6a\x22" + bytes([INDEX])  # add, local.tee
    code += constant(len(records)) + b"\x49\x0d\0\x0b"               # lt_u, br_if, end
    code += constant(1) + constant(vector) + constant(1) + constant(vector + 8) + b"\x10\0\x1a"
    data += bytes(len(records) * RESULTS) + struct.pack("<2I", out, len(records) * RESULTS)
    fd_write = modules.text("wasi_snapshot_preview1") + modules.text("fd_write") + b"\0\0"
    return modules.module(
        modules.section(1, [modules.function_type(b"\x7f" * 4, b"\x7f"), modules.function_type()]),
        modules.section(2, [fd_write]), modules.section(3, [b"\1"]),
        modules.section(5, [b"\0" + modules.number(vector // 65536 + 1)]),
        modules.section(7, [modules.text("memory") + b"\2\0", modules.text("_start") + b"\0\1"]),
        modules.section(10, [modules.body(code, [b"\1\x7f", b"\2\x7e"])]),
        modules.section(11, [b"\0\x41\0\x0b" + modules.text(data)]))


def signed(x):
    return x - 2**64 if x >> 63 else x


def right(record):
    a, b, c, d = record
    x, y = a + (b << 64), c + (d << 64)
    for value in (x + y, x - y, signed(a) * signed(b), a * b):
        yield value % 2**128 % 2**64
        yield value % 2**128 >> 64


def operands():
    source = random.Random(1)
    yield from ([a, b, c, d] for a in EDGES for b in EDGES for c in EDGES[::3] for d in EDGES[::3])
    for _ in range(COUNT):
        yield [source.getrandbits(64) >> source.randrange(64) for _ in range(4)]
        yield [2**64 - 1 - source.getrandbits(source.randrange(1, 65)) for _ in range(4)]


def compare(path, records, *words):
    p = subprocess.run([HOSTEL, *words, path], capture_output=True, env=ENV, timeout=SECONDS)
    if p.returncode or p.stderr:
        return "status %d, %r" % (p.returncode, p.stderr)
    found = struct.iter_unpack("<8Q", p.stdout)
    for record, results in zip(records, found):
        if results != tuple(right(record)):
            return "of %x %x %x %x: " % tuple(record) + " ".join("%x" % x for x in results)
    return "" if len(p.stdout) == len(records) * RESULTS else "%d bytes" % len(p.stdout)


def test(place):
    records = list(operands())
    path = os.path.join(place, "wide.wasm")
    with open(path, "wb") as f:
        f.write(program(records))
    check("wide arithmetic", compare(path, records))
    check("wide arithmetic, metered", compare(path, records, "--fuel", "100000000"))
    check("wide arithmetic is told",
          expect(run("check", "--features", path), 0, "wide-arithmetic\n"))
    listing = run("dump", path)[1]
    check("wide arithmetic is listed",
          "".join(name for name in NAMES.values() if ": " not in listing or name not in listing))
