"""The temporary directory: where it is made, and that it is gone however hostel ends."""
import ctypes
import os
import re
import signal
import subprocess
import time

from harness import ENV, HOSTEL, SECONDS, check, expect, guest, one_line, run, shell, start


def test_tmpdir(scratch):
    place = os.path.join(scratch, "tmp")
    keep = os.path.join(place, "hostel-keep")
    os.makedirs(keep)
    env = dict(ENV, TMPDIR=place)

    def left():
        return " ".join(set(os.listdir(place)) - {"hostel-keep"})

    for how, status, err in ("", 0, None), ("trap", 134, "unreachable"), ("exit", 3, None):
        result = run("--tmpdir", "/", guest("command"), "fill", *[how] * bool(how), env=env)
        check("tmpdir is removed: " + (how or "end"),
              expect(result, status, "filled\n", err) or left())
    process = subprocess.Popen([HOSTEL, "--tmpdir", "/", guest("command"), "fill", "sleep"],
                               env=env, stdout=subprocess.PIPE, start_new_session=True)
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 20
    while left() and time.monotonic() < deadline:
        time.sleep(0.02)
    check("tmpdir is removed after a SIGKILL to the whole group", left())
    result = run("--tmpdir", "/", "--dir", "/no/such::/x", guest("command"), env=env)
    check("tmpdir is removed after a bad directory", expect(result, 1, "", "such") or left())
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL:
        process = start(place, "--tmpdir", "/", guest("command"), "fill", "sleep")
        filled = process.stdout.readline() == b"filled\n" and left()
        process.send_signal(number)
        process.communicate(timeout=SECONDS)
        for _ in range(SECONDS * 10 if number == signal.SIGKILL else 0):
            if not left():
                break
            time.sleep(0.1)
        check("tmpdir is removed after " + number.name,
              "nothing was there" * (not filled) or left()
              or "status %d" % process.returncode * (process.returncode != -number))


def below(*path):
    """The names of all that is there."""
    top = os.path.join(*path)
    return sorted(os.path.relpath(os.path.join(d, n), top)
                  for d, ds, fs in os.walk(top) for n in ds + fs)


def test_tmpdir_moved(scratch):
    """What a guest does to the directory that its temporary one is in."""
    for how, stays in [("", []), ("link", ["NAME"]), ("directory", ["NAME", "NAME/kept"]),
                       ("deep", ["deep"]), ("remove", []), ("away", [])]:
        ground = os.path.join(scratch, "moved-" + how)
        for name in "parent", "elsewhere", "victim/sub":
            os.makedirs(os.path.join(ground, name))
        with open(os.path.join(ground, "victim/sub/file"), "w"):
            pass
        place = os.path.join(ground, "parent")
        result = run("--dir", place + "::/p", "--dir", os.path.join(ground, "elsewhere::/q"),
                     "--tmpdir", "/t", guest("mover"), how, env=dict(ENV, TMPDIR=place))
        found = [re.sub("hostel-[^/]*", "NAME", name) for name in below(place)]
        empty = below(ground, "elsewhere") == ["moved"] * (how == "away" and result[0] != 0)
        told = "moved is empty, but could not be removed" if result[0] else None
        check("tmpdir is removed, and nothing else: " + (how or "left alone"),
              expect(result, 1 if told and how == "away" else 0, how + "\n", told)
              or repr(found) * (found != stays) or "elsewhere is not empty" * (not empty)
              or "the victim is gone" * (below(ground, "victim") != ["sub", "sub/file"]))


def test_tmpdir_killed(scratch):
    """A kill at any time leaves nothing."""
    place = os.path.join(scratch, "killed")
    os.mkdir(place)
    command = ["--tmpdir", "/", guest("command"), "fill"]
    began = time.monotonic()
    start(place, *command).communicate(timeout=SECONDS)
    span = time.monotonic() - began
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: who is left over becomes our child
    left = []
    for i in range(50):
        process = start(place, *command)
        time.sleep(span * i / 50)
        process.kill()
        process.communicate(timeout=SECONDS)
        try:
            while os.wait():
                pass
        except ChildProcessError:
            pass
        if os.listdir(place):
            left.append("%d/50 of %.1f ms" % (i, span * 1000))
    ctypes.CDLL(None).prctl(36, 0)
    check("tmpdir is removed after a kill at any time", " ".join(left))


def test_tmpdir_places(scratch):
    """One clear line where it cannot be made; nothing stays."""
    place = os.path.join(scratch, "places")
    os.mkdir(place)
    os.symlink(place, os.path.join(scratch, "to-places"))
    for where in place, "places", "to-places", "./places/../to-places/":
        result = run("--tmpdir", "/", guest("command"), "fill", env=dict(ENV, TMPDIR=where),
                     cwd=scratch)
        check("tmpdir in %s" % where.replace(scratch, ""),
              expect(result, 0, "filled\n") or " ".join(os.listdir(place)))
    for where, why in [("/no/such", "No such file"), ("/dev/null", "Not a directory"),
                       ("/" + "x" * 300, "File ?name too long"), ("/" + "x/" * 3000, "too long")]:
        result = run("--tmpdir", "/", guest("command"), env=dict(ENV, TMPDIR=where))
        check("tmpdir cannot be in %.20s" % where, expect(result, 1, "", why) or one_line(result))
    for count in range(4, 16):
        result = shell('ulimit -n %d; "$H" --tmpdir / "$G" fill' % count, TMPDIR=place)
        check("tmpdir with %d descriptors" % count, " ".join(os.listdir(place)) or
              (expect(result, 0, "filled\n") if count == 15 else ""))


def test(place):
    test_tmpdir(place)
    test_tmpdir_moved(place)
    test_tmpdir_killed(place)
    test_tmpdir_places(place)
