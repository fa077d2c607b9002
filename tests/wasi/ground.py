"""What the tests of this folder share: how a check is reported, and the ground they stand on."""
import os
import re
import shutil
import subprocess
import tempfile

import choose

HOSTEL = os.path.abspath(os.environ["HOSTEL"])
BUILD = os.path.abspath(os.environ["BUILD"])
CALL = os.path.join(BUILD, "guests", "wasi", "call.wasm")
SECONDS = 60  # after which a program counts as hung

failures = []


def check(name, wrong):
    """`wrong` says what is wrong, or is empty."""
    failures.extend([name] * bool(wrong))
    print("not ok %s - %s" % (name, " ".join(wrong.split())) if wrong else "ok " + name, flush=True)


class Ground:
    """base, which is granted; outside, which must stay as it is; ro, granted for reading."""

    def __init__(self, within=None):
        self.top = tempfile.mkdtemp(dir=within)
        for name in "base", "outside", "ro":
            os.mkdir(self.at(name))
        self.write("outside/secret", "secret")
        self.before = self.snapshot("outside")

    def at(self, name):
        return os.path.join(self.top, name)

    def write(self, name, text=""):
        with open(self.at(name), "w") as file:
            file.write(text)

    def read(self, name):
        with open(self.at(name)) as file:
            return file.read()

    def snapshot(self, name):
        """All that a guest could change in a directory: names, contents, modes, times."""
        found = []
        for folder, names, files in os.walk(self.at(name)):
            for path in [folder] + [os.path.join(folder, n) for n in sorted(names + files)]:
                s = os.lstat(path)
                text = open(path).read() if os.path.isfile(path) and s.st_size < 1000 else ""
                found.append((path, s.st_mode, s.st_size, s.st_mtime_ns, s.st_nlink, text))
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top)

    def command(self, *calls, options=(), dirs=("base::/",)):
        granted = [word for d in dirs for word in ("--dir", self.at(d))]
        return [HOSTEL, *granted, *options, CALL, *calls]

    def run(self, *calls, options=(), dirs=("base::/",), **more):
        """The guest's answers, a line each; what went wrong is appended as another line."""
        if "input" not in more:
            more.setdefault("stdin", subprocess.DEVNULL)
        if "stdout" not in more:
            more["stdout"] = subprocess.PIPE
        self.status, self.stderr = None, ""
        try:
            p = subprocess.run(self.command(*calls, options=options, dirs=dirs), timeout=SECONDS,
                               stderr=subprocess.PIPE, **more)
        except subprocess.TimeoutExpired:
            return ["hangs"]
        self.stderr = p.stderr.decode(errors="replace")
        self.status = p.returncode
        lines = (p.stdout or b"").decode(errors="replace").splitlines()
        return lines + (["status %d: %s" % (p.returncode, self.stderr)] if p.returncode else [])


def compare(got, expected):
    """What is wrong with the answers: each expectation is a regular expression of a whole line."""
    for i, pattern in enumerate(expected):
        if i >= len(got) or not re.fullmatch(pattern, got[i]):
            return "answer %d is %r, not %r" % (i, got[i] if i < len(got) else None, pattern)
    return "" if len(got) == len(expected) else "more answers: %r" % got[len(expected):]


def calls(name, prepare, *pairs, dirs=("base::/",), after=None, within=None, **more):
    """One test: pairs of a call and the pattern of its answer; `after` returns what is wrong."""
    if not choose.wanted(name):
        return
    with Ground(within) as ground:
        if prepare:
            prepare(ground)
        ro = ground.snapshot("ro")
        got = ground.run(*[p[0] for p in pairs], dirs=dirs, **more)
        wrong = compare(got, [p[1] for p in pairs])
        if ground.snapshot("outside") != ground.before:
            wrong = wrong or "the outside was changed"
        if ground.snapshot("ro") != ro:
            wrong = wrong or "the read-only directory was changed"
        if after:
            wrong = wrong or after(ground) or ""
        check("wasi/" + name, wrong)
