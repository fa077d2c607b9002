"""The command line as people type it: subcommands, mistakes, numbers, and what shells complete."""
import os
import re
import shutil
import subprocess

from harness import ENV, check, expect, guest, one_line, run
from modules import function_type, functions, module, number, section, text


def test_commands(place):
    hello = guest("command")
    for words in [], ["run"]:
        name = " ".join(words) or "no subcommand"
        check("a guest's words are its own: " + name,
                expect(run(*words, hello, "args", "--", "--help", "run", "-V"), 0,
                         "\n".join([hello, "args", "--", "--help", "run", "-V", ""])))
    check("options around run", expect(
        run("--env", "A=1", "run", "--env", "B=2", hello, "env"), 0, "A=1\nB=2\n"))
    check("-- behind run", expect(run("run", "--", hello), 0, "hello\n"))
    for name in "run", "help", "dump", "-x", "--invoke":
        shutil.copy(hello, os.path.join(place, name))
        for before in ["--"], ["run", "--"]:
            check("a module whose name is %s, behind %s" % (name, " ".join(before)),
                    expect(run(*before, name, "args", cwd=place), 0, name + "\nargs\n"))
        check("dump of a module whose name is " + name,
                "" if "function" in run("dump", "--", name, cwd=place)[1] else "no dump")
    for words in ["check", "--features", "values"], ["check", "values", "--features"], \
            ["--features", "check", "values"]:
        at = words.index("values")
        check("where there is no guest, options stand anywhere: " + " ".join(words),
                expect(run(*words[:at], guest("values"), *words[at + 1:]), 0,
                         "multi-value\nreference-types\n"))
    check("an option is no module behind --",
            expect(run("check", "--", "--features", cwd=place), 1, "", "--features: No such"))


# what is typed, what is told
MISTAKES = [
    ("--alow-net x", r"--alow-net: no such option; did you mean --allow-net;"),
    ("--allow-nte=x", r"did you mean --allow-net;"), ("--drI . x", r"did you mean --dir;"),
    ("--TIMEOUT 5 x", r"did you mean --timeout;"), ("-dir . x", r"did you mean --dir;"),
    ("-version", r"did you mean --version;"), ("run --evn A=1 x", r"did you mean --env;"),
    ("--max-redirect 3", r"needs a|which module"), ("--x", r"no such option; see"),
    ("--quite-another-thing", r"no such option; see"), ("-z", r"no such option; see"),
    ("---dir . x", r"did you mean --dir;"), ("--" + 300 * "x", r"no such option; see"),
    ("--allow-net --invoke x", r"--allow-net: needs a value, and '--invoke' looks like an option"),
    ("--dir -- x", r"--dir: needs a value, and '--'"), ("--env --help", r"--env: needs a value"),
    ("--fuel --fuel 1 x", r"--fuel: needs a value"), ("--trace", r"--trace: needs a value"),
    ("--allow-net tool.wasm", r"which module\? 'tool.wasm' is the value of --allow-net"),
    ("run --dir=x --cacert m", r"which module\? 'm' is the value of --cacert"),
    ("--cacert=m", r"which module\? see"), ("completions", r"which shell\?"),
    ("completions tcsh", r"'tcsh' is none of bash, zsh and fish"),
    ("--dir a:b x", r"no directory 'a:b'; .*: --dir a::b$"),
    ("--dir=a:/b:ro x", r"no directory 'a:/b'; .*: --dir a::/b$"),
    ("--dir .:b:c x", r"--dir .::b:c$"),
]


def test_mistakes(place):
    for words, told in MISTAKES:
        result = run(*words.split(), cwd=place)
        check("told of a mistake: " + words[:60],
                expect(result, 2, "", told) or one_line(result))
    os.mkdir(os.path.join(place, "a:b"))
    check("a directory with a colon in its name",
            expect(run("--dir", "a:b", guest("command"), cwd=place), 0, "hello\n"))
    check("a value that looks like an option, by =",
            expect(run("--env=--A=1", guest("command"), "env"), 0, "--A=1\n"))


def test_environment():
    hello, env = guest("command"), dict(ENV, HOSTEL_TEST="a=b c", HOSTEL_EMPTY="")
    env.pop("HOSTEL_NONE", None)
    for words, out in [("--env HOSTEL_TEST", "HOSTEL_TEST=a=b c\n"),
                       ("--env HOSTEL_EMPTY", "HOSTEL_EMPTY=\n"), ("--env HOSTEL_NONE", ""),
                       ("--env HOSTEL_TEST=1 --env HOSTEL_TEST", "HOSTEL_TEST=a=b c\n"),
                       ("--env HOSTEL_TEST --env HOSTEL_TEST=1", "HOSTEL_TEST=1\n"),
                       ("--env HOSTEL_TES --env HOSTEL_TEST", "HOSTEL_TEST=a=b c\n")]:
        check("environment by " + words,
                expect(run(*words.split(), hello, "env", env=env), 0, out))


def test_numbers():
    """tests/unit/test_words.c has what each is worth."""
    def works(flag, text):
        return expect(run(flag, text, guest("command")), 0, "hello\n")

    for flag in "--max-memory", "--max-stack", "--max-response-body", "--max-request-body":
        for text in "16777216", "16384k", "16M", "17MB", "16MiB", "0.1g":
            check("%s of %s" % (flag, text), works(flag, text))
    for text in "url=1.5k", "head=1MB,line=64KiB":
        check("--http-limit of " + text, works("--http-limit", text))
    for text in "1h", "1.5m", "1m30s", "90", "100000ms":
        check("a time of %s is enough" % text, works("--timeout", text))
    for text in "0.2", "0.2s", "200ms", "0.0001":
        check("a time of %s is not" % text,
                expect(run("--timeout", text, guest("command"), "sleep"), 134, "", "time"))


def object_file():
    """As a compiler makes it: nothing is exported, what is to be linked stands in a section."""
    content = text("linking") + b"\2"
    return module(section(1, [function_type()]),
                  section(2, [text("env") + text("__linear_memory") + b"\2\0\0"])) + \
        b"\0" + number(len(content)) + content


def test_check(place):
    """Several files: what is in each of them, and whether any failed."""
    path, hello = os.path.join(place, "object.o"), guest("command")
    with open(path, "wb") as f:
        f.write(object_file())
    values, lacking, wide = guest("values"), guest("import"), guest("wasm64")
    said = [values + ": valid; uses multi-value, reference-types\n",
            lacking + ': valid\n%s: unknown import "somewhere" "something": function (i32 i64) -> (f32)\n'
            % lacking,
            path + ": valid; it is an object file, not linked\n"
            + path + ': unknown import "env" "__linear_memory": memory of 0 to 65536 pages\n']
    for files in [0], [1], [2], [0, 1, 2], [2, 1, 0], [0, 0]:
        words = [[values, lacking, path][i] for i in files]
        check("check of " + " ".join(map(os.path.basename, words)),
                expect(run("check", *words), 0, "".join(said[i] for i in files)))
        check("check -q of " + " ".join(map(os.path.basename, words)),
                expect(run("check", "-q", *words), 0, ""))
    result = run("check", wide)
    check("what is there with another type", expect(result) or
            repr(result[1]) * (wide + ": incompatible import type" not in result[1]))
    bad = os.path.join(place, "bad")
    with open(bad, "w") as f:
        f.write("bad")
    for words in [bad, values], [values, bad], [values, "/none"], ["/none", values, bad]:
        failed = [w for w in words if w != values]
        told = "".join("hostel: %s: [^\n]*\n" % re.escape(w) for w in failed)
        check("check of one that fails: " + " ".join(map(os.path.basename, words)),
                expect(run("check", *words), 1, said[0], "^%s$" % told) or
                expect(run("check", *words, "--quiet"), 1, "", "^%s$" % told))
    check("features of several", expect(
        run("check", "--features", values, guest("traps"), guest("memories")), 0,
        "".join("%s: %s\n" % (f, n) for f, ns in ((values, ("multi-value", "reference-types")), (
            guest("memories"), ("bulk-memory", "multi-memory"))) for n in ns)))
    check("one time for all files", expect(
        run("--timeout", "0", "check", values, hello), 134, None, "time"))


def test_start():
    """What is run without --invoke, and what is told first if it cannot be."""
    plain, trap = function_type(), b"\0"
    start, nothing = b"\x08\1\0", section(2, [text("a") + text("b") + b"\0\0"])
    # the start section stands between exports and code
    def made(*exports, start=start):
        return functions([plain], [trap], section(7, [text(e) + b"\0\0" for e in exports]), start)

    for name, content, status, told in [
            ("a start function alone", made(), 134, "trap: unreachable"),
            ("and other exports", made("x"), 134, "trap: unreachable"),
            ("of a reactor", made("_initialize"), 2, "_start: no such export"),
            ("none", made("x", start=b""), 2, "_start: no such export.*: x; call one with"),
            ("an import that is missing, and no _start",
             module(section(1, [plain]), nothing, section(7, [text("x") + b"\0\0"])), 1,
             'unlinkable: unknown import "a" "b": function'),
            ("an object file", object_file(), 1, "not linked: link it, with clang")]:
        result = run("-", stdin=content)
        check("without --invoke: " + name, expect(result, status, "", told)
                or (status != 134 and one_line(result)))
    check("a start function that returns",
            expect(run("-", stdin=functions([plain], [b""], start)), 0, ""))
    check("a start function does not keep --invoke from being told", expect(
        run("--invoke", "y", "-", stdin=made("x")), 2, "", "--invoke y: no such export"))


def test_preload(place):
    main, reactor = guest("linked"), guest("reactor")
    r = ["--preload", "r=" + reactor]
    check("a preloaded module", expect(run(*r, main), 0, "constructed\n"))
    check("a preloaded module, invoked",
            expect(run(*r, "--invoke", "ask", main), 0, "constructed\n1\n"))
    check("a preloaded module from standard input", expect(
        run("--preload", "r=-", main, stdin=open(reactor, "rb").read()), 0, "constructed\n"))
    plain = function_type()
    chain = []
    for name, wanted in ("a", b""), ("b", b"a"), ("c", b"b"):  # each calls that before it
        path = os.path.join(place, name + ".wasm")
        imports = section(2, [text(wanted) + text("f") + b"\0\0"]) if wanted else b""
        code = b"\x10\0" if wanted else b"\0"
        with open(path, "wb") as f:
            f.write(module(section(1, [plain]), imports, section(3, [b"\0"]),
                           section(7, [text("f") + b"\0" + number(len(wanted)),
                                       text("_start") + b"\0" + number(len(wanted))]),
                           section(10, [number(len(code) + 2) + b"\0" + code + b"\x0b"])))
        chain += ["--preload", "%s=%s" % (name, path)]
    last = os.path.join(place, "c.wasm")
    check("modules in a chain", expect(run(*chain[:4], last), 134, "",
                                           "trap: unreachable(.*\n){4}$"))
    result = run(*chain[2:4], *chain[:2], last)
    check("modules in the wrong order",
            expect(result, 1, "", r"b\.wasm: unlinkable: unknown import \"a\" \"f\"") or one_line(result))
    for words, status, told in [
            ("r", 2, "--preload: 'r' is not NAME=MODULE"), ("=x", 2, "not NAME"), ("r=", 2, "not NAME"),
            ("r=/none", 1, "^hostel: /none: No such file"), ("s=" + reactor, 1, 'unknown import "r" "state"'),
            ("r=" + guest("command"), 1, 'linked.wasm: unlinkable: unknown import "r" "state"'),
            ("r=" + __file__, 1, "usage.py: malformed: magic header"),
            ("r=" + guest("import"), 1, 'import.wasm: unlinkable: unknown import "somewhere"')]:
        result = run("--preload", words, main)
        check("preload of " + words[:20], expect(result, status, "", told) or one_line(result))
    result = run(*r, *r, main)
    check("one name for two modules", expect(result, 2, "", "'r' is .* already") or one_line(result))
    check("a start function that traps in a preloaded module",
            expect(run("--preload", "x=" + guest("start_trap"), *r, main), 134, "", "unreachable"))
    check("nothing runs before all is linked", expect(
        run(*r, "--preload", "x=" + guest("import"), main), 1, "", 'unknown import "somewhere"'))
    for words, meant in [("chek x", "check"), ("rnu x", "run"), ("verison", "version"), ("hlep", "help")]:
        result = run(*words.split())
        check("a subcommand mistyped: " + words, expect(
            result, 1, "", "No such file or directory; did you mean hostel %s\\?$" % meant) or one_line(result))
    for words in "-- chek", "run chek", "something-else", "./chek", "check chek":
        check("not a subcommand: " + words,
                expect(run(*words.split()), 1, "", "No such file or directory$"))


def test_hint(place):
    """One line behind a failure that no directory may have caused, and nowhere else."""
    hello, hint = guest("command"), "^hostel: the guest has no directory"
    reading = [hello, "read", place + "/none"]
    for name, words, status, hinted in [
            ("a guest that fails to open a file", reading, 1, True),
            ("one that has a directory", ["--dir", place, *reading], 1, False),
            ("one that has a temporary one", ["--tmpdir", "/t", *reading], 1, False),
            ("--quiet", ["--quiet", *reading], 1, False), ("-q", ["-q", "run", *reading], 1, False),
            ("one that ends without a word", [hello, "exit", "3"], 3, False),
            ("one that complains and succeeds", [hello, "stderr"], 0, False),
            ("one that traps without a word", [hello, "trap"], 134, False),
            ("one that never looks for any", [guest("traps"), "--invoke", "divide"], 2, False)]:
        result = run(*words)
        lines = re.findall(hint + ".*--dir", result[2], re.M)
        wrong = "%d hints" % len(lines) * (len(lines) != hinted) or \
            "not the last line" * (hinted and not result[2].splitlines()[-1].startswith("hostel: the"))
        check("a hint for %s" % name, wrong or "status %d" % result[0] * (result[0] != status))


def test_manual():
    if not shutil.which("mandoc"):
        print("skip cli/the manual is well made - mandoc is not installed")
        return
    p = subprocess.run(["mandoc", "-Tlint", "hostel.1"], capture_output=True, text=True)
    check("the manual is well made", p.stdout + p.stderr)


def options_of():
    return set(re.findall(r"^  (--[a-z-]+)", run("--help")[1], re.M))


def test_completions(place):
    for shell, form in ("bash", "%s"), ("zsh", "%s"), ("fish", "-l %.0s%s"):
        result = run("completions", shell)
        path = os.path.join(place, "hostel." + shell)
        with open(path, "w") as f:
            f.write(result[1])
        missing = [o for o in options_of() if not re.search(
            r"(?<![a-z-])%s(?![a-z-])" % ("-l " + o[2:] if shell == "fish" else o), result[1])]
        missing += [c for c in ("run", "check", "dump", "completions", "help", "version")
                    if not re.search(r"\b%s\b" % c, result[1])]
        check("completions for %s name everything" % shell,
                expect(result) or " ".join(missing))
        if not shutil.which(shell):
            print("skip cli/completions for %s are read by it - it is not installed" % shell)
            continue
        p = subprocess.run([shell, "-n", path], capture_output=True, text=True)
        check("completions for %s are read by it" % shell, p.stdout + p.stderr)
    os.mkdir(os.path.join(place, "folder"))
    script = 'source hostel.bash; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _hostel; ' \
             'echo "${COMPREPLY[@]}"'
    for words, offered in [("hostel --max-re", "--max-redirects --max-response-body --max-request-body"),
                           ("hostel --trace h", "http http-secrets"), ("hostel --dir fol", "folder"),
                           ("hostel --fuel h", ""), ("hostel chec", "check"),
                           ("hostel --cacert = hostel.b", "hostel.bash"),
                           ("hostel check hostel.b", "hostel.bash")]:
        p = subprocess.run(["bash", "-c", script % words], capture_output=True, text=True, cwd=place)
        check("bash completes " + words,
                p.stderr or repr(p.stdout) * (sorted(p.stdout.split()) != sorted(offered.split())))


def test(place):
    place = os.path.join(place, "usage")
    os.mkdir(place)
    test_commands(place)
    test_mistakes(place)
    test_environment()
    test_numbers()
    test_check(place)
    test_start()
    test_preload(place)
    test_hint(place)
    test_manual()
    test_completions(place)
