"""The programs of a part that is written in Python: which of them `tests/PART/run` runs.

    tests/PART/run [NAME...]      those, or all
    tests/PART/run --list         their names
"""
import fnmatch
import os
import sys


def run(programs):
    """`programs` are functions, by name."""
    if sys.argv[1:] == ["--list"]:
        print("\n".join(programs))
        return
    for name in sys.argv[1:] or programs:
        programs[name]()


def wanted(name):
    """Whether a check of that name counts: what costs much need not be done for others. ONLY is
    PART/PROGRAM/NAME."""
    return fnmatch.fnmatch(name, os.environ.get("ONLY", "*").split("/", 2)[-1])
