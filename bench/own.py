"""hostel's own guests beside other engines.

Every guest of bench/guests exists twice in BUILD/bench: as a module and, from the same source, as a
native program. An engine's time counts only if the guest printed on it, every time, what the native
one printed. In each of RUNS rounds all engines run one after the other, so that what disturbs the
machine disturbs all of them. Time is the CPU time of the process, user and system.
"""
import os
import re
import subprocess
import sys

import chart
import engines
import report
from engines import BUILD, RUNS, measure, progress

# These measure the host more than the engine, and do not count for the mean.
HOST = ["hello", "load", "load_all", "wasi_calls", "grow"]
GENERATED = ["load", "load_all"]


class Guest:
    def __init__(self, name):
        self.name = name
        self.module = "%s/bench/%s.wasm" % (BUILD, name)
        self.native = self.module[:-len(".wasm")]
        self.full, self.short, self.repeat = [], [], 1
        if name in GENERATED:
            return
        with open("bench/guests/%s.c" % name) as f:
            text = f.read()
        # a comment's next line begins with an asterisk
        sizes = re.search(r"sizes:[\s*]+(\d+)[\s*]+(\d+)", text)
        self.full, self.short = ([n] for n in sizes.groups())
        repeat = re.search(r"repeat:[\s*]+(\d+)", text)
        self.repeat = int(repeat.group(1)) if repeat else 1

    def expected(self, args):
        """What the native program prints, and how it ran; the generator says it for its modules."""
        if self.name in GENERATED:
            with open(self.native + ".txt") as f:
                return f.read(), None
        run = measure([self.native] + args, self.repeat)
        if run["error"]:
            sys.exit("%s: the native program: %s" % (self.name, run["error"]))
        return run["output"], run


def names():
    written = sorted(f[:-2] for f in os.listdir("bench/guests") if f.endswith(".c"))
    return written + GENERATED


def chosen():
    wanted = engines.words("B")
    return [Guest(name) for name in names() if name in (wanted or names())]


def measure_guest(guest, found, place):
    """The samples of every engine, in rounds; an engine that failed once is not run again."""
    expected, native = guest.expected(guest.full)
    samples = {name: {"cpu": [], "rss": 0, "error": None} for name in found}
    if native:
        samples["native"] = {"cpu": [native["cpu"]], "rss": native["rss"], "error": None}
    for n in range(RUNS):
        for name, sample in samples.items():
            if sample["error"] or (name == "native" and n == 0):
                continue
            progress("%s %s, round %d of %d, %s" % (place, guest.name, n + 1, RUNS, name))
            argv = [guest.native] + guest.full
            if name != "native":
                argv = engines.command(name, found[name], guest.module, guest.full)
            take(sample, measure(argv, guest.repeat), expected)
    return samples


def take(sample, run, expected):
    sample["error"] = run["error"]
    if not run["error"] and run["output"] != expected:
        sample["error"] = "printed %.40r, expected %.40r" % (run["output"], expected)
    if not sample["error"]:
        sample["cpu"].append(run["cpu"])
        sample["rss"] = max(sample["rss"], run["rss"])


def summarize(guest, samples, base):
    """A row of the tables: for each engine its times, ratio and memory, or its error."""
    row = {"guest": guest.name, "counts": guest.name not in HOST, "engines": {}}
    reference = samples.get(base, {"error": "not there"})
    reference = None if reference["error"] else reference["cpu"]
    for name, sample in samples.items():
        cell = dict(sample)
        if not sample["error"]:
            cell.update(report.cell_of(sample["cpu"], reference))
        row["engines"][name] = cell
    return row


def table(rows, columns):
    """Text: each engine's time with its spread and ratio."""
    lines = ["%-11s" % "guest" + "".join("%20s" % n for n in columns)]
    for row in rows:
        line = "%-11s" % row["guest"]
        for name in columns:
            cell = row["engines"].get(name)
            if cell and not cell["error"]:
                line += report.shown(cell)
            else:
                line += "%20s" % ("failed" if cell else "-")
        lines.append(line)
    return lines


def memory_table(rows, columns):
    lines = []
    for row in rows:
        cells = [row["engines"].get(name) for name in columns]
        kib = [str(c["rss"]) if c and not c["error"] else "-" for c in cells]
        lines.append("%-11s" % row["guest"] + "".join("%20s" % k for k in kib))
    return lines


def text(rows, columns, base, mean, count):
    lines = ["CPU seconds, least of %d; how far the median lies above; ratio to %s"
             % (RUNS, base), ""]
    lines += table([r for r in rows if r["counts"]], columns)
    if mean:
        lines += ["%-11s" % "mean" + "".join("%20s" % ("%.3f" % mean[n]) for n in columns),
                  "(geometric, of %d guests)" % count]
    host = [r for r in rows if not r["counts"]]
    if host:
        lines += ["", "The host's part", ""] + table(host, columns)
    large = [r for r in rows if r["guest"] in ("hello", "load", "load_all")]
    if large:
        lines += ["", "Peak memory, KiB", ""] + memory_table(large, columns)
    return lines + report.failures(rows, "guest")


def csv_rows(rows):
    yield ["guest", "engine", "least_s", "spread", "ratio", "peak_kib", "error"]
    for row in rows:
        for name, c in row["engines"].items():
            yield [row["guest"], name, c.get("least", ""), c.get("spread", ""),
                   c.get("ratio", ""), c["rss"], c["error"] or ""]


def embedding():
    """What bench/embed.c has to say."""
    modules = ["%s/bench/%s.wasm" % (BUILD, name) for name in GENERATED]
    done = subprocess.run(["%s/bench/embed" % BUILD] + modules,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode(errors="replace").splitlines()


def run():
    """Whether hostel failed."""
    found = engines.wanted(engines.programs(), without=engines.JITS)
    base, what, rows = engines.base_of(found), engines.about(found), []
    guests = chosen()
    for i, guest in enumerate(guests):
        samples = measure_guest(guest, found, "%d/%d" % (i + 1, len(guests)))
        rows.append(summarize(guest, samples, base))
    progress("")

    columns = list(found) + ["native"]
    ratios = [{n: c["ratio"] for n, c in r["engines"].items() if "ratio" in c}
              for r in rows if r["counts"]]
    mean, count = report.means(ratios, columns)
    lines = report.heading(what) + text(rows, columns, base, mean, count)
    if any(guest.name in GENERATED for guest in guests):
        lines += ["", "hostel as a library", ""] + embedding()
    report.write("results", lines,
                 {"about": what, "base": base, "runs": RUNS, "means": mean, "guests": rows},
                 csv_rows(rows), draw(rows, mean, found, base, what))
    return any(r["engines"]["hostel"]["error"] for r in rows)


def draw(rows, mean, found, base, what):
    lines = [(r["guest"], {n: c["ratio"] for n, c in r["engines"].items() if "ratio" in c})
             for r in rows if r["counts"]]
    lines = sorted((line for line in lines if "hostel" in line[1]),
                   key=lambda line: line[1]["hostel"])
    lines += [("mean", mean)] if mean else []
    notes = [what["machine"], "%s, %s" % (what["date"], what["hostel"])]
    return chart.ratios(lines, list(found), base, notes)
