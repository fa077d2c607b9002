"""Options that are given well and badly, and the help that names them."""
import re

from harness import check, expect, guest, one_line, run

BAD_FLAGS = [
    ("--dir", "::"), ("--dir", "::/x"), ("--dir", "/tmp::"), ("--dir", ":ro"), ("--dir", ""),
    ("--tmpdir", ""), ("--invoke", ""), ("--preload", "x"), ("--preload", "=x"), ("--preload", ""), ("--cacert", ""),
    ("--env", "=value"), ("--env", ""),
    ("--allow-net", "http://example.org/path"), ("--allow-net", "a.*.org"), ("--allow-net", ""),
    ("--allow-net", "example.org,,example.com"), ("--allow-net", "10.0.0.0/33"),
    ("--deny-net", "ftp://example.org"), ("--deny-net", "example.org:0"),
    ("--resolve", "example.org"), ("--resolve", "example.org:443:nonsense"),
    ("--http-timeout", "soon"), ("--http-timeout", "-1s"), ("--timeout", "5 s"),
    ("--timeout", ""), ("--timeout", "1w"), ("--timeout", "99999999999999999h"),
    ("--max-redirects", "-1"), ("--max-redirects", "ten"), ("--max-redirects", "1K"),
    ("--max-request-body", "1.5.5G"), ("--max-response-body", "1P"), ("--max-response-body", "K"),
    ("--max-memory", "1,5M"), ("--max-memory", "1K1"), ("--max-memory", "5."), ("--max-memory", "1iB"),
    ("--timeout", "1m30"), ("--timeout", "0x1s"), ("--timeout", "1M"), ("--timeout", "2h2"),
    ("--timeout", "106751991167d59d"), ("--fuel", "1.0"), ("--fuel", "1m"),
    ("--max-fds", "many"),
    ("--max-memory", "99999999999G"), ("--max-stack", "+8M"), ("--max-stack", "8Mb1"),
    ("--http-limit", ""), ("--http-limit", "head"), ("--http-limit", "heads=1"),
    ("--http-limit", "head="), ("--http-limit", "url=1K,line=-1"), ("--http-limit", "url=1K,"),
    ("--http-limit", "fields=99999999999999999999"),
    ("--fuel", "many"), ("--fuel", "99999999999999999999"), ("--fuel", " 1"),
    ("--unknown-imports", "ignore"), ("--unknown-imports", ""),
    ("--trace", "wasi,everything"), ("--trace", ""),
]


def test_flags():
    hello = guest("command")
    for flag, value in BAD_FLAGS:
        result = run(flag, value, hello)
        check("usage %s '%s'" % (flag, value),
              expect(result, 2, "", re.escape(flag)) or one_line(result))
    flags = sorted({flag for flag, _ in BAD_FLAGS})
    for flag in flags:
        result = run(flag)
        check("usage %s without a value" % flag,
              expect(result, 2, "", re.escape(flag)) or one_line(result))
    for flag, why in [("--nonsense", "no such"), ("--nonsense=1", "no such"), ("-x", "no such"),
                      ("-xh", "no such"), ("--max", "several"), ("--max=1", "several"),
                      ("--no-cookies=1", "no value"), ("--help=me", "no value")]:
        result = run(flag, hello)
        check("usage " + flag,
              expect(result, 2, "", re.escape(flag) + ": .*%s.*--help$" % why) or one_line(result))
    for words in [], ["dump"], ["check"], ["--fuel", "1"], [""]:
        result = run(*words)
        check("usage no module: " + " ".join(words),
              expect(result, 2, "", "module") or one_line(result))
    for flag in "--tmpdir", "--invoke", "--cacert":
        check("usage %s twice" % flag,
              expect(run(flag, "a", flag, "b", hello), 2, "", flag + ": .*once"))
    for a, b in [("--dir", ".::/d"), ("--dir", "/::/d")], [("--dir", "/tmp"), ("--dir", "/tmp/:ro")], \
            [("--dir", "/::/d/"), ("--tmpdir", "/d")], [("--tmpdir", "/"), ("--dir", "/")]:
        result = run(*a, *b, hello)
        check("usage one name for two directories: %s %s %s %s" % (*a, *b),
              expect(result, 2, "", r"--(dir|tmpdir): the guest's /\S* .*another name$")
              or one_line(result))
    too_long = "File ?name too long"  # in the words of glibc and of musl
    for status, *flag in (1,), (1, "--dir"), (1, "--cacert"), (2, "--trace"), (2, "--fuel"):
        result = run(*flag, "/" + 3000 * "long", *[hello] * len(flag))
        check("the reason is told of a long text, too: " + " ".join(flag),
              expect(result, status, "", r"longlong\w*\.\.\.(: %s|' is not )" % too_long)
              or one_line(result))
    for words in "dump", "completions":
        check("usage %s a b" % words, expect(run(words, hello, "b"), 2, "", "'b'"))
    check("unread flags behind the module's name",
          expect(run(hello, "args", "--nonsense", "-x"), 0,
                 "\n".join([hello, "args", "--nonsense", "-x", ""])))
    check("-- ends the flags", expect(run("--", hello), 0, "hello\n"))
    check("flags with =", expect(run("--env=A=b=c", hello, "env"), 0, "A=b=c\n"))
    check("all limits together",
          expect(run("--max-memory", "16M", "--max-stack", "64K", "--fuel", "100000000",
                     "--timeout", "1m", "--http-timeout", "500ms", "--max-redirects", "3",
                     "--max-response-body", "1G", "--http-limit",
                     "head=1M,fields=9,line=8K,extension=0", "--http-limit", "url=1K",
                     "--no-cookies", "--allow-private-net",
                     "--allow-net", "example.org,*.example.com:*", "--deny-net", "10.0.0.0/8",
                     "--resolve", "example.org:443:127.0.0.1:8443", hello), 0, "hello\n"))


def test_help():
    status, text, err = run("--help")
    flags = re.findall(r"--[a-z-]+", text)
    wrong = [line for line in text.splitlines() if len(line) > 79]
    check("help", expect((status, text, err)) or "too wide: %r" % wrong * bool(wrong))
    check("help goes by groups",
          "no blank line before a title" * (not re.search(r"\n\n[A-Z].*:\n  --", text)))
    missing = {flag for flag, _ in BAD_FLAGS} - set(flags)
    check("help names every flag", " ".join(missing))
    with open("hostel.1") as f:
        page = f.read()
    check("the man page names every flag",
          " ".join(flag for flag in flags if "Fl -" + flag[2:] not in page))
    result = run("--version")
    check("version", expect(result) or (not re.fullmatch(
        r"hostel \d+\.\d+\.\d+\n(Mbed TLS \d+\.[\d.]+|no TLS), llhttp \d+\.\d+\.\d+, "
        r"libpsl (\d.*|none)\n", result[1]))
          * repr(result[1]))
    check("help wins over what follows", expect(run("--help", "--nonsense"), 0, text))
    for words in "-h", "help", "help --nonsense", "dump --help", "check m --help", "run -h m":
        check("help by '%s'" % words, expect(run(*words.split()), 0, text))
    for words in "-V", "version", "check -V":
        check("version by '%s'" % words, expect(run(*words.split()), 0, result[1]))


def test(place):
    test_flags()
    test_help()
