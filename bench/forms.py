"""Which operations real programs execute one after the other: `make bench-forms`.

Runs hostel's own guests, the cases of wasmi-benchmarks, if DATA has them, and the modules that MODULES
names, with hostels that count what they execute (forms.c), up to some number of cells. Each program
counts as much as any other. Prints

    pins    the forms for pins (vm/fusions/pins.def) by the greatest share that one has of all cells of
            a program, how many programs execute it, and which has most of it; and by row how many are
            executed by none: a list that a row has for nothing is to be taken from it
    pairs   those of vm/fusions/pairs.def, by the share of the cells of all programs, or 0
    more    what is executed as often, and is no pair
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

import own
import suite
from engines import BUILD, progress

MORE = 150

# What a handler cannot do before another, or behind it: it goes elsewhere, or becomes another.
ALONE = re.compile("call|return|throw|trap_|table_[rs]$|tick|^br$|^br_back$|^loop|count")


def count(argv, path):
    """By three operations: how many cells."""
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env={**os.environ, "FORMS": path})
    with open(path) as f:
        lines = [line.rstrip("\n").split("\t") for line in f]
    return {tuple(ops): int(n) for n, *ops in lines}


def programs():
    """(name, command line)"""
    for guest in own.chosen():
        if guest.name not in own.GENERATED:
            yield guest.name, [BUILD + "/bench/forms-hostel", guest.module] + guest.full
    for name, how, argument, file, check, _ in suite.cases():
        yield "suite/" + name, [BUILD + "/bench/forms-suite", suite.path_of(name + ".wasm"), how,
                                argument, suite.path_of(file), check, "0"]
    for module in os.environ.get("MODULES", "").split():
        yield os.path.basename(module), [BUILD + "/bench/forms-hostel", module]


def row_of(form):
    """br_i32_lt_u_ls_back: br_i32_lt_u"""
    for suffix in ("_l_back", "_back", "_out", "_r", "_l", "_s", "_i"):
        if form.endswith(suffix):
            form = form[:-len(suffix)]
            break
    return form.rpartition("_")[0]


def print_pins(forms, shares):
    """Both by operation; of a share also by program."""
    executed = [form for form in forms if shares.get(form)]
    for form in sorted(executed, key=lambda f: -max(shares[f].values())):
        most = max(shares[form], key=shares[form].get)
        print("%-26s %8.4f %% %4d programs  %s"
              % (form, 100 * shares[form][most], len(shares[form]), most))
    idle = collections.Counter(row_of(form) for form in set(forms) - set(executed))
    print("\n%d forms, %d of them executed; of their rows:" % (len(forms), len(executed)))
    for row in sorted(idle):
        used = sum(row_of(form) == row for form in executed)
        print("%-18s %2d executed, %2d not" % (row, used, idle[row]))


def pairs_there():
    """Each as its operations."""
    with open("vm/fusions/pairs.def") as f:
        found = re.findall(r"^ +PAIR\((\w+), (\w+)\)", f.read(), re.M)
    return [tuple("__".join(pair).split("__")) for pair in found]


def print_pairs(runs):
    """The mean share of a program's cells, by operations that follow each other."""
    there = pairs_there()
    for run in sorted(there, key=lambda run: -runs[run]):
        print("%-60s %7.4f %%" % (" ".join(run), 100 * runs[run]))
    print()
    more = [run for run in runs if run not in there and len(run) > 1
            and not any(ALONE.search(op) for op in run)]
    for run in sorted(more, key=lambda run: -runs[run])[:MORE]:
        print("%-60s %7.4f %%  more" % (" ".join(run), 100 * runs[run]))


def main():
    shares, runs = collections.defaultdict(dict), collections.Counter()
    forms, all_programs = set(), list(programs())
    with tempfile.TemporaryDirectory() as folder:
        for name, argv in all_programs:
            progress(name)
            counts = count(argv, os.path.join(folder, name.replace("/", "-")))
            cells = sum(counts.values())
            for ops, n in counts.items():
                if n == 0:
                    forms.add(ops[2])
                    continue
                shares[ops[2]][name] = shares[ops[2]].get(name, 0) + n / cells
                for size in (2, 3):
                    if "-" not in ops[-size:]:
                        runs[ops[-size:]] += n / cells / len(all_programs)
    progress("")
    print_pins(forms, shares)
    print()
    print_pairs(runs)


sys.dont_write_bytecode = True
main()
