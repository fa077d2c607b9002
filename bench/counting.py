"""Instructions that hostel takes for short inputs, under callgrind: they do not depend on the
machine's mood. Compared with those of the build in the tree that AGAINST names, counted beside it, or
else with bench/baseline.tsv; over 2 % more fails. UPDATE=1 writes the baseline anew.
"""
import os
import re
import subprocess
import sys
import tempfile

import engines
import own
from engines import first_line, progress

BASELINE = "bench/baseline.tsv"


def instructions(guest, program, expected):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out]
            + engines.command("hostel", program, guest.module, guest.short),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"]})
        printed = done.stdout.decode(errors="replace")
        if done.returncode != 0 or printed != expected:
            sys.exit("%s: printed %r, expected %r" % (guest.name, printed, expected))
        with open(out) as f:
            return int(re.search(r"^(?:summary|totals): (\d+)", f.read(), re.M).group(1))


def read_baseline():
    try:
        with open(BASELINE) as f:
            lines = f.read().splitlines()
    except FileNotFoundError:
        return "", {}
    cells = (line.split("\t") for line in lines if not line.startswith("#"))
    return lines[0][2:], {name: int(count) for name, count in cells}


def write_baseline(here, counts):
    with open(BASELINE, "w") as f:
        f.write("# %s\n" % here)
        for name, n in sorted(counts.items()):
            f.write("%s\t%d\n" % (name, n))


def remark(change, known):
    if not known:
        return "  new"
    if abs(change) <= 0.02:
        return ""
    return "  MORE" if change > 0 else "  less"


def run():
    """Whether any guest takes over 2 % more."""
    program, before = engines.programs()["hostel"], engines.programs().get("before")
    compiler, baseline = read_baseline()
    here = first_line([os.environ.get("CC") or "cc", "--version"])
    if not before and baseline and compiler != here:
        print("The baseline is of another compiler (%s): small changes may be its." % compiler)

    counts, worse = {}, False
    guests = [g for g in own.chosen() if g.name not in own.GENERATED]
    for i, guest in enumerate(guests):
        progress("%d/%d %s" % (i + 1, len(guests), guest.name))
        expected, _ = guest.expected(guest.short)
        counts[guest.name] = n = instructions(guest, program, expected)
        known = baseline.get(guest.name)
        if before:
            known = instructions(guest, before, expected)
        progress("")
        change = n / known - 1 if known else 0
        worse = worse or change > 0.02
        print("%-11s %12d %+7.2f %%%s" % (guest.name, n, 100 * change, remark(change, known)),
              flush=True)

    if os.environ.get("UPDATE"):
        write_baseline(here, {**baseline, **counts})
        return False
    return worse
