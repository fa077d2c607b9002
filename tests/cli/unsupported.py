"""Modules that were made for other hosts: what they need is told by its name."""
import os
import re

from harness import check, expect, one_line, run
from modules import body, function_type, functions, module, number, section, text

NOTHING = function_type()


def codes(*bytes):
    """A module with this code, and its offset behind the body's size and locals."""
    made = functions([NOTHING], [b"\0" + b"".join(bytes)])
    return made, made.index(b"\0" + b"".join(bytes) + b"\x0b", 20) + 1


def types(entry):
    return module(section(1, [entry])), 11


def values(type):
    return module(section(1, [b"\x60\1" + type + b"\0"])), 13


def memory(flags):
    return module(section(5, [bytes([flags]) + b"\1\2\0"])), 11


CASES = [
    ("struct", "gc", "garbage collection", types(b"\x5f\0")),
    ("array", "gc", "garbage collection", types(b"\x5e\x7f\0")),
    ("rec", "gc", "garbage collection", types(b"\x4e\1\x5f\0")),
    ("sub", "gc", "garbage collection", types(b"\x50\0\x60\0\0")),
    ("sub final", "gc", "garbage collection", types(b"\x4f\0\x60\0\0")),
    ("cont", "stack-switching", "stack switching", types(b"\x5d\0")),
    *[("type %02x" % code, "gc", "garbage collection", values(bytes([code])))
      for code in (0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73)],
    ("(ref any)", "gc", "garbage collection", values(b"\x64\x6e")),
    ("(ref null i31)", "gc", "garbage collection", values(b"\x63\x6c")),
    ("(ref 0)", "function-references", "typed function references", values(b"\x64\0")),
    ("(ref null func)", "function-references", "typed function references", values(b"\x63\x70")),
    ("block (ref func)", "function-references", "typed function references",
     (codes(b"\x02\x64\x70\0\x0b")[0], codes(b"\x02\x64\x70\0\x0b")[1] + 1)),
    ("ref.null 0", "function-references", "typed function references",
     (codes(b"\xd0\0\x1a")[0], codes(b"\xd0\0\x1a")[1] + 1)),
    ("table with a value", "function-references", "typed function references",
     (module(section(4, [b"\x40\0\x70\0\0\xd0\x70\x0b"])), 11)),
    *[("opcode %02x" % code, "function-references", "typed function references",
       codes(bytes([code]) + b"\0")) for code in (0x14, 0x15, 0xd4, 0xd5, 0xd6)],
    ("ref.eq", "gc", "garbage collection", codes(b"\xd3")),
    ("struct.new", "gc", "garbage collection", codes(b"\xfb\0\0")),
    ("i31 constant", "gc", "garbage collection",
     (module(section(6, [b"\x7f\0\x41\0\xfb\x1c\x0b"])), 15)),
    ("atomic load", "threads", "threads", codes(b"\xfe\x10\2\0")),
    ("shared memory", "threads", "threads", memory(3)),
    ("shared memory without a maximum", "threads", "threads", memory(2)),
    ("shared 64-bit memory", "threads", "threads", memory(7)),
    ("shared memory imported", "threads", "threads",
     (module(section(2, [b"\3env\6memory\2\3\1\2"])), 23)),
    ("pages of one byte", "custom-page-sizes", "custom page sizes", memory(8)),
    ("pages of one byte, bounded", "custom-page-sizes", "custom page sizes", memory(9)),
    *[("opcode %02x" % code, "stack-switching", "stack switching", codes(bytes([code]) + b"\0"))
      for code in range(0xe0, 0xe7)],
    ("f32.load_f16", "half-precision", "half-precision numbers", codes(b"\xfc\x30\1\0")),
    ("memory.discard", "memory-control", "memory control", codes(b"\xfc\x12\0")),
    ("component", "component-model", "components", (b"\0asm\x0d\0\1\0", 4)),
]

# What is nobody's stays malformed.
MALFORMED = [
    ("form 40", types(b"\x40\0")), ("form e0", types(b"\xe0\0")), ("type 40", values(b"\x40")),
    ("opcode ff", codes(b"\xff")), ("opcode fc 17", codes(b"\xfc\x17")), ("opcode 17", codes(b"\x17")),
    ("limits 10", memory(0x10)), ("limits 82", memory(0x82)),
    ("table of limits 2", (module(section(4, [b"\x70\2\1"])), 0)),
    ("layer 2", (b"\0asm\x0d\0\2\0", 0)), ("version 2", (b"\0asm\2\0\0\0", 0)),
    ("block type e4 7f", codes(b"\x02\xe4\x7f\0\x0b")),
]

# From which imports, what is told.
IMPORTS = [
    ("wasi_unstable", "fd_write", "preview 0"), ("wasi:cli/run@0.2.0", "run", "preview 2"),
    ("wasi", "thread-spawn", "threads"), ("wasix_32v1", "fd_pipe", "WASIX"),
    ("gojs", "runtime.wasmExit", "GOOS=wasip1"), ("go", "debug", "GOOS=wasip1"),
    ("env", "syscall/js.valueGet", "TinyGo"),
    ("__wbindgen_placeholder__", "__wbindgen_throw", "wasm-bindgen"), ("wbg", "x", "wasm-bindgen"),
    ("./thing_bg.js", "f", "wasm-bindgen"), ("env", "invoke_vii", "-sSTANDALONE_WASM"),
    ("env", "emscripten_resize_heap", "-sSTANDALONE_WASM"),
    ("env", "__syscall_openat", "-sSTANDALONE_WASM"), ("a", "b", "Emscripten"),
    ("env", "abort", "AssemblyScript"), ("env", "__memory_base", "link it statically"),
    ("env", "puts", "left undefined"), ("./lib.js", "f", "JavaScript"),
    ("wasm:js-string", "length", "JavaScript"), ("somewhere", "f", None),
]


def importing(*names, export="_start"):
    """Imports these functions; `export` does nothing, `calls` calls them all."""
    made = [text(module) + text(name) + b"\0\0" for module, name in names]
    calls = b"".join(b"\x10" + number(i) for i in range(len(names)))
    return module(section(1, [NOTHING]), section(2, made), section(3, [b"\0"] * 2),
                  section(7, [text(export) + b"\0" + number(len(names)),
                              text("calls") + b"\0" + number(len(names) + 1)]),
                  section(10, [body(b""), body(calls)]))


def test(place):
    path = os.path.join(place, "unsupported.wasm")

    def load(content, *words):
        with open(path, "wb") as f:
            f.write(content)
        return run(*words, path)

    for name, short, long, (content, offset) in CASES:
        said = r"^hostel: %s: not supported: %s.* \(at offset 0x%x\)\n$" % (re.escape(path), long, offset)
        check("not supported: " + name,
                expect(load(content), 1, "", said) or one_line(load(content)) or
                expect(load(content, "check", "--features"), 1, short + " (not supported)\n", said) or
                expect(load(content, "check"), 1, "", said))
    for name, (content, _) in MALFORMED:
        check("malformed: " + name, expect(load(content, "check", "--features"), 1, "",
                                               ": malformed: .*offset"))
    for module_name, name, advice in IMPORTS:
        end = r".*; .*%s.*\n$" % re.escape(advice) if advice else r"[^;]*(; call one[^;]*)?\n$"
        lost = 'unknown import "%s" "%s": function' % (module_name, name)
        check("advice on %s.%s" % (module_name, name),
                expect(load(importing((module_name, name))), 1, "", re.escape(lost) + end) or
                expect(load(importing((module_name, name), export="other")), 1, "",
                         re.escape(lost) + end) or
                expect(load(importing((module_name, name), export="other"), "--unknown-imports",
                             "trap"), 2, "", "_start: no such export .*: other, calls" + end))

    lacks = importing(("some", "where"), ("env", "f\x1b"))
    check("unknown imports", expect(load(lacks), 1, "", 'unknown import "some" "where"'))
    trap = "--unknown-imports", "trap"
    check("unknown imports that nobody calls", expect(load(lacks, *trap), 0, ""))
    result = load(lacks, *trap, "--invoke", "calls")
    check("an unknown import traps when it is called",
            expect(result, 134, "", r"^hostel: trap: unknown import some\.where was called\n +#0 "))
    result = load(importing(("env", "f\x1b")), *trap, "--invoke", "calls")
    check("an unknown import's name does not drive the terminal",
            expect(result, 134, "", r"unknown import env\.f\\x1b was called"))
    start = module(section(1, [NOTHING]), section(2, [text("env") + text("g") + b"\3\x7f\0"]),
                   section(3, [b"\0"]), section(7, [text("_start") + b"\0\0"]), section(10, [body(b"")]))
    check("an unknown import that is no function",
            expect(load(start, *trap), 1, "", 'unknown import "env" "g": immutable global i32'))
    wrong = module(section(1, [NOTHING]), section(2, [text("wasi_snapshot_preview1") +
                                                      text("fd_write") + b"\0\0"]),
                   section(3, [b"\0"]), section(7, [text("_start") + b"\0\1"]), section(10, [body(b"")]))
    check("an import of another type is not unknown",
            expect(load(wrong, *trap), 1, "", "incompatible import type"))
