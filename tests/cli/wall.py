"""What the second wall must let through."""
import ctypes
import os
import subprocess
import sys

from harness import ENV, GUESTS, SECONDS, check, run


def walled():
    """Is there one? The wrapper of the sanitized build goes without."""
    version = ctypes.CDLL(None).syscall(444, None, 0, 1)  # landlock_create_ruleset
    return version >= 2 and not ENV["BUILD"].rstrip("/").endswith("/san")


def test(place):
    """Requests where /etc consists of links that lead out of it: see links.py."""
    apart = ["unshare", "-mn", "--propagation", "private"]
    try:
        possible = subprocess.run([*apart, "true"], capture_output=True).returncode == 0
    except OSError:
        possible = False
    if not possible:
        print("skip cli/links - no namespaces of mounts and networks to be had")
        return
    if "no TLS" in run("--version")[1]:
        print("skip cli/links - what reads certificates is not in this program")
        return
    place = os.path.join(place, "links")
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "links.py")
    asking = os.path.join(os.path.dirname(GUESTS), "abi", "ask.wasm")
    p = subprocess.run([*apart, sys.executable, program, place], capture_output=True,
                       env=dict(ENV, GUEST=asking, WALLED="%d" % walled()), timeout=SECONDS)
    lines = p.stdout.decode(errors="replace").splitlines()
    for line in lines:
        name, _, wrong = line.partition("\t")
        check("links: " + name, wrong)
    check("links", "%d of 5 cases, %r" % (len(lines), p.stderr[-300:]) * (len(lines) != 5))
