#!/usr/bin/env python3
"""Append custom sections to a module, as comments of its source give them: no wabt before 1.0.34
writes any.

    tests/guide/custom.py lined.wat lined.wasm

    ;; section .debug_line        its name; then bytes in hexadecimal and texts, up to what is neither
    ;;   44 00 "lined.c" 00       size, file
"""
import re
import sys


def uleb(number):
    more = number >> 7
    return bytes([number & 0x7F | (0x80 if more else 0)]) + (uleb(more) if more else b"")


def contents(line):
    """The bytes that a line begins with."""
    found = b""
    while word := re.match(r'\s*(?:([0-9a-f]{2})(?!\S)|"([^"]*)")', line):
        found += bytes.fromhex(word[1]) if word[1] else word[2].encode()
        line = line[word.end():]
    return found


def sections(source):
    """Names and contents."""
    name = None
    for line in source:
        head = re.match(r";; section (\S+)", line)
        if head:
            name, found = head[1].encode(), b""
        elif line.startswith(";;   ") and name:
            found += contents(line[2:])
        elif name:
            yield name, found
            name = None


def main(source, module):
    with open(source, encoding="utf-8") as lines, open(module, "ab") as out:
        for name, found in sections([*lines, "\n"]):
            content = uleb(len(name)) + name + found
            out.write(b"\0" + uleb(len(content)) + content)


main(*sys.argv[1:])
