"""The engines that are measured, one run of one of them, and what the numbers depend on."""
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("BUILD", "build")
RUNS = int(os.environ.get("RUNS") or 3)
AGAINST = os.environ.get("AGAINST", "")
SECONDS = 120  # for one run of one guest

# How each engine is told to run a module. The stacks are those that the Lisp guest needs.
ENGINES = {
    "hostel": ["{program}", "{module}"],
    "before": ["{program}", "{module}"],
    "wasm3": ["{program}", "--stack-size", "1000000", "{module}"],
    "iwasm": ["{program}", "--stack-size=1000000", "{module}"],
    "wasmi_cli": ["{program}", "{module}"],
    "toywasm": ["{program}", "--wasi", "{module}"],
    "wasmtime": ["{program}", "run", "{module}"],
    "wasmer": ["{program}", "run", "{module}", "--"],
    "node": ["{program}", "--no-warnings", "bench/node.mjs", "{module}"],
}
JITS = ["wasmtime", "wasmer", "node"]


def words(variable):
    return os.environ.get(variable, "").split()


def programs():
    """The programs that are here, by the engine's name; hostel's own first, built or not."""
    found = {"hostel": os.path.join(BUILD, "hostel")}
    if AGAINST:
        found["before"] = os.path.join(AGAINST, "build", "hostel")
    for name in list(ENGINES)[2:]:
        program = os.environ.get(name.upper()) or shutil.which(name)
        if program:
            found[name] = program
    return found


def drivers():
    """The programs that run the suite's cases, by the engine's name: bench/suite."""
    found = {"hostel": ["%s/bench/suite-hostel" % BUILD]}
    for name in (["before"] if AGAINST else []) + words("LIBRARIES"):
        found[name] = ["%s/bench/suite-%s" % (BUILD, name)]
    if "node" in programs():
        found["node"] = [programs()["node"], "bench/suite/node.mjs"]
    return found


def wanted(found, without=()):
    """Of the engines that were found those that PEERS names, or all but some."""
    peers = words("PEERS")
    ours = ["hostel", "before"]
    return {name: program for name, program in found.items()
            if name in ours or (name in peers if peers else name not in without)}


def base_of(found):
    """The engine that all are compared with."""
    base = os.environ.get("BASE") or "wasm3"
    return base if base in found else "hostel"


def command(engine, program, module, args):
    return [part.format(program=program, module=module) for part in ENGINES[engine]] + args


def measure(argv, repeat=1):
    """One run: what it printed, seconds of CPU and of the clock on the wall, peak memory in KiB, and
    what went wrong, if so."""
    run = {"output": "", "cpu": None, "wall": None, "rss": None, "error": None}
    with tempfile.NamedTemporaryFile() as used:
        try:
            done = subprocess.run(["%s/bench/rusage" % BUILD, used.name, str(repeat)] + argv,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return dict(run, error="took over %d s" % SECONDS)
        run["output"] = done.stdout.decode(errors="replace")
        cpu, rss, status, wall = (used.read().split() + [b"0", b"0", b"1", b"0"])[:4]
    if status != b"0":
        return dict(run, error="status %s: %s" % (status.decode(), last_line(done)))
    return dict(run, cpu=float(cpu), wall=float(wall), rss=int(rss))


def last_line(done):
    said = (done.stderr.strip() or done.stdout).decode(errors="replace").strip().splitlines()
    return said[-1] if said else "without a word"


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text)
        sys.stderr.flush()


# ---- what the numbers depend on ----

def first_line(argv):
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10)
        return done.stdout.decode(errors="replace").strip().split("\n")[0]
    except (OSError, subprocess.TimeoutExpired):
        return ""


def processor():
    try:
        with open("/proc/cpuinfo") as f:
            return re.search(r"model name\s*: (.*)", f.read()).group(1)
    except (OSError, AttributeError):
        return platform.processor() or platform.machine()


def settings():
    return " ".join('%s="%s"' % (v, os.environ[v]) for v in ("P", "B", "RUNS", "PEERS")
                    if os.environ.get(v))


def version(argv, name):
    """What an engine says of itself; a driver may not know, then the program of that name may."""
    said = first_line(argv + ["--version"])
    program = programs().get(name)
    return said or (program and first_line([program, "--version"])) or "of unknown version"


def about(found):
    """Lines by name, for the tables; `found` has a program or a command an engine."""
    compiler = os.environ.get("CC") or "cc"
    lines = {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "machine": "%s, %d processors, %s %s" % (processor(), os.cpu_count(), platform.system(),
                                                 platform.release()),
        "load": "%.1f when it began" % os.getloadavg()[0],
        "command": "make bench " + settings(),
        "guests": first_line(["clang", "--version"]) + ", -O2",
        "flags": os.environ.get("BENCH_FLAGS", ""),
    }
    for name, program in found.items():
        argv = program[:1] if isinstance(program, list) else [program]
        lines[name] = version(argv, name)
    lines["hostel"] += ", " + first_line([compiler, "--version"])
    return lines
