"""Guests by other C libraries: the system's wasi-libc, and a newer one where it can be had.

The newer one comes with a clang that is itself compiled to WASI, and so is run by hostel: the npm
package named below, which is installed beneath BUILD if npm is there and finds it. What it compiled
is kept there. Compiling takes a few seconds once, 75 MB of module, and some 130 MB of memory.
"""
import contextlib
import fcntl
import os
import shutil
import subprocess
import tarfile

from ground import BUILD, HOSTEL, SECONDS, Ground, check

PACKAGE = "@yowasp/clang"
VERSION = "22.0.0-git20542-10"

TOP = os.path.dirname(BUILD) if os.path.basename(BUILD) == "san" else BUILD
PLACE = os.path.join(TOP, "toolchain")
CLANG = os.path.join(PLACE, "node_modules", PACKAGE, "gen", "llvm.core.wasm")
RESOURCES = os.path.join(os.path.dirname(CLANG), "llvm-resources.tar")
SOURCE = os.path.join("tests", "guests", "wasi", "libc.c")

RULES = {
    "list": "202 entries, ., .., 0 to 99, 0 odd\nbehind the tenth all, again as many, left 192\n",
    "vectors": "read 12 and 6: abcdef\nwritten 6 and 6: 0123<<-->>abc<<-->>, 19, at 0\n",
    "slash": "/link/: dir, open ok, readlink Invalid argument\n"
             "/link: other, open Symbolic link loop, readlink ok\n"
             "/dangling/: No such file or directory, open No such file or directory, "
             "readlink No such file or directory\n"
             "/file/: Not a directory, open Not a directory, readlink Not a directory\n"
             "unlink link/ Not a directory, rmdir link/ Not a directory\n"
             "mkdir new/ ok, rename to moved/ ok, rmdir ok\n",
    "remove": "made 1240, removed 1240, and the last ok\n",
    "readonly": "read ok\n" + "".join(way + " Read-only file system\n" for way in (
        "both", "write", "append", "truncate", "create", "in a directory")) +
                "make Read-only file system, unlink Read-only file system\n",
}


def run_program(library, guest):
    for what, expected in RULES.items():
        with Ground() as ground:
            ground.write("ro/file", "text")
            os.mkdir(ground.at("ro/dir"))
            ground.write("ro/dir/file", "text")
            command = [HOSTEL, "--dir", ground.at("base") + "::/",
                       "--dir", ground.at("ro") + "::/r:ro", guest, what]
            p = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS,
                               stdin=subprocess.DEVNULL)
            check("wasi/%s-%s" % (library, what),
                  "" if p.stdout == expected else "%r %r, not %r" % (p.stdout, p.stderr, expected))
    with open("/dev/null", "r+b") as null:
        p = subprocess.run([HOSTEL, guest, "streams"], stdin=null, stdout=null, text=True,
                           stderr=subprocess.PIPE, timeout=SECONDS)
        check("wasi/%s-streams" % library, "" if p.stderr == "0 0 0\n" else p.stderr)


# ---- the newer one ----

def install():
    """Why it cannot be had; empty if it can."""
    if os.path.exists(CLANG):
        return ""
    if not shutil.which("npm"):
        return "npm is not there to install %s" % PACKAGE
    command = ["npm", "install", "--prefix", PLACE, "--no-save", "--ignore-scripts", "--no-audit",
               "--no-fund", "--fetch-retries=0", "%s@%s" % (PACKAGE, VERSION)]
    try:
        subprocess.run(command, capture_output=True, timeout=2 * SECONDS)
    except subprocess.TimeoutExpired:
        pass
    return "" if os.path.exists(CLANG) else "npm does not find %s" % PACKAGE


def unpack():
    """Its headers and libraries, as its /usr."""
    usr, fresh = os.path.join(PLACE, "usr"), os.path.join(PLACE, "usr.new")
    if os.path.isdir(usr):
        return usr
    shutil.rmtree(fresh, ignore_errors=True)
    with tarfile.open(RESOURCES) as tar:
        tar.extractall(fresh)
    os.rename(fresh, usr)
    return usr


def run_clang(*words):
    """What is wrong. The tools cannot start each other, so each is called by itself."""
    dirs = PLACE + "/usr::/usr:ro", PLACE + "::/out", os.path.dirname(SOURCE) + "::/in:ro"
    granted = [word for d in dirs for word in ("--dir", d)]
    try:
        p = subprocess.run([os.path.join(TOP, "hostel"), *granted, CLANG, *words], text=True,
                           capture_output=True, stdin=subprocess.DEVNULL, timeout=5 * SECONDS)
    except subprocess.TimeoutExpired:
        return "hangs"
    return "status %d: %s" % (p.returncode, p.stderr[-500:]) if p.returncode else ""


def build(guest):
    """Compile and link, unless that was done since the source or the program changed."""
    if os.path.exists(guest) and os.path.getmtime(guest) > os.path.getmtime(SOURCE):
        return True
    triple, library = "wasm32-unknown-wasip1", "/usr/lib/wasm32-wasip1"
    unpack()
    wrong = run_clang("clang", "-cc1", "-triple", triple, "-O1", "-emit-obj", "-resource-dir",
                      "/usr", "-internal-isystem", "/usr/include", "-internal-isystem",
                      "/usr/include/wasm32-wasip1", "-o", "/out/libc.o", "/in/libc.c")
    check("wasi/a-toolchain-compiles", wrong)
    wrong = wrong or run_clang("wasm-ld", "-L" + library, library + "/crt1-command.o",
                               "/out/libc.o", "-lc",
                               "/usr/lib/%s/libclang_rt.builtins.a" % triple, "-o", "/out/libc.wasm")
    check("wasi/a-toolchain-links", wrong)
    return not wrong


@contextlib.contextmanager
def one_at_a_time():
    """Both builds' tests share what is installed and compiled."""
    os.makedirs(PLACE, exist_ok=True)
    with open(os.path.join(PLACE, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def toolchains():
    run_program("wasi-libc", os.path.join(BUILD, "guests", "wasi", "libc.wasm"))
    with one_at_a_time():
        newer_toolchain()


def newer_toolchain():
    missing = install()
    if missing:
        print("skip wasi/newer-libc - " + missing)
        return
    guest = os.path.join(PLACE, "libc.wasm")
    if build(guest):
        run_program("newer-libc", guest)
