#!/usr/bin/env python3
"""Listings in documents and comments, which are what a command prints now.

    BUILD=build HOSTEL=build/hostel tests/guide/listings.py [--write] [FILE...]

Prints a line a check, and with --write puts into the files what the commands print. Without FILE it
is all documents and sources of the project. A listing in Markdown is a block behind a mark:

    <!-- run: hostel dump build/guide/add.wasm -->
    ```
    what it prints
    ```

One in a comment is in the comment, with the same characters before each of its lines, and ends
where these end, or before blank lines behind which there is no more of it. Its command is hostel,
alone or behind pipes:

     * 4 bytes each:
     *
     *     $ hostel dump build/guide/add.wasm
     *     what it prints
     *
     * and so on.

What the compiler decides is marked `run with gcc 12 on x86-64:`, and elsewhere left as it is.

A command is run by sh in the project's root, where `hostel` is $HOSTEL; both its outputs count. Its
path build/ is $BUILD. What another test checks is marked as such: <!-- run by tests/demo/run -->.
"""
import functools
import os
import re
import subprocess
import sys

BUILD = os.environ.get("BUILD", "build")
HOSTEL = os.path.abspath(os.environ.get("HOSTEL", BUILD + "/hostel"))
SECONDS = 60

MARK = re.compile(r"<!-- run(?P<only> with gcc 12 on x86-64)?: (?P<command>.*?) -->$")
FENCE = re.compile(r"(?P<before> *)```")
IN_COMMENT = re.compile(r"(?P<before>[ \t]*[*;#/]*[ \t]+)\$ (?P<command>(.* \| )?hostel .*)$")


class Listing:
    """The lines from `first` up to `end` of a file are what `command` prints, each with `before`
    before it."""

    def __init__(self, command, before, first, end):
        self.command, self.before, self.first, self.end = command, before, first, end

    def of(self, lines):
        return [line[len(self.before):] for line in lines[self.first:self.end]]

    def replaced(self, lines, printed):
        made = [(self.before + line).rstrip() for line in printed]
        return lines[:self.first] + made + lines[self.end:]


@functools.lru_cache(maxsize=None)
def is_gcc_12():
    """Whether hostel is compiled as some listings are: by make's compiler, or CC."""
    compiler = os.environ.get("CC", "cc")
    p = subprocess.run([compiler, "-dM", "-E", "-x", "c", "/dev/null"], stdout=subprocess.PIPE, text=True)
    macros = p.stdout.splitlines()
    wanted = ("#define __GNUC__ 12", "#define __x86_64__ 1", "#define __GNUC_MINOR__ 2")
    return all(macro in macros for macro in wanted)


# ---- finding them ----

def in_markdown(lines):
    found = []
    for i, line in enumerate(lines):
        mark = MARK.search(line)
        if mark and mark["only"] and not is_gcc_12():
            continue
        fence = FENCE.match(lines[i + 1]) if mark and i + 1 < len(lines) else None
        if fence:
            found.append(Listing(mark["command"], fence["before"], i + 2, end_of_block(lines, i + 2)))
        elif mark:
            found.append(Listing(mark["command"], "", i, i))
    return found


def end_of_block(lines, first):
    end = first
    while end < len(lines) and not FENCE.match(lines[end]):
        end += 1
    return end


def in_comments(lines):
    found = []
    for i, line in enumerate(lines):
        match = IN_COMMENT.match(line)
        if match:
            end = end_of_indented(lines, i + 1, match["before"])
            found.append(Listing(match["command"], match["before"], i + 1, end))
    return found


def end_of_indented(lines, first, before):
    """Blank lines within do not end it."""
    end = first
    for i in range(first, len(lines)):
        inside = lines[i].startswith(before) and not IN_COMMENT.match(lines[i])
        if inside:
            end = i + 1
        elif lines[i] != before.rstrip():
            break
    return end


def block(path, mark):
    """The lines of the block behind another mark, <!-- MARK -->, or None."""
    with open(path) as file:
        lines = file.read().splitlines()
    for i, line in enumerate(lines):
        if "<!-- %s -->" % mark in line:
            return lines[i + 2:end_of_block(lines, i + 2)]
    return None


def listings(path, lines):
    return in_markdown(lines) if path.endswith(".md") else in_comments(lines)


# ---- comparing ----

def printed_by(command, tree=None):
    """Its lines; the path of what was built is build/ again. `tree`: another one, with its build/."""
    build = os.path.join(tree, "build") if tree else BUILD
    program = os.path.join(build, "hostel") if tree else HOSTEL
    env = dict(os.environ, PATH=os.path.dirname(program) + ":" + os.environ["PATH"], LC_ALL="C")
    command = re.sub(r"(?<![\w/.])build/", build + "/", command)
    p = subprocess.run(["sh", "-c", command], cwd=tree, env=env, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
    text = p.stdout.decode(errors="replace").replace(build + "/", "build/")
    if p.returncode in (126, 127):
        sys.exit("listings: %s: %s" % (command, text.strip()))
    return [line.rstrip() for line in text.rstrip().splitlines()]


def difference(shown, printed):
    """The first line that is another one."""
    for i in range(max(len(shown), len(printed))):
        ours = shown[i] if i < len(shown) else None
        theirs = printed[i] if i < len(printed) else None
        if ours != theirs:
            return "line %d should be %r, and %r is printed" % (i + 1, ours, theirs)
    return ""


def work_on(path, write):
    """Whether all listings of a file are right, or made so."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    lines = text.splitlines()
    wrong = False
    for listing in reversed(listings(path, lines)):
        printed = printed_by(listing.command)
        name = "%s:%d" % (path, listing.first)
        why = difference(listing.of(lines), printed)
        if write:
            lines = listing.replaced(lines, printed)
            print("%s %s" % ("wrote" if why else "right", name))
        else:
            print("not ok %s - %s" % (name, why) if why else "ok " + name, flush=True)
            wrong = wrong or bool(why)
    written = "\n".join(lines) + "\n"
    if write and written != text:
        with open(path, "w", encoding="utf-8") as file:
            file.write(written)
    return not wrong


SOURCES = (".md", ".c", ".h", ".def", ".wat")


def all_files():
    """Of the project, but for what was made."""
    found = []
    for folder, folders, files in os.walk("."):
        made = [name for name in folders if name.startswith((".", "build"))]
        folders[:] = sorted(set(folders) - set(made))
        found += [os.path.relpath(os.path.join(folder, name)) for name in sorted(files)
                  if name.endswith(SOURCES)]
    return found


def main(arguments):
    write = arguments[:1] == ["--write"]
    files = arguments[write:] or all_files()
    return all([work_on(path, write) for path in files])


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
