"""Which of the forms for pins (vm/fusions/pins.def) real programs execute: `make bench-forms`.

Runs hostel's own guests and the cases of wasmi-benchmarks, if DATA has them, with hostels that
count what they execute (forms.c), up to some number of cells. Prints the forms by the greatest share
that one has of all cells of a program, how many programs execute it, and which has most of it; then,
by row, those that none does. A list of pins.def that a row has for nothing is to be taken from it.
"""
import collections
import os
import subprocess
import sys
import tempfile

import own
import suite
from engines import BUILD, progress


def count(argv, path):
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env={**os.environ, "FORMS": path})
    with open(path) as f:
        lines = [line.rstrip("\n").split("\t") for line in f]
    return {name: int(n) for n, name in lines}


def programs():
    """(name, command line)"""
    for guest in own.chosen():
        if guest.name not in own.GENERATED:
            yield guest.name, [BUILD + "/bench/forms-hostel", guest.module] + guest.full
    for name, how, argument, file, check, _ in suite.cases():
        yield "suite/" + name, [BUILD + "/bench/forms-suite", suite.path_of(name + ".wasm"), how,
                                argument, suite.path_of(file), check, "0"]


def row_of(form):
    """br_i32_lt_u_ls_back: br_i32_lt_u"""
    for suffix in ("_l_back", "_back", "_out", "_r", "_l", "_s", "_i"):
        if form.endswith(suffix):
            form = form[:-len(suffix)]
            break
    return form.rpartition("_")[0]


def main():
    shares, forms = collections.defaultdict(dict), set()
    with tempfile.TemporaryDirectory() as folder:
        for name, argv in programs():
            progress(name)
            counts = count(argv, os.path.join(folder, name.replace("/", "-")))
            cells = counts.pop("all")
            forms.update(counts)
            for form in counts:
                if counts[form]:
                    shares[form][name] = counts[form] / cells
    progress("")
    for form in sorted(shares, key=lambda f: -max(shares[f].values())):
        most = max(shares[form], key=shares[form].get)
        print("%-26s %8.4f %% %4d programs  %s"
              % (form, 100 * shares[form][most], len(shares[form]), most))

    idle = collections.defaultdict(list)
    for form in sorted(forms - set(shares)):
        idle[row_of(form)].append(form)
    print("\n%d forms, %d of them executed; of their rows:" % (len(forms), len(shares)))
    for row, unused in idle.items():
        used = sum(row_of(form) == row for form in shares)
        print("%-18s %2d executed, %2d not" % (row, used, len(unused)))


sys.dont_write_bytecode = True
main()
