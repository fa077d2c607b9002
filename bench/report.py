"""What the tables of all parts have in common: minima and ratios, their means, the files."""
import csv
import json
import math
import statistics

import engines


def cell_of(seconds, base_seconds=None):
    """Of the times of one engine: the least, how far the median lies above it, and the ratio."""
    least = min(seconds)
    cell = {"least": least, "spread": statistics.median(seconds) / (least or 1) - 1}
    if base_seconds:
        cell["ratio"] = least / min(base_seconds)
    return cell


def means(rows, names):
    """For each engine the geometric mean of its ratios, over the rows that all engines have, and how
    many these are. A row is a ratio by engine."""
    counted = [row for row in rows if all(name in row for name in names)]
    if not counted:
        return {}, 0
    return {name: math.exp(statistics.fmean(math.log(row[name]) for row in counted))
            for name in names}, len(counted)


def seconds(value):
    if value < 0.01:
        return "%.0f us" % (1e6 * value)
    return "%.4f" % value if value < 0.1 else "%.3f" % value


def shown(cell):
    """20 columns: seconds, spread, ratio."""
    ratio = "%6.2f" % cell["ratio"] if "ratio" in cell else ""
    return "%20s" % ("%s%3.0f%%%s" % (seconds(cell["least"]), 100 * cell["spread"], ratio))


def failures(rows, key):
    """A line for each run that failed; `key` is what a row calls its program."""
    cells = [(r[key], n, c["error"]) for r in rows for n, c in r["engines"].items()]
    return ["%s on %s: %s" % cell for cell in cells if cell[2]]


def heading(lines_about):
    return ["%-8s %s" % (name + ":", line) for name, line in lines_about.items()] + [""]


def write(stem, lines, data, table, svg):
    """The files of one part, in BUILD/bench; and its text on standard output."""
    print("\n".join(lines) + "\n", flush=True)
    path = "%s/bench/%s" % (engines.BUILD, stem)
    with open(path + ".txt", "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(path + ".json", "w") as f:
        json.dump(data, f, indent=1)
    with open(path + ".csv", "w", newline="") as f:
        csv.writer(f).writerows(table)
    if svg:
        with open(path + ".svg", "w") as f:
            f.write(svg)
