"""What is called of a module, with which arguments, environment and directories."""
import os

from harness import GUESTS, check, expect, guest, one_line, run


def test(place):
    words = [guest("command"), "args", "a", "", "c d"]
    check("args[0] is the module", expect(run(*words), 0, "\n".join(words) + "\n"))
    check("env is given", expect(run("--env", "A=1", "--env", "B=", guest("command"), "env"), 0,
                                 "A=1\nB=\n"))
    check("of an env given twice the last counts",
          expect(run("--env", "A=1", "--env", "AB=2", "--env", "A=", guest("command"), "env"), 0,
                 "A=\nAB=2\n"))
    check("env is not inherited", expect(run(guest("command"), "env"), 0, ""))
    check("stdin is the guest's", expect(run(guest("command"), "cat", stdin=b"a\nb"), 0, "a\nb"))
    check("stderr is the guest's", expect(run(guest("command"), "stderr"), 0, "", "^to stderr\n$"))
    for status in 0, 1, 2, 42, 134, 255:
        said = r"^hostel: the guest exited with status %d$" % status if status > 125 else None
        check("exit %d" % status, expect(run(guest("command"), "exit", status), status, "", said))
    check("_initialize comes first",
          expect(run("--invoke", "state", guest("reactor")), 0, "constructed\n1\n"))
    check("_initialize only once",
          expect(run("--invoke", "_initialize", guest("reactor")), 0, "constructed\n"))
    check("an invoked function exits",
          expect(run("--invoke", "leave", guest("reactor"), "7"), 7, "constructed\n"))
    check("the demo's story in order",
          expect(run("--invoke", "run_demo", "--dir", GUESTS + "::/g:ro", "--tmpdir", "/",
                     guest("reactor")), 0,
                 "[host] granted %s as /g, read only\n[host] granted a temporary directory as /\n"
                 "constructed\n[guest] one\n[guest] two\n[host] done\n" % GUESTS))
    check("nobody else's story", expect(run("--tmpdir", "/", guest("command")), 0, "hello\n"))
    result = run(guest("reactor"))
    check("no _start", expect(result, 2, "", r"_start.*: _initialize, state, run_demo, leave; "
                                         r"call one with --invoke NAME$")
          or one_line(result))
    result = run("--invoke", "missing", guest("values"))
    check("no such export", expect(result, 2, "", "--invoke missing.*i32, i64, f32")
          or one_line(result))
    for name in "memory", "global":
        check("invoke a " + name, expect(run("--invoke", name, guest("values")), 2, "", name))
    result = run(guest("many_exports"))
    check("exports beyond number", expect(result, 2, "", r"f\\x1b\[2Jg, f02.*f19, f20, \.\.\.; call")
          or one_line(result))
    result = run(guest("wasm64"))
    check("a guest with 64-bit pointers",
          expect(result, 1, "", "incompatible import type .*fd_write") or one_line(result))
    result = run(guest("start_typed"))
    check("_start with a parameter", expect(result, 1, "", "_start must have neither")
          or one_line(result))
    with open(os.path.join(place, "note"), "w") as f:
        f.write("noted")
    for place, name in (place, place), (place + "::/d", "/d"), (place + "::d:ro", "d"):
        check("dir " + place[len(place):],
              expect(run("--dir", place, guest("command"), "read", name + "/note"), 0, "noted"))
    check("nothing without dir",
          expect(run(guest("command"), "read", place + "/note"), 1, "", "note"))
    check("dir for reading only",
          expect(run("--dir", place + "::d:ro", guest("command"), "write", "d/note"), 1, "",
                 "note"))
    check("dir that is missing", expect(run("--dir", "/no/such", guest("command")), 1, "",
                                        "/no/such"))
