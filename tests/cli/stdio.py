"""Standard input, output and error: closed, full, left by their readers, shared by guest and host."""
import os
import re
import signal
import subprocess

from harness import ENV, HOSTEL, SECONDS, check, expect, guest, one_line, run, shell, start


def first_line(*args):
    """Read one line of hostel's output, then close the pipe; returns the status."""
    process = start("/tmp", *args)
    line = process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    return line, process.wait(timeout=SECONDS), err.decode()


def test_stdio(scratch):
    for closed in "<&-", ">&-", "2>&-", "<&- >&- 2>&-":
        place = os.path.join(scratch, "file")
        result = shell('"$H" --dir . "$G" write file ' + closed, cwd=scratch)
        content = ""
        if os.path.exists(place):
            with open(place) as f:
                content = f.read()
            os.remove(place)
        check("no file lands on a closed descriptor: " + closed,
              "status %d" % result[0] * (result[0] != 0) or
              repr(content) * (content != "in the file\n"))
    check("closed stdout, result lost", expect(shell('"$H" --invoke i32 "$V" 1 >&-'), 0, ""))
    for what, words in ("help", "--help"), ("a result", '--invoke i32 "$V" 1'):
        result = shell('"$H" %s >/dev/full' % words)
        check("full stdout: " + what, expect(result, 1, "", "standard output") or one_line(result))
    line, status, err = first_line(guest("command"), "lines", "1000000")
    check("a guest whose reader leaves sees EPIPE",
          "" if (line, status) == (b"line 0\n", 32) else repr((line, status, err)))
    line, status, err = first_line("dump", guest("command"))
    check("a dump whose reader leaves ends like any other program",
          "" if (status, err) == (-signal.SIGPIPE, "") else repr((line, status, err)))


def test_lines(scratch):
    """What the host says stands on lines of its own, although the guest has not ended its line."""
    module = guest("half_lines")
    host = "[host] GET http://a.test/\n"
    story = "half\n" + host + host + "half\n" + host

    def both(*words):
        """With one pipe for stdout and stderr."""
        p = subprocess.run([HOSTEL, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENV,
                           timeout=SECONDS)
        return p.returncode, p.stdout.decode(), ""

    check("[host] on lines of its own",
          expect(run("--invoke", "run_demo", module), 0, story + host + "half\n[host] done\n", "^half$"))
    check("[host] on lines of its own, stderr being stdout",
          expect(both("--invoke", "run_demo", module), 0,
                 story + "half\n" + host + "half\n[host] done\n"))
    path = os.path.join(scratch, "both")
    with open(path, "w") as f:
        subprocess.run([HOSTEL, "--invoke", "run_demo", module], stdout=f, stderr=f, env=ENV)
    with open(path) as f:
        said = f.read()
    check("[host] on lines of its own in a file",
          repr(said) * (said != story + "half\n" + host + "half\n[host] done\n"))
    check("a result on a line of its own", expect(run("--invoke", "answer", module), 0, "half\n42\n"))
    for result in run("--invoke", "trap", module), both("--invoke", "trap", module):
        check("a trap on a line of its own",
              expect(result[:2] + ("",), 134, result[1]) or
              repr(result) * (not re.search("(?m)^half\nhostel: trap", result[1] + result[2])))
    traced = both("--trace", "wasi", "--invoke", "answer", module)
    check("a trace on lines of its own", expect(traced, 0, None) or
          repr(traced) * (not re.search("(?m)^half\nfd_write\\(", traced[1])))
    traced = both("--trace", "http", "--invoke", "run_demo", "--allow-net", "a.test", "--resolve",
                  "a.test:80:127.0.0.1:9", module)
    check("a trace of HTTP on lines of its own",
          repr(traced) * (re.search("half[^\n]", traced[1]) is not None or "* end" not in traced[1]))


def test(place):
    test_stdio(place)
    test_lines(place)
