"""What a user waits for: whole runs, with the start of the program, loading and translating, beside
engines that compile (JITs), for runs of all lengths.

A JIT takes long to start and then runs fast; an interpreter is the other way round. So every guest
is run with ever more to do, and the question is how long a run may be for hostel to be done first.
Time is that of the clock on the wall, for a JIT may compile on another processor meanwhile; the least
of RUNS rounds.
"""
import math

import chart
import engines
import own
import report
from engines import RUNS, measure, progress

# Guests whose work grows in proportion to their argument, of what differs most.
GUESTS = ["base64", "crc32", "json", "nbody", "regex", "sha256"]
SHARES = [0.002, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]  # of the size that own.py gives them
OTHERS = ["hello", "load", "load_all"]
TIMES_SLOWER = 3  # once hostel takes that much longer than all, there is nothing more to see


def sizes(guest):
    full = int(guest.full[0])
    return sorted({max(1, round(share * full)) for share in SHARES})


def chosen():
    return [guest for guest in own.chosen() if guest.name in GUESTS + OTHERS]


def found_jits():
    every = engines.programs()
    named = [n for n in engines.words("PEERS") if n in engines.JITS]
    return {name: every[name] for name in ["hostel"] + (named or engines.JITS) if name in every}


def measure_size(guest, args, found):
    """The least seconds of every engine: {"wall": {engine: seconds}, "cpu": {...}}."""
    expected, _ = guest.expected(args)
    least = {"wall": {}, "cpu": {}}
    for _ in range(RUNS):
        for name, program in found.items():
            run = measure(engines.command(name, program, guest.module, args))
            if run["error"] or run["output"] != expected:
                raise SystemExit("bench/run: %s %s on %s: %s" % (
                    guest.name, " ".join(args), name, run["error"] or run["output"]))
            for clock, times in least.items():
                times[name] = min(run[clock], times.get(name, math.inf))
    return least


def curve(guest, found, place):
    """[(size, least seconds)], as far as it is of interest."""
    points = []
    for size in sizes(guest):
        progress("%s %s %d" % (place, guest.name, size))
        least = measure_size(guest, [str(size)], found)
        points.append((size, least))
        slowest = max(s for name, s in least["wall"].items() if name != "hostel")
        if least["wall"]["hostel"] > TIMES_SLOWER * slowest:
            break
    return points


def crossing(points, jit, clock):
    """How long hostel takes for the run for which the JIT takes as long, on a line between the
    logarithms of the points around it; or None if it is ahead to the end, 0 if never."""
    before = None
    for _, least in points:
        hostel = least[clock]["hostel"]
        ahead, here = math.log(least[clock][jit] / hostel), math.log(hostel)
        if ahead < 0:
            if before is None:
                return 0
            share = before[0] / (before[0] - ahead)
            return math.exp(before[1] + share * (here - before[1]))
        before = (ahead, here)
    return None


def shown_crossing(seconds):
    if seconds is None:
        return "any time"
    return "up to %.0f ms" % (1000 * seconds) if seconds else "no time"


# ---- the table ----

def milliseconds(least, names):
    return "".join("%12.1f" % (1000 * least["wall"][name]) for name in names)


def text(curves, others, names):
    lines = ["Whole runs, start and translation among it: milliseconds on the wall, least of %d"
             % RUNS, "", "%-24s" % "guest, size" + "".join("%12s" % n for n in names)]
    for guest, points in curves.items():
        lines += ["%-24s" % ("%s %d" % (guest, size)) + milliseconds(least, names)
                  for size, least in points]
    lines += ["%-24s" % name + milliseconds(least, names) for name, least in others.items()]
    for jit in names[1:]:
        lines += ["", "hostel is ahead of %s for runs that take hostel" % jit,
                  "%-12s%20s%20s" % ("", "on the wall", "of CPU time")]
        for guest, points in curves.items():
            ends = [shown_crossing(crossing(points, jit, clock)) for clock in ("wall", "cpu")]
            lines.append("%-12s%20s%20s" % (guest, *ends))
    return lines


def csv_rows(curves, others):
    yield ["guest", "size", "engine", "least_wall_s", "least_cpu_s"]
    every = [(guest, size, least) for guest, points in curves.items() for size, least in points]
    for guest, size, least in every + [(name, "", least) for name, least in others.items()]:
        for name, seconds in least["wall"].items():
            yield [guest, size, name, seconds, least["cpu"][name]]


def lines_of(curves):
    """What the chart shows: a line a guest."""
    return [[least["wall"] for _, least in points] for points in curves.values()]


def run():
    found = found_jits()
    wanted = [g for g in chosen() if g.name in GUESTS]
    curves = {g.name: curve(g, found, "%d/%d" % (i + 1, len(wanted)))
              for i, g in enumerate(wanted)}
    others = {g.name: measure_size(g, g.full, found) for g in chosen() if g.name in OTHERS}
    progress("")
    what, names = engines.about(found), list(found)
    notes = [what["machine"], "%s, %s" % (what["date"], what["hostel"])]
    report.write("whole", report.heading(what) + text(curves, others, names),
                 {"about": what, "runs": RUNS, "curves": curves, "others": others},
                 csv_rows(curves, others), chart.whole_runs(lines_of(curves), names, notes))
    return False
