"""Files that are no module, or one that is damaged."""
import os
import random
import re

from harness import check, expect, guest, one_line, run


def test_files(place):
    def file(name, content):
        path = os.path.join(place, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    files = [("missing", os.path.join(place, "missing.wasm"), "No such file"),
             ("directory", place, "directory"), ("empty", file("empty", b""), "malformed: .*empty"),
             ("text", file("text", b"#!/bin/sh\n"), "malformed: magic header not detected"),
             ("version", file("version", b"\0asm\2\0\0\0"), "malformed: unknown binary version"),
             ("random", file("random", random.Random(1).randbytes(5000)), "malformed"),
             ("invalid", file("invalid", bytes.fromhex("0061736d01000000 01040160000003020100"
                                                       "0a05010300 6a0b".replace(" ", ""))), ": ")]
    for name, path, phrase in files:
        for command in [], ["check"], ["dump"]:
            result = run(*command, path)
            check(" ".join(["bad file", name, *command]),
                  expect(result, 1, "", re.escape(path) + ".*" + phrase) or one_line(result))
    result = run(guest("import"))
    check("import nobody provides",
          expect(result, 1, "", r"unlinkable: .*somewhere.*something.*i32,? i64")
          or one_line(result))
    check("check does not link", expect(run("check", "-q", guest("import")), 0, ""))


def test_truncated(place):
    """Every prefix of a small module, some of a large one, and changed bytes."""
    path = os.path.join(place, "damaged.wasm")
    seed = random.Random(7)

    def judge(content):
        with open(path, "wb") as f:
            f.write(content)
        result = run("check", "-q", path)
        if result[0] == 0:
            return repr(result[1:]) if result[1] or result[2] else ""
        return expect(result, 1, "", r": (malformed|invalid|not supported): .*\(at offset 0x[0-9a-f]+\)$") \
            or one_line(result)

    for name, step in ("values", 1), ("traps", 1), ("command", 997):
        with open(guest(name), "rb") as f:
            content = f.read()
        size = min(len(content), 40000)  # what follows are debugging sections
        wrong = {n: judge(content[:n]) for n in range(0, size, step)}
        check("truncated " + name, first_wrong(wrong))
        wrong = {}
        for n in range(60):
            damaged = bytearray(content)
            for _ in range(seed.randint(1, 4)):
                damaged[seed.randrange(8, size)] = seed.randrange(256)
            wrong[n] = judge(bytes(damaged))
        check("damaged " + name, first_wrong(wrong))


def first_wrong(wrong):
    return next(("%d: %s" % item for item in wrong.items() if item[1]), "")


def test(place):
    test_files(place)
    test_truncated(place)
