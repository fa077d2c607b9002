"""What a test program said: its checks, and whether it came to its end.

A check is one line, in one of these forms or in that of TAP, which cmocka prints:

    ok NAME            not ok NAME - WHY            skip NAME - WHY

What stands before a `not ok`, up to the last check before it, and after it, up to the next one,
belongs to it.
"""
import re

LINE = re.compile(r"(?P<kind>ok|not ok|skip)\b *(?:\d+ *- *)?(?P<name>.*?)(?: +(?:-|#) +(?P<why>.*))?$")
PLAN = re.compile(r"1\.\.(\d+)$")
PASSED, FAILED, SKIPPED = "ok", "not ok", "skip"
NOTHING = "checked nothing"


class Count:
    def __init__(self):
        self.of = {PASSED: 0, FAILED: 0, SKIPPED: 0}

    def add(self, other):
        for kind, number in other.of.items():
            self.of[kind] += number

    def __str__(self):
        text = "%d passed, %d failed" % (self.of[PASSED], self.of[FAILED])
        return text + (", %d skipped" % self.of[SKIPPED] if self.of[SKIPPED] else "")


class Check:
    def __init__(self, kind, name, why):
        self.kind, self.name, self.why = kind, name, why
        self.said = []  # lines before and after

    def lines(self):
        """As it is shown."""
        return ["%s %s%s" % (self.kind, self.name, self.why and " - " + self.why)] + self.said


def parse_check(line, part, program):
    """None for another line. A check has the name PART/PROGRAM/NAME, whether it says so or not: by
    that `make test T=` finds it."""
    match = LINE.match(line)
    if not match:
        return None
    kind, name, why = match["kind"], match["name"], match["why"] or ""
    if why.startswith("SKIP") or name.startswith("# SKIP"):
        kind = SKIPPED  # cmocka 1.1.5 says "not ok 1 # SKIP"
    for before in part + "/", program + "/":
        name = name[len(before):] if name.startswith(before) else name
    return Check(kind, "%s/%s/%s" % (part, program, name.replace(" ", "-")), why)


class Report:
    """The checks of a program. `end` says how it ended, and is empty if it did so well."""

    def __init__(self, output, end, part, program):
        self.checks, self.totals, self.output = [], [], output
        before, planned = [], None
        for line in output.splitlines():
            check = parse_check(line, part, program)
            if check:
                check.said += before if check.kind == FAILED else []
                self.checks.append(check)
                before = []
            elif self.checks and self.checks[-1].kind == FAILED:
                self.checks[-1].said.append(line)
            else:
                before.append(line)
            if PLAN.match(line):
                planned = int(PLAN.match(line)[1])
            if line.startswith("# total"):
                self.totals.append(line)
        self.end = self.wrong_end(end, planned)

    def wrong_end(self, end, planned):
        failed = any(check.kind == FAILED for check in self.checks)
        if end.startswith("ended with status") and failed:
            return ""  # that is how it reports the failures
        if not end and not self.checks:
            return NOTHING
        if not end and planned is not None and len(self.checks) < planned:
            return "ended after %d of %d checks" % (len(self.checks), planned)
        return end
