"""What `make test` refuses."""
import subprocess

from harness import ENV, SECONDS, check, expect


def test(place):
    """A part's name that is none is told before anything is built."""
    p = subprocess.run(["make", "test", "T=bogus"], env=dict(ENV, MAKEFLAGS="", MAKELEVEL="0"),
                       capture_output=True, timeout=SECONDS)
    check("make test T=bogus", expect((p.returncode, p.stdout.decode(), p.stderr.decode()), 2, "",
                                      "T=bogus: .*unit.*demo"))
