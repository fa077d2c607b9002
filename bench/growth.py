"""What things cost in hostel as they grow, per unit: bench/growth.c. What stays the same from column to
column grows in proportion to the work. The power of n by which the whole grows is that between the
first and the last column; one over LIMIT fails: caches that work outgrows cost some tenths, but what
costs the square is a fault.
"""
import math
import subprocess

import engines
import report
from engines import BUILD

MEGABYTES = [1, 10, 100]
LIMIT = 1.4
UNITS = [(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1, "ns")]


def measured():
    """[((what, unit), [(n, nanoseconds, bytes)])]"""
    modules = ["%s/bench/growth.wasm" % BUILD]
    for size in MEGABYTES:
        modules += ["%s/bench/%s-%d.wasm" % (BUILD, kind, size) for kind in ("load", "all")]
    done = subprocess.run(["%s/bench/growth" % BUILD] + modules, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise SystemExit("bench/run: growth: " + engines.last_line(done))
    rows = {}
    for line in done.stdout.decode().splitlines():
        what, unit, n, ns, size = line.split("\t")
        rows.setdefault((what, unit), []).append((int(n), float(ns), float(size)))
    return list(rows.items())


def power(points):
    """p, if the time grows with n to the power of p."""
    (n, first, _), (m, last, _) = points[0], points[-1]
    return math.log(last / first) / math.log(m / n) if first and last else 0


def time(ns):
    scale, unit = next((u for u in UNITS if ns >= u[0]), UNITS[-1])
    return "%.3g %s" % (ns / scale, unit)


def scaled(value, unit):
    for scale, prefix in (1e6, "M"), (1e3, "k"):
        if value >= scale:
            return "%.3g %s%s" % (value / scale, prefix, unit)
    return "%.3g %s" % (value, unit)


def cost_of_one(what, unit, points):
    """The rows of the table: for each size the time of one, and its memory if it takes any."""
    if unit == "byte":
        unit, points = "MB", [(n / 1e6, ns, size) for n, ns, size in points]
    times = ["%s: %s" % (scaled(n, "").replace(" ", ""), time(ns / n)) for n, ns, _ in points]
    lines = [["%s, one %s" % (what, unit)] + times]
    if any(size for _, _, size in points):
        lines.append([""] + [scaled(size / n, "B") for n, _, size in points])
    return lines


def text(rows):
    lines = ["Cost of one as there are more: CPU time, memory that the VM counts", ""]
    for (what, unit), points in rows:
        table = cost_of_one(what, unit, points)
        table[0] += [""] * (5 - len(table[0])) + ["n^%.2f" % power(points)]
        for label, *cells in table:
            lines.append("%-32s" % label + "".join("%16s" % cell for cell in cells))
    return lines


def csv_rows(rows):
    yield ["what", "unit", "n", "ns", "bytes"]
    for (what, unit), points in rows:
        for point in points:
            yield [what, unit, *point]


def run():
    """Whether anything grows by far more than in proportion."""
    rows = measured()
    what = engines.about({"hostel": engines.programs()["hostel"]})
    steep = [name for (name, _), points in rows if power(points) > LIMIT]
    lines = report.heading(what) + text(rows) + ["not in proportion: %s" % n for n in steep]
    data = [{"what": name, "unit": unit, "points": points} for (name, unit), points in rows]
    report.write("growth", lines, {"about": what, "rows": data}, csv_rows(rows), None)
    return bool(steep)
