"""--trace code: each cell as it is executed, with its values and its instruction."""
import os
import re
import subprocess

import modules
from harness import ENV, HOSTEL, check, expect, guest, one_line, run

NOTHING = b"\x60\0\0"

TWICE = """\
function 1 "twice" -5
      99 i32.add                1: i32_add_ss t0 r0 = local0=-5, local0=-5 => t0=-10
      9a end                    2: return_i r0=0xfffffff6
"""
SUM = """\
function 2 2
      9f loop                   1: loop_l0 l0 = local0=2, back = 2
      a5 i32.add                2: i32_add_sl_r local1 r0 = local1=0, l0=2 => local1=2
      af br_if                  3: step_i32_ne_i_l_back local0 r0 l0 = l0=2 + -1, 0 back to 2 => local0=1
      a5 i32.add                2: i32_add_sl_r local1 r0 = local1=2, l0=1 => local1=3
      af br_if                  3: step_i32_ne_i_l_back local0 r0 l0 = l0=1 + -1, 0 back to 2 => local0=0
      b4 end                    4: return_s local1=3
"""
# What a call makes of itself when it has been made once is traced, too; so are calls through
# tables, whose first one has to be begun again.
MIXED = """\
function 3 "mixed" 2 4
      b7 global.get             1: global_get t0 r0 = global 0=65536 => t0=0x10000
      bb i32.sub                2: i32_add_ri t0 r0 = r0=65536, -16 => t0=65520
      bc global.set             3: global_set global 0 = t0=65520
      c2 call                   4: const_u32 t1 = 5 => t1=5
      c2 call                   5: first_call function 1 window t1
  function 1 "twice" 5
        99 i32.add                1: i32_add_ss t0 r0 = local0=5, local0=5 => t0=10
        9a end                    2: return_i r0=10
      c4 i32.mul                6: i32_mul_sr t0 r0 = local0=2, r0=10 => t0=20
      ca if                     7: br_i32_ge_s_si local0=2, 3 to 10
      d1 i32.load               8: i32_load_si t1 r0 = [local0=2 + 4 + 8] at 0xe => t1=0
      d4 else                   9: br to 11
      d8 i32.add               11: i32_add_ss t0 r0 = t0=20, t1=0 => t0=20
      db call_indirect         12: const_u32 t1 = 0 => t1=0
      db call_indirect         13: call_indirect table 0 t1=0 (i32) -> (i32) window t0
  function 1 "twice" 20
        99 i32.add                1: i32_add_ss t0 r0 = local0=20, local0=20 => t0=40
        9a end                    2: return_i r0=40
      de local.set             15: move local0 = t0=40 => local0=40
      ee f64.mul               16: f64_mul_si t1 f0 = local1=4, 0.5 => t1=2
      ef f64.store             17: f64_store_w_r [64] = f0=2 at 0x40
      f8 br_table              18: br_table_r r0=40 of 2
     102 end                   23: return_s local0=40
"""
# The cell that traps has written nothing.
FAILS = """\
function 6 2
     123 i32.load               1: i32_load_sw t0 r0 = [local0=2 + 65533] at 0xffff
hostel: trap: out of bounds memory access
    #0 function 6 at 0x123
"""
METERED = """\
function 1 "twice" 1
      94                        1: tick 1
      99 i32.add                2: i32_add_ss t0 r0 = local0=1, local0=1 => t0=2
      9a end                    3: return_i r0=2
"""


def traced(name, *values, options=()):
    """What is traced of a call; `options` may name other functions."""
    return run(*(options or ["--trace", "code"]), "--unknown-imports", "trap", "--invoke", name,
               guest("listing"), *values)


def exact(name, result, status, wanted):
    out = "" if status else None
    check(name, expect((result[0], result[1], ""), status, out) or
          repr(result[2]) * (result[2] != wanted))


def vm_guest(name):
    return os.path.join(os.path.dirname(os.path.dirname(guest("x"))), "vm", name + ".wasm")


def calls(options, name, *values):
    """The headings of the functions that are called, with their depth."""
    result = run(*options, "--unknown-imports", "trap", *values[1:], "--invoke", values[0], vm_guest(name), "2")
    return re.findall(r"^( *function \d+)", result[2], re.M), result


def test_control():
    """Calls of every kind: each is told once, at its depth."""
    found, result = calls(["--trace", "code"], "tail", "down")
    check("trace code: tail calls stay at their depth",
          repr(found) * (found != ["function 1"] * 3) or expect(result[:2] + ("",), 0, "0\n"))
    found, result = calls(["--trace", "code"], "exceptions", "nested")
    check("trace code: an exception goes outward",
          repr(result) * (found != ["function 5", "  function 4", "    function 1"]) or
          repr(result[2]) * (not re.search(r"throw_tag tag 1 from t0\n +137 end", result[2])))
    result = run("--trace", "code", "--unknown-imports", "trap", "--invoke", "told",
                 guest("listing"), "1")
    check("trace code: a call of the host", expect(result, 134, "", "call_import function 0 window t0"
                                                   "\nhostel: trap"))


def test_many(place):
    """A recursion without end, and functions that are called again and again."""
    result = run("--trace", "code", "--max-stack", "64K", write(place, "deep", b"\x10\0"))
    lines = result[2].splitlines()
    check("trace code of a deep recursion",
          "status %d" % result[0] * (result[0] != 134) or
          "%d lines" % len(lines) * (not 2000 < len(lines) < 20000) or
          max(lines, key=len) * (max(map(len, lines)) > 160))
    name = "\x1b[31m" + "n" * 3000
    result = run("--trace", "code", write(place, "evil", b"\x01", modules.names(name)))
    check("trace code escapes names", expect(result[:2] + ("",)) or
          repr(result[2]) * ("\x1b" in result[2] or "\\x1b[31mnnn" not in result[2] or
                             len(result[2]) > 300))


def write(place, name, code, *behind):
    path = os.path.join(place, name + ".wasm")
    data = modules.functions([NOTHING], [code], modules.section(7, [modules.text("_start") + b"\0\0"]))
    with open(path, "wb") as f:
        f.write(data + b"".join(behind))
    return path


def test_leaving(place):
    """Who reads the trace may leave: that ends the guest, without noise."""
    process = subprocess.Popen([HOSTEL, "--trace", "code", write(place, "loop", b"\x03\x40\x0c\0\x0b")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)
    process.stderr.readline()
    process.stderr.close()
    out = process.stdout.read()
    process.stdout.close()
    status = process.wait(timeout=60)
    check("trace code whose reader leaves", "%r, %r" % (status, out) * ((status, out) != (1, b"")))
    with open("/dev/full", "w") as full:
        status = subprocess.run([HOSTEL, "--trace", "code", os.path.join(place, "loop.wasm")], env=ENV,
                                stderr=full, timeout=60).returncode
    check("trace code to a full device", "status %d" % status * (status != 1))


def test(place):
    exact("trace code", traced("twice", "-5"), 0, TWICE)
    exact("trace code of a loop", traced("sum", "2"), 0, SUM)
    exact("trace code of calls and memory", traced("mixed", "2", "4"), 0, MIXED)
    exact("trace code of a trap", traced("fails", "2"), 134, FAILS)
    exact("trace code with a limit", traced("twice", "1", options=["--trace=code", "--fuel=100"]), 0,
          METERED)
    for name in "twice", "1":
        lines = re.findall(r'^function 1 "twice" \d+$', traced("mixed", "2", "4", options=[
            "--trace", "code=" + name])[2], re.M)
        check("trace code=%s" % name, repr(lines) * (lines != ['function 1 "twice" 5',
                                                               'function 1 "twice" 20']))
    for name, why in ("nix", "no function 'nix'"), ("0", "imported"), ("", "no function ''"):
        result = traced("twice", "1", options=["--trace", "code=" + name])
        check("trace code=%s, which is none" % name, expect(result, 2, "", why) or one_line(result))
    result = traced("twice", "1", options=["--trace", "codes"])
    check("trace of codes, which is none", expect(result, 2, "", "'codes' is not") or one_line(result))
    both = run("--trace", "code,wasi", guest("command"), "lines", "1")
    check("trace of code and calls", expect(both[:2] + ("",), 0, "line 0\n") or
          both[2][-300:] * (not re.search(r"call_import function \d+ window t0\nfd_write\(", both[2])))
    test_control()
    test_many(place)
    test_leaving(place)
