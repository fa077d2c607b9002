"""What the tests of this folder share: checks, and how hostel is run.

The environment has HOSTEL (the program under test) and BUILD (whose guests/cli holds the guests).
"""
import os
import re
import shutil
import subprocess

HOSTEL = os.path.abspath(os.environ["HOSTEL"])
GUESTS = os.path.join(os.path.abspath(os.environ["BUILD"]), "guests", "cli")
SECONDS = 60  # after which a program counts as hung
CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--virtual-time-budget=20000", "--dump-dom"]
CRASH = 99    # what the sanitizers exit with
ENV = dict(os.environ)
for variable in "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS":
    ENV[variable] = ":".join(filter(None, [ENV.get(variable), "exitcode=%d" % CRASH]))

failures = 0


def check(name, wrong):
    """`wrong` says what is wrong, or is empty."""
    global failures
    if wrong:
        failures += 1
        print("not ok cli/%s - %s" % (name, " ".join(wrong.split())[:600]), flush=True)
    else:
        print("ok cli/" + name, flush=True)


def guest(name):
    return os.path.join(GUESTS, name + ".wasm")


def run(*args, stdin=b"", env=ENV, **more):
    """Run hostel; returns status, stdout and stderr."""
    p = subprocess.run([HOSTEL, *map(str, args)], input=stdin, capture_output=True, env=env,
                       timeout=SECONDS, **more)
    return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")


def expect(result, status=0, out=None, err=None):
    """What is wrong with a result: `out` is the whole of stdout, `err` a pattern of stderr."""
    wrong = []
    if result[0] != status:
        wrong.append("status %d, not %d" % (result[0], status))
    if out is not None and result[1] != out:
        wrong.append("stdout %r, not %r" % (result[1], out))
    if err is None and result[2]:
        wrong.append("stderr %r" % result[2])
    if err is not None and not re.search(err, result[2]):
        wrong.append("stderr %r lacks %r" % (result[2], err))
    return "; ".join(wrong) and "%s (stderr %r)" % ("; ".join(wrong), result[2][-300:])


def one_line(result):
    """What is wrong if a failure was not told in one line."""
    if re.fullmatch(r"hostel: [^\n]+\n", result[2]):
        return ""
    return "not one line: %r" % result[2]


def shell(command, cwd=None, **variables):
    """Run a shell command in which $H is hostel and $G the guest `command`."""
    p = subprocess.run(["sh", "-c", command], capture_output=True, timeout=SECONDS, cwd=cwd,
                       env=dict(ENV, H=HOSTEL, G=guest("command"), V=guest("values"), **variables))
    return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")


def start(scratch, *args):
    return subprocess.Popen([HOSTEL, *args], env=dict(ENV, TMPDIR=scratch),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def in_browser(name, place, page):
    """What a page is in Chromium when its scripts have run; None, with a word, if there is none or
    it does not start."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        print("skip cli/%s in a browser - there is no Chromium" % name)
        return None
    try:
        p = subprocess.run([chromium, *CHROMIUM, "--user-data-dir=" + os.path.join(place, "chromium"),
                            "file://" + page], capture_output=True, timeout=200)
    except subprocess.TimeoutExpired:
        p = None
    if not p or p.returncode or not p.stdout:
        print("skip cli/%s in a browser - Chromium does not start here" % name)
        return None
    return p.stdout.decode(errors="replace")
