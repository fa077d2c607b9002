"""wasmi-benchmarks, the field's own suite: its modules, inputs, parameters and expected results lie
in DATA/wasmi-benchmarks, as does what others publish of themselves.

As in the suite, only calls of `run` are timed, many in one process, after loading and translating. A
driver does that (bench/suite), one program an engine. In each of RUNS rounds every engine's driver
runs one after the other; what counts is the least time of all calls, and only if every driver got the
result that the suite expects. CoreMark yields a score instead, the more the better: its ratio is that
of the times. Neither it nor fibonacci-tail is in the mean, as in what is published.
"""
import os
import subprocess

import chart
import engines
import report
from engines import RUNS, progress

MILLISECONDS = os.environ.get("MILLISECONDS") or "400"  # that a driver calls, after half of it
MAKERS = ["AMD", "Intel", "Apple"]  # of the processors in published.tsv, in its order
SECONDS = 300  # for one run of a driver; CoreMark takes 20 of CPU time
UNCOUNTED = ["fibonacci-tail", "coremark"]
NO_SCORE = "no score: where a machine is slow by turns, CoreMark may end before its time"
PLACE = os.path.join(os.environ.get("DATA", "../shared/data"), "wasmi-benchmarks")


def here():
    return os.path.exists(os.path.join(PLACE, "cases.tsv"))


def rows_of(path):
    with open(os.path.join(PLACE, path)) as f:
        lines = [line.rstrip("\n").split("\t") for line in f]
    return [line for line in lines if not line[0].startswith("#")]


def cases():
    """(name, how, argument, input, check, expected)"""
    wanted = engines.words("B")
    return [[column.strip() for column in row] for row in rows_of("cases.tsv")
            if row[0] in (wanted or row[0])] if here() else []


def published():
    """Ratios to wasm3 that others publish: by case, the means by engine, and on which processor: that
    of our processor's maker if there is one, or else AMD's."""
    heading, *rows = rows_of("published.tsv")
    maker = next((m for m in MAKERS if m in engines.processor()), "AMD")
    column = 1 + MAKERS.index(maker)
    by_case, by_engine = {}, {}
    for row in rows:
        what, _, engine = row[0].partition(" ")
        if what == "geomean":
            by_engine[engine or "silverfir-nano"] = float(row[column])
        elif not engine:
            by_case[what] = float(row[column])
    return by_case, by_engine, heading[column].partition("@")[2]


def published_if(base):
    return published() if base == "wasm3" else ({}, {}, "")


# ---- measuring ----

def path_of(file):
    return "-" if file == "-" else os.path.join(PLACE, file)


def expects(case, printed):
    """What is wrong with the result, or None."""
    name, _, _, _, _, expected = case
    if expected in ("-", ""):
        return None
    if expected.endswith(".txt"):
        with open(path_of(expected), "rb") as f:
            right = f.read().hex() == printed
    elif "." in expected:
        right = float(printed) == float(expected)
    else:
        right = int(printed) == int(expected, 0)
    return None if right else "%s: got %.40s, expected %.40s" % (name, printed, expected)


def measure(driver, case):
    """Seconds of every call, or what went wrong."""
    name, how, argument, file, check, _ = case
    argv = driver + [path_of(name + ".wasm"), how, argument, path_of(file), check, MILLISECONDS]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return [], "took over %d s" % SECONDS
    if done.returncode != 0:
        return [], engines.last_line(done)
    lines = done.stdout.decode().split("\n")
    if how == "score":
        score = float(lines[0])
        return ([1 / score], None) if score else ([], NO_SCORE)
    wrong = expects(case, lines[1])
    return [int(n) / 1e9 for n in lines[0].split()], wrong


def measure_case(case, found, place):
    """Of every engine the least time of each round, or its error."""
    samples = {name: {"times": [], "error": None} for name in found}
    for n in range(RUNS):
        for name, sample in samples.items():
            if sample["error"]:
                continue
            progress("%s %s, round %d of %d, %s" % (place, case[0], n + 1, RUNS, name))
            times, sample["error"] = measure(found[name], case)
            if sample["error"] == NO_SCORE:
                times, sample["error"] = measure(found[name], case)
            if not sample["error"]:
                sample["times"].append(min(times))
    return samples


def summarize(case, samples, base):
    row = {"case": case[0], "score": case[1] == "score", "engines": {}}
    reference = samples.get(base, {"error": "not there"})
    reference = None if reference["error"] else reference["times"]
    for name, sample in samples.items():
        cell = dict(sample)
        if not sample["error"]:
            cell.update(report.cell_of(sample["times"], reference))
        row["engines"][name] = cell
    return row


# ---- the tables ----

def ratios_of(row):
    return {name: cell["ratio"] for name, cell in row["engines"].items() if "ratio" in cell}


def shown(row, name):
    cell = row["engines"][name]
    if cell["error"]:
        return "%20s" % "failed"
    if row["score"]:
        ratio = "%6.2f" % cell["ratio"] if "ratio" in cell else ""
        return "%20s" % ("%.0f%s" % (1 / cell["least"], ratio))
    return report.shown(cell)


def mean_line(label, mean, names):
    cells = ["%.3f" % mean[name] if name in mean else "" for name in names]
    return "%-19s" % label + "".join("%20s" % cell for cell in cells)


def text(rows, names, base, mean, count):
    by_case, by_engine, processor = published_if(base)
    lines = ["wasmi-benchmarks: CPU seconds of one call of run, least of %d rounds;" % RUNS,
             "how far the rounds' median lies above; ratio to %s" % base, "",
             "%-19s" % "case" + "".join("%20s" % name for name in names)
             + ("%20s" % "published" if by_case else "")]
    for row in rows:
        line = "%-19s" % row["case"] + "".join(shown(row, name) for name in names)
        if row["case"] in by_case:
            line += "%20.3f" % by_case[row["case"]]
        lines.append(line)
    if mean:
        lines += [mean_line("mean", mean, names), "(geometric, of %d cases)" % count]
    if by_engine and not engines.words("B"):
        lines += ["", "published by others, ratio to their wasm3, on %s (the column is the first):"
                  % processor, ", ".join("%s %.3f" % pair for pair in by_engine.items())]
    if "node" in names:
        lines.append("(node's time is that of the clock on the wall: it compiles meanwhile)")
    if any(row["score"] for row in rows):
        lines.append("(coremark: its score, the more the better, and the ratio of the times)")
    return lines + report.failures(rows, "case")


def csv_rows(rows):
    yield ["case", "engine", "least_s", "spread", "ratio", "error"]
    for row in rows:
        for name, c in row["engines"].items():
            yield [row["case"], name, c.get("least", ""), c.get("spread", ""),
                   c.get("ratio", ""), c["error"] or ""]


def draw(rows, mean, found, base, what):
    by_case, by_engine, processor = published_if(base)
    lines = [(row["case"], ratios_of(row)) for row in rows if "hostel" in ratios_of(row)]
    lines = sorted(lines, key=lambda line: line[1]["hostel"])
    marks = {case: {"silverfir-nano": ratio} for case, ratio in by_case.items()}
    if mean:
        lines.append(("mean", mean))
        marks["mean"] = {} if engines.words("B") else by_engine
    notes = [what["machine"], "%s, %s" % (what["date"], what["hostel"])]
    notes += ["hollow: published by others, on another machine (%s)" % processor] if by_case else []
    names = [name for name in found if name not in engines.JITS]
    return chart.ratios(lines, names, base, notes, marks)


def run():
    """Whether hostel failed."""
    found = engines.wanted(engines.drivers(), without=engines.JITS)
    base, what, rows = engines.base_of(found), engines.about(found), []
    chosen = cases()
    for i, case in enumerate(chosen):
        samples = measure_case(case, found, "%d/%d" % (i + 1, len(chosen)))
        rows.append(summarize(case, samples, base))
    progress("")
    counted = [ratios_of(row) for row in rows if row["case"] not in UNCOUNTED]
    mean, count = report.means(counted, list(found))
    lines = report.heading(what) + text(rows, list(found), base, mean, count)
    report.write("suite", lines,
                 {"about": what, "base": base, "runs": RUNS, "means": mean, "cases": rows,
                  "published": published()},
                 csv_rows(rows), draw(rows, mean, found, base, what))
    return any(row["engines"]["hostel"]["error"] for row in rows)
