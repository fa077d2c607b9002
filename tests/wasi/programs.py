"""Real programs (tests/guests/wasi/work.c), the streams they are given, and the second wall.

With LONG=1 in the environment the copy is of 256 MiB and says how its time compares to cp's; no
check is about time.
"""
import ctypes
import filecmp
import os
import pty
import resource
import select
import subprocess
import time

from ground import BUILD, CALL, HOSTEL, SECONDS, Ground, check, compare

WORK = os.path.join(BUILD, "guests", "wasi", "work.wasm")
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # spares the disk
LONG = "LONG" in os.environ


def work(ground, *words):
    return [HOSTEL, "--dir", ground.at("base") + "::/", WORK, *words]


def run(ground, *words, **more):
    """Status, standard output and standard error."""
    more.setdefault("stdout", subprocess.PIPE)
    more.setdefault("stderr", subprocess.PIPE)
    if "input" not in more:
        more.setdefault("stdin", subprocess.DEVNULL)
    try:
        p = subprocess.run(work(ground, *words), timeout=SECONDS, **more)
    except subprocess.TimeoutExpired:
        return "hangs", b"", b""
    return p.returncode, p.stdout, p.stderr


def says(name, got, *expected):
    check("wasi/" + name, "" if got == expected else "%.300r, not %.300r" % (got, expected))


# ---- files ----

def copy():
    with Ground() as ground:
        with open(ground.at("base/in"), "wb") as file:
            for place in range(4 if not LONG else 16):
                file.seek(place << 24)
                file.write(os.urandom(1 << 20))
            file.truncate((place + 1 << 24) + 12345)
        before = time.monotonic()
        status = run(ground, "copy")[0]
        middle = time.monotonic()
        wrong = "status %s" % status if status else ""
        if not wrong and not filecmp.cmp(ground.at("base/in"), ground.at("base/out"), False):
            wrong = "the copy differs"
        if LONG:
            os.unlink(ground.at("base/out"))
            start = time.monotonic()
            subprocess.run(["cp", "--sparse=never", ground.at("base/in"), ground.at("base/out")])
            cp = time.monotonic() - start
            print("# 256 MiB: %.2f s, cp %.2f s: %.1f times" %
                  (middle - before, cp, (middle - before) / cp))
        check("wasi/a-large-file-is-copied", wrong)


def programs():
    with Ground(MEMORY) as ground:
        says("a-tree-of-10000-files", run(ground, "tree", "10000"),
             0, b"listed 10000\nrenamed 10000\ndeleted 10000\n", b"")
        check("wasi/nothing-is-left-of-it", "".join(os.listdir(ground.at("base"))))
    with Ground() as ground:
        says("a-file-larger-than-4-GiB", run(ground, "sparse"),
             0, b"size 5368709127\nhead tail more\n", b"")
        size = os.stat(ground.at("base/big"))
        check("wasi/which-is-sparse", "%d blocks" % size.st_blocks * (size.st_blocks > 1000) +
              "%d bytes" % size.st_size * (size.st_size != 5368709123))
    copy()
    with Ground() as ground:
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))
        says("a-file-that-may-not-grow", run(ground, "grow", preexec_fn=limit),
             0, b"File too large\n", b"")


# ---- streams ----

def polling(ground):
    """Standard input says nothing for a while, then a byte, then that it is over."""
    p = subprocess.Popen(work(ground, "poll"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lines = [p.stdout.readline()]
    os.write(p.stdin.fileno(), b"x")
    lines.append(p.stdout.readline())
    p.stdin.close()
    lines.append(p.stdout.readline())
    p.stdout.close()
    says("poll-waits-for-standard-input", (p.wait(SECONDS), *lines),
         0, b"ready 0, too early 0\n", b"ready 1, in 1, read 1 x\n", b"ready 1, in 1, read 0 -\n")


def terminal(ground):
    """A conversation over a pseudo-terminal, which itself echoes what it is told."""
    ours, theirs = pty.openpty()
    p = subprocess.Popen(work(ground, "tty"), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said, until = b"", time.monotonic() + SECONDS
    for told, answer in (b"", b"1 1 1\r\n"), (b"hello\n", b"hello\r\n" * 2), (b"\4", b"end\r\n"):
        os.write(ours, told)
        heard = b""
        while answer not in heard and select.select([ours], [], [], until - time.monotonic())[0]:
            heard += os.read(ours, 1000)
        said += heard
    says("a-conversation-over-a-terminal", (p.wait(SECONDS), said),
         0, b"1 1 1\r\n" + b"hello\r\n" * 2 + b"end\r\n")
    os.close(ours)


def head(ground):
    """hostel ... | head -1"""
    p = subprocess.Popen(work(ground, "lines", "10000000"), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    line = p.stdout.readline()
    p.stdout.close()
    error = p.stderr.read()
    p.stderr.close()
    says("a-reader-that-leaves", (p.wait(SECONDS), line, error),
         3, b"line 0\n", b"at a line: Broken pipe\n")


def closed(ground):
    """Started without standard output, the guest must not find a file of its own in its place."""
    command = [HOSTEL, "--dir", ground.at("base") + "::/", CALL, "-e", "open 3 file creat write",
               "write 1 text", "open 3 file read", "read 5 9"]
    for which in "0", "1", "0 1":
        shut = " ".join("%s>&-" % n for n in which.split())
        p = subprocess.run(["sh", "-c", '"$@" ' + shut, "sh", *command],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        got = p.stderr.decode().splitlines()
        check("wasi/started-without-%s" % which.replace(" ", "-and-"),
              compare(got, ["SUCCESS fd=4", "SUCCESS 4|BADF", "SUCCESS fd=5", 'SUCCESS 0 ""']))


def terminals_and_pipes():
    data = bytes(range(256)) * 999 + os.urandom(1 << 20)
    with Ground() as ground:
        polling(ground)
        terminal(ground)
        head(ground)
        closed(ground)
        says("bytes-pass-pipes-unchanged", run(ground, "echo", input=data), 0, data, b"")
        with open(ground.at("in"), "wb") as file:
            file.write(data)
        with open(ground.at("in"), "rb") as file, open(ground.at("out"), "wb") as out:
            says("bytes-pass-files-unchanged", run(ground, "echo", stdin=file, stdout=out),
                 0, None, b"")
        with open(ground.at("out"), "rb") as file:
            check("wasi/all-of-them", "the file differs" * (file.read() != data))
        numbers = b"".join(b"%d\n" % i for i in range(2000))
        says("two-streams-keep-their-order", run(ground, "turns", "2000", stderr=subprocess.STDOUT),
             0, numbers, None)
        with open("/dev/full", "wb") as full:
            says("a-full-device-is-a-programs-error", run(ground, "lines", "1", stdout=full),
                 4, None, b"at a line: No space left on device\n")


# ---- the second wall ----

def confined(*options):
    """Does a running guest's process stand behind it? What can be seen from outside is that such a
    process cannot gain privileges. The program itself, not what the tests may have put before it."""
    with Ground() as ground:
        p = subprocess.Popen([BUILD + "/hostel", "--dir", ground.at("base") + "::/", *options,
                              CALL, "clock 0", "sleep 100000"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        p.stdout.readline()  # it runs
        with open("/proc/%d/status" % p.pid) as status:
            found = "NoNewPrivs:\t1\n" in status.read()
        p.kill()
        p.wait()
        p.stdout.close()
        return found


def second_wall():
    version = ctypes.CDLL(None).syscall(444, None, 0, 1)  # landlock_create_ruleset
    if version < 2:
        print("skip wasi/second-wall - this kernel has no Landlock, or too old a one")
        return
    check("wasi/guests-run-behind-the-second-wall", "" if confined() else "they do not")
    check("wasi/no-landlock-goes-without", "it does not" if confined("--no-landlock") else "")
