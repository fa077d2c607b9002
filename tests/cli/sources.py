"""Where modules come from: standard input, text format; and what is given for one that is none."""
import bz2
import gzip
import lzma
import os
import re
import shutil
import stat
import subprocess
import zipfile

from harness import ENV, HOSTEL, check, expect, guest, one_line, run

BLANK = b"\xef\xbb\xbf \r\n\t"
COMMENTS = b";; one\n(; two (; three ;) ;)\n"
FIELDS = b'(memory 1) (func (export "_start") (unreachable))'
TEXTS = [("a module", b"(module " + FIELDS + b")"), ("its fields", FIELDS),
         ("comments before it", COMMENTS + b"(module" + COMMENTS + FIELDS + b")"),
         ("blanks before it", b" \r\n\t( ;; x\n module)")]

# content, what is said of it
FOREIGN = [
    (gzip.compress(b"\0asm"), "gzip.*gunzip"), (bz2.compress(b"\0asm"), "bzip2"),
    (lzma.compress(b"\0asm"), "xz"), (b"\x28\xb5\x2f\xfd\0\0", "zstd"),
    (b"\x7fELF\2\1\1" + 90 * b"\0", "native.*ELF"), (b"MZ\x90\0\3\0", "Windows.*PE"),
    (b"\xcf\xfa\xed\xfe\7\0\0\1", "macOS"), (b"!<arch>\n/ 1 2", "archive of object files"),
    (b"BC\xc0\xde\x35\x14", "LLVM bitcode"), (b"AGFzbQEAAAA=\n", "base64 -d"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS"),
    (b"\0aot\3\0\0\0", "WAMR"), (b"<!DOCTYPE html><html>", "HTML"), (BLANK + b"<html>", "HTML"),
    (b"<?xml version='1.0'?>", "XML"), (b'{"error": 404}', "JSON"), (b"#!/bin/sh\nls\n", "script"),
    (b"import init from './x.js';", "JavaScript"), (b"// made by x\nvar Module = {};", "JavaScript"),
    (b"/* x */ 'use strict'; f()", "JavaScript"), (b"(() => { })()", "JavaScript"),
    (b"(function () { })()", "JavaScript"), (b"async function f() {}", "JavaScript"),
    (b"export default 1;", "JavaScript"), (b"(component)", "component in text format"),
    (b"int main(void) { return 0; }\n", "it is text"), ("für ünicode\n".encode(), "it is text"),
    (b"(assert_return (invoke))", "it is text"), (b"404 Not Found", "it is text"),
    (b"moduleless", "it is text"), (b"(modules)", "it is text"), (b"lets go", "it is text"),
    (b"", "it is empty"), (b"\x01\x02\x03\x04\x05\x06\x07\x08", "this is not a WebAssembly module"),
    (b"\xff\xfe\xfd" * 9, "this is not a WebAssembly module"), (b"\0as", "unexpected end"),
    (b"(;", "it is text"), (b"/*", "it is text"), (b";; nothing", "it is text"), (b"   ", "it is text"),
]


def test_foreign(place):
    archive = os.path.join(place, "archive.zip")
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("x.wasm", b"\0asm")
    with open(archive, "rb") as f:
        zipped = f.read()
    for content, said in FOREIGN + [(zipped, "zip archive")]:
        for name in "m.wasm", "m.wat", "m":
            path = os.path.join(place, name)
            with open(path, "wb") as f:
                f.write(content)
            result = run(path)
            wrong = expect(result, 1, "", "^hostel: %s: malformed: .*%s" % (re.escape(path), said))
            check("%r as %s" % (content[:20], name), wrong or one_line(result))
        for words in ["check"], ["dump"], []:
            result = run(*words, "-", stdin=content)
            check("%r on standard input: %s" % (content[:20], " ".join(words)),
                    expect(result, 1, "", "^hostel: standard input: malformed: .*" + said)
                    or one_line(result))


def test_stdin():
    with open(guest("command"), "rb") as f:
        module = f.read()
    check("a module on standard input", expect(run("-", stdin=module), 0, "hello\n"))
    check("its arguments", expect(run("-", "args", "-", "x", stdin=module), 0, "-\nargs\n-\nx\n"))
    check("nothing is left for the guest to read",
            expect(run("run", "-", "cat", stdin=module), 0, ""))
    with open(guest("traps"), "rb") as f:
        traps = f.read()
    check("an entry that it has not", expect(run("--invoke", "x", "-", stdin=traps), 2, "",
                                                 "^hostel: standard input: --invoke x: no such export"))
    p = subprocess.run('cat "$G" | "$H" - exit 3', shell=True,
                       env=dict(ENV, H=HOSTEL, G=guest("command")))
    check("from a pipe", "status %d" % p.returncode * (p.returncode != 3))


def test_text(place):
    if not shutil.which("wat2wasm"):
        print("skip cli/text format - wat2wasm is not installed")
        return
    for name, text in TEXTS:
        path = os.path.join(place, "text")
        with open(path, "wb") as f:
            f.write(text)
        for words, stdin in ([path], b""), (["-"], text):
            check("text format: %s, %s" % (name, words[0][-4:]),
                    expect(run("check", "-q", *words, stdin=stdin)))
    check("text format is run",
            expect(run("-", stdin=b"(func $deep unreachable) (start $deep)" + FIELDS), 134, "",
                     "trap: unreachable.*\n.*<deep>"))
    for name, text, said in [
            ("tail calls", b'(func (export "_start") (return_call 0))', ""),
            ("memories", b"(memory 1) (memory i64 1)", ""), ("exceptions", b"(tag) (func throw 0)", ""),
            ("a mistake", b"\n(func (foo))", r"malformed: wat2wasm: 2:8: error: .*foo"),
            ("two mistakes", b"(func (foo) )(func (bar))", r"foo.*several\)$"),
            ("an invalid module", b"(func (result i32))", r"wat2wasm: 1:\d+: error: type mismatch"),
            ("a hostile mistake", b'(func (\x1b[31m))', r"wat2wasm: 1:"),
            ("an end too early", b"(module", "wat2wasm: 1:")]:
        result = run("check", "-q", "-", stdin=text)
        check("text format: " + name, expect(result, 1, "", said) or one_line(result) or
                "\x1b" * ("\x1b" in result[2]) if said else expect(result))
    check("text format leaves nothing behind", " ".join(set(os.listdir(place)) - {"text"}))


def test_assembler(place):
    """Without wat2wasm, with one of another version, with one that goes wrong."""
    def shadowed(script):
        path = os.path.join(place, "bin", "wat2wasm")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write("#!/bin/sh\n" + script)
        os.chmod(path, stat.S_IRWXU)
        return dict(ENV, PATH=os.path.dirname(path) + ":" + os.environ["PATH"])

    path = os.path.join(place, "$(touch x);")
    with open(path, "wb") as f:
        f.write(b"(module)")
    result = run("check", "-q", path, env=dict(ENV, PATH="/nowhere"))
    check("text format without wat2wasm",
            expect(result, 1, "", "^hostel: %s: .*wat2wasm must be installed" % re.escape(path))
            or one_line(result))
    empty = r"printf '\0asm\1\0\0\0' >$3" + "\n"
    old = 'if [ "$#" != 3 ]; then echo "wat2wasm: unknown option '\
          "'$4'" '" >&2; echo "Try" >&2; exit 1; fi\n'
    check("text format with another wat2wasm", expect(run("check", "-q", path, env=shadowed(old + empty))))
    newer = 'for word; do [ "$word" != %s ] || { echo "wat2wasm: unknown option '\
            "'$word'" '" >&2; echo "Try" >&2; exit 1; }; done\n'
    lacking = "".join(newer % o for o in ("--enable-exceptions", "--enable-memory64"))
    check("the other options are kept", expect(run("check", "-q", path, env=shadowed(
        lacking + 'case "$*" in *--debug-names*--enable-tail-call*--enable-relaxed-simd) ;; *) exit 1 ;; esac\n'
        + empty))))
    check("a mistake is told by another wat2wasm, too", expect(run("check", path, env=shadowed(
        old + lacking + 'echo "$1:1:2: error: no foo" >&2; exit 1\n')), 1, "", "wat2wasm: 1:2: error: no foo"))
    check("its input is the text", expect(run("check", "-q", path, env=shadowed(
        'test "$(cat "$1")" = "(module)" || exit 1\n' + empty))))
    for name, script, said in [("fails without a word", "exit 1", "wat2wasm"),
                               ("is ended", "kill -9 $$", "wat2wasm was ended by signal 9"),
                               ("makes nothing", "exit 0", "malformed"),
                               ("makes something else", "echo xxxx >$3", "magic header"),
                               ("says something else", "echo Killed >&2; exit 3", "wat2wasm: Killed")]:
        result = run("check", "-q", path, env=shadowed(script))
        check("wat2wasm " + name, expect(result, 1, "", said) or one_line(result))
    check("wat2wasm hangs", expect(run("--timeout", "1s", "check", path,
                                             env=shadowed("exec sleep 1000")), 134, "", "time"))
    check("no shell reads a file's name", "x" * os.path.exists(os.path.join(place, "x")))


def test(place):
    place = os.path.join(place, "sources")
    os.mkdir(place)
    test_foreign(place)
    test_stdin()
    for name, part in ("text", test_text), ("assembler", test_assembler):
        os.mkdir(os.path.join(place, name))
        part(os.path.join(place, name))
