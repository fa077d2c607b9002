"""--record and replay: what the guest was answered is answered again, and nothing else is needed."""
import os
import re
import signal
import stat
import struct
import subprocess
import time
import zlib

from harness import CRASH, GUESTS, HOSTEL, check, expect, guest, one_line, run

MAGIC = b"\0run\1\0\0\0"
NOTE, MODULE, IMPORT, CALL, FAIL, OPEN, AGAIN, CLOSE, ABORT, REPEAT, _, END = range(1, 13)
ALL = b"time\nrandom\nrepeat\nenv\nerror\nfile\ntime\n"


def leb(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def records(data):
    """Kinds and payloads; a checksum that is wrong is an error."""
    at, check_sum = len(MAGIC), 0
    while at < len(data):
        begin, size, shift = at, 0, 0
        while True:
            at += 1
            size |= (data[at] & 0x7F) << shift
            shift += 7
            if data[at] < 0x80:
                break
        at += 1
        check_sum = zlib.crc32(data[begin:at + size], check_sum)
        assert struct.unpack_from("<I", data, at + size)[0] == check_sum, "checksum at %d" % begin
        yield data[begin], data[at:at + size]
        at += size + 4


def recording(records):
    """The bytes of such records."""
    out, check_sum = MAGIC, 0
    for kind, payload in records:
        record = bytes([kind]) + leb(len(payload)) + payload
        check_sum = zlib.crc32(record, check_sum)
        out += record + struct.pack("<I", check_sum)
    return out


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def same(name, recorded, replayed):
    check(name, "" if recorded == replayed else "recorded %r, replayed %r" % (recorded, replayed))


class Place:
    def __init__(self, place):
        self.place = place
        self.file = os.path.join(place, "recording")
        os.mkdir(os.path.join(place, "granted"))
        self.number = 0

    def record(self, stdin, *words, options=(), name="recorded"):
        granted = os.path.join(self.place, "granted") + "::/"
        return run("--record", self.file, "--dir", granted, *options, guest(name), *words, stdin=stdin)

    def again(self, *options):
        """Replayed where there is nothing: no input, no files."""
        return run("replay", *options, self.file, guest("recorded"), cwd="/")


def answers(p):
    write(os.path.join(p.place, "granted", "file"), b"as it was")
    recorded = p.record(ALL, "one", "two", options=["--env", "SECRET=s3cret"])
    os.unlink(os.path.join(p.place, "granted", "file"))
    check("a run that is recorded", expect(recorded, 3, None, "to standard error$"))
    same("a recording replayed", recorded, p.again())
    same("a recording replayed, traced",
         recorded[:2], run("replay", "--trace", "code=twice", p.file, guest("recorded"))[:2])
    mode = stat.S_IMODE(os.stat(p.file).st_mode)
    check("a recording is its owner's", "" if mode == 0o600 else "mode %o" % mode)
    kinds = [kind for kind, _ in records(read(p.file))]
    check("checksums of a recording are zlib's", "" if kinds[-1] == END else repr(kinds[-9:]))
    check("calls that repeat take no room", "" if len(read(p.file)) < 20000 else "%d bytes" % len(read(p.file)))
    again = p.again()
    same("a recording replayed twice", recorded, again)
    for options in ["--fuel", "100000000"], ["--timeout", "60"]:
        same("a recording replayed with " + options[0], recorded, p.again(*options))
    profile = os.path.join(p.place, "profile.folded")
    same("a recording replayed, profiled", recorded[:2], p.again("--profile", profile)[:2])
    check("a profile of a replay", "" if b"twice" in read(profile) else "%.300r" % read(profile))
    coverage = os.path.join(p.place, "coverage.info")
    same("a recording replayed, with its coverage", recorded[:2], p.again("--coverage", coverage)[:2])
    check("the coverage of a replay", "" if b"recorded.c" in read(coverage) else "%.300r" % read(coverage))
    result = p.again("--fuel", "100")
    check("a recording replayed with less fuel", expect(result, 134, None, "all fuel consumed"))


def size(p):
    """Never larger than what was read and 32 bytes a call."""
    content = os.urandom(200)
    write(os.path.join(p.place, "granted", "file"), content)
    p.record(b"file\n" * 1000)
    head = sum(len(payload) + 16 for kind, payload in records(read(p.file)) if kind in (NOTE, IMPORT, END))
    calls = sum(kind == CALL for kind, _ in records(read(p.file)))
    most = head + 1000 * (5 + 200 + 24 * 3 + 4 * 3) + 32 * calls
    check("the size of a recording", "" if len(read(p.file)) < most else
          "%d bytes, at most %d for %d calls" % (len(read(p.file)), most, calls))


def outputs(p):
    recorded = p.record(b"time\nstdout\ntime\nerror\n")
    same("a guest that closes standard output", recorded, p.again())
    recorded = p.record(b"trap\n")
    check("a trap that is recorded", expect(recorded, 134, None, "divide by zero"))
    same("a trap replayed", recorded, p.again())
    recorded = run("--record", p.file, guest("recorded"), stdin=b"none\nerror\ntrap\n")
    check("a hint that is recorded", expect(recorded, 134, None, "--dir HOST"))
    same("a hint replayed", recorded, p.again())
    recorded = p.record(b"time\nloop\n", options=["--timeout", "0.5"])
    check("a run out of time", expect(recorded, 134, None, "time limit exceeded"))
    same("a run out of time, replayed", recorded, p.again())
    recorded = p.record(b"time\nloop\n", options=["--fuel", "200000"])
    check("a run out of fuel", expect(recorded, 134, None, "all fuel consumed"))
    same("a run out of fuel, replayed", recorded, p.again())
    recorded = run("--record", p.file, "--invoke", "add", guest("values"), "3", "4")
    result = run("replay", p.file, cwd="/")
    same("results replayed", recorded, result) if recorded[0] == 0 else None


def settle(path):
    """Wait until nothing more is written to the file: what is seen of a call may be there before its
    record is."""
    size = -1
    while size != os.path.getsize(path):
        size = os.path.getsize(path)
        time.sleep(0.5)


def race(p):
    """Another process writes the file while the guest reads it."""
    name = os.path.join(p.place, "granted", "file")
    command = [HOSTEL, "--record", p.file, "--dir", os.path.dirname(name) + "::/", guest("recorded")]
    guest_process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    seen = b""
    for content in b"one", b"two", b"three", b"three":
        write(name, content)
        guest_process.stdin.write(b"file\n")
        guest_process.stdin.flush()
        seen += guest_process.stdout.readline()
    os.unlink(name)
    settle(p.file)
    guest_process.send_signal(signal.SIGKILL)
    guest_process.communicate()
    check("a file that changes", "" if seen == b"file: one\nfile: two\nfile: three\nfile: three\n" else repr(seen))
    result = p.again()
    check("a file that changed, replayed", "" if result[1].encode() == seen else repr(result))
    check("a run that was killed, replayed", expect(result, 1, None,
          r"recording: call \d+, wasi_snapshot_preview1.fd_read: the recording was cut off before it\n"
          r"(.*\n)* +#\d main at .*recorded.c:\d+ "))


def secrets(p):
    hide = ["--env", "SECRET=s3cret", "--env", "OTHER=visible", "--record-hide", "SECRET"]
    recorded = p.record(b"env\n", options=hide)
    check("a secret is the guest's to see", expect(recorded, 1, "s3cret\n"))
    check("a secret is not recorded", "" if b"s3cret" not in read(p.file) else "s3cret is in it")
    check("all else is", "" if b"visible" in read(p.file) else "OTHER is not in it")
    check("a secret replayed", expect(p.again(), 1, "xxxxxx\n"))
    for name in "SECERT", "SECRET=s3cret", "secret", "SECRE":
        missed = os.path.join(p.place, "missed")
        result = run("--record", missed, *hide, "--record-hide", "OTHER," + name, guest("recorded"))
        check("a name that hides nothing: " + name,
              expect(result, 2, "", "--record-hide: the guest has no variable '%s'; --env" % name) or one_line(result)
              or "a file" * os.path.exists(missed))
    p.record(b"env\n", options=hide + ["--record-secrets"])
    check("--record-secrets", "" if b"s3cret" in read(p.file) else "s3cret is not in it")
    check("--record-secrets replayed", expect(p.again(), 1, "s3cret\n"))


def modules(p):
    recorded = p.record(ALL)
    other = guest("command")
    check("another module than the recorded one", expect(run("replay", p.file, other), 1, "", "another module was recorded"))
    copy = write(os.path.join(p.place, "copy.wasm"), read(guest("recorded")))
    recorded = run("--record", p.file, "--record-module", copy, "x", stdin=ALL)
    os.unlink(copy)
    same("a recording with its module", recorded, run("replay", p.file, cwd="/"))
    check("a module that is gone", expect(p.record(b"") and run("replay", p.file, os.path.join(p.place, "gone")), 1, "", "No such file"))


def listing(p):
    write(os.path.join(p.place, "granted", "file"), b"\x1b[31m\r\n" + bytes(range(256)) * 20)
    p.record(b"file\nrepeat\n", options=["--env", "A=\x1b]0;x\x07\u202e"])
    status, out, err = run("replay", "--list", p.file)
    lines = out.splitlines()
    odd = [line for line in lines if not re.match(r"(note|module|import|call|the same again,|end) ?", line)
           or len(line) > 700 or not line.isprintable()]
    check("replay --list", expect((status, out, err), 0) or repr(odd[:3]) * bool(odd))
    check("replay --list shows what is repeated",
          "" if re.search("^the same again, [0-9]+ times, with nothing changed$", out, re.M) else out[-2000:])
    said = re.search(r"^call \d+ wasi_snapshot_preview1\.fd_read\(\d+, \d+, \d+, \d+\) = 0 .*\+\d+ \"\\x1b\[31m", out, re.M)
    check("replay --list shows what was read", "" if said else out[-2000:])
    check("replay --list shows the end", expect((status, lines[-1], err), 0, "end exit 1"))


def until(p):
    p.record(ALL, "one")
    result = p.again("--until", "9")
    check("--until a call", expect(result, 0, None, r"^hostel: stopped before call 9, wasi_snapshot_preview1\.\w+\n +#0 "))
    result = p.again("--until", "recorded.c:11")
    check("--until a line", expect(result, 0, "", r"^hostel: stopped at 0x[0-9a-f]+\n    #0 twice at .*recorded.c:11 "
                                   r"<at 0x[0-9a-f]+>\n       local0:i32=1 .*\n    #1 main at .*recorded\.c:\d+ "))
    offset = re.search(r"stopped at (0x[0-9a-f]+)", result[2])
    same("--until an offset", result, p.again("--until", offset.group(1) if offset else "0x0"))
    watched(p, "recorded.c:12")
    check("--until nowhere", expect(p.again("--until", "7777777"), 1, None, "the run did not come there"))
    for place in "recorded.c:99999", "other.c:11", "ecorded.c:11":
        check("--until no line, " + place, expect(p.again("--until", place), 1, None, "no code is known to come from"))
    for place in "x", "0x", "0", "a.c:0", ":3", "1.5":
        result = p.again("--until", place)
        check("--until " + place, expect(result, 2, "", "is no call") or one_line(result))


def watched(p, place):
    """A trace, a profile and a coverage end where the replay stops, in the second line of a function."""
    report = p.again("--until", place)[2]
    _, _, trace = p.again("--until", place, "--trace", "code")
    last = trace[:-len(report)].splitlines()[-1]
    right = trace.endswith(report) and re.match(r" +[0-9a-f]+ \S+ +\d+: stop$", last)
    check("--until --trace code", "" if right else trace[-3000:])

    out = os.path.join(p.place, "counted")
    result = p.again("--until", place, "--coverage", out)
    lines = dict(re.findall(r"^DA:(\d+),(\d+)$", read(out).decode().partition("recorded.c\n")[2], re.M))
    right = result[2].endswith(report) and (lines["11"], lines["12"]) == ("1", "0")
    check("--until --coverage", "" if right else repr((result, lines)))

    out += ".folded"
    result = p.again("--until", place, "--profile", out)
    stacks = read(out).decode()
    cells = trace[:-len(report)].rpartition('"twice"')[2].count("\n") - 2  # without the heading and the stop
    right = result[2].endswith(report) and "main;twice %d\n" % cells in stacks and "obey" not in stacks
    check("--until --profile", "" if right else repr((result, stacks)))


def other_ways(p):
    """Recordings in which the guest does not find what it asks for."""
    p.record(b"time\n")
    whole = list(records(read(p.file)))
    first = next(i for i, (kind, _) in enumerate(whole) if kind == CALL)
    kind, payload = whole[first]
    changed = bytes([payload[0], payload[1] ^ 1]) + payload[2:]
    for name, change, why in [
            ("argument", [(kind, changed)], r"call 1, \S+: argument 1 is \d+ \(0x[0-9a-f]+\), \d+ \(0x[0-9a-f]+\) in the recording"),
            ("function", [(kind, leb(payload[0] + 1) + payload[1:])], r"call 1, \S+: the recording has \S+ there"),
            ("kind", [(CLOSE, payload)], "its record makes no sense"),
            ("nothing", [], r"call 1, \S+: the recording has \S+ there"),
            ("repeats", [(REPEAT, b"\1")], "its record makes no sense"),
            ("end", [whole[-1]], "the recorded run ended before it")]:
        write(p.file, recording(whole[:first] + change + whole[first + 1:]))
        check("another " + name, expect(p.again(), 1, None, r"hostel: \S+: .*" + why + r"\n    #0 "))
    write(p.file, recording(whole[:-1] + [(END, b"\4trap\0\7another" + b"\0\0")]))
    check("another end", expect(p.again(), 1, None, "the recorded run ended otherwise: another"))
    write(p.file, recording(whole[:-1] + whole[-2:]))
    check("calls that are left", expect(p.again(), 1, None, "the recorded run went on after call"))


def damage(p):
    """Whatever is in the file: an end with a word, never a crash."""
    p.record(b"file\nrepeat\ntime\nrandom\n", "one")
    data, whole = read(p.file), p.again()
    odd = []
    for i in range(0, len(data), max(1, len(data) // 60)):
        flipped = data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1:]
        for name, bytes_ in ("cut", data[:i]), ("flipped", flipped):
            write(p.file, bytes_)
            for options in [], ["--list"]:
                result = p.again(*options) if not options else run("replay", "--list", p.file)
                fine = result[0] == 1 and "hostel: " in result[2] or not options and result == whole
                odd += [] if fine else ["%s at %d: %r" % (name, i, (result[0], result[2][-200:]))]
    check("recordings that are damaged", "; ".join(odd[:3]))
    for name, content in ("empty", b""), ("a module", read(guest("recorded"))), ("another version", b"\0run\2\0\0\0"):
        write(p.file, content)
        result = run("replay", p.file)
        check("no recording: " + name, expect(result, 1, "", "no recording|of version 2") or one_line(result))
    check("no recording: none", one_line(run("replay", os.path.join(p.place, "none"))))


def foreign(p):
    """What a recording names that somebody else has made, and what may not be named beside one."""
    p.record(b"time\n")
    whole = read(p.file)
    fifo = os.path.join(p.place, "fifo")
    os.mkfifo(fifo)
    notes = [(kind, payload) for kind, payload in records(whole) if not (kind, payload[:5]) == (NOTE, b"\4name")]
    for path in fifo, "/dev/zero", p.place:
        name = (NOTE, b"\4name" + leb(len(path)) + path.encode())
        write(p.file, recording([name] + notes))
        check("a recording names " + os.path.basename(path),
              expect(run("replay", p.file), 1, "", re.escape(path) + ": the recording names it, but it is no file"))
    write(p.file, whole)
    for words in [], ["check"], ["dump"], ["replay", p.file]:
        result = run(*words, p.file)
        why = "magic header not detected: it is a recording; hostel replay runs it"
        check("a recording for a module " + " ".join(words[:1]), expect(result, 1, "", re.escape(why)) or one_line(result))
    with open(p.file, "rb") as stdin:
        result = subprocess.run([HOSTEL, "replay", "-", guest("recorded")], stdin=stdin, capture_output=True, timeout=20)
    same("a recording as standard input", p.again()[:2], (result.returncode, result.stdout.decode()))
    for words in ["--preload", "a=" + guest("recorded")], ["--dir", p.place], ["--env", "A=b"], ["--invoke", "main"], \
            ["--tmpdir", "/tmp"], ["--unknown-imports", "trap"]:
        result = p.again(*words)
        check("replay " + words[0], expect(result, 2, "", words[0] + ": a recording has its own") or one_line(result))
    for words, why in [(["--allow-net", "*"], "--allow-net: a replay has no network"), (["--max-fds", "9"], "no files"),
                       (["--http-timeout", "1"], "--http-timeout: a replay has no"), (["--no-cookies"], "no network"),
                       (["--trace", "http"], "--trace=http: a replay calls nothing"),
                       (["--trace", "code,wasi"], "--trace=wasi: a replay calls nothing; replay --list ")]:
        result = p.again(*words)
        check("replay " + " ".join(words), expect(result, 2, "", re.escape(why)) or one_line(result))


def memory(p):
    """What is kept of a call counts as the guest's memory, until the call is over."""
    text = """(module
        (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
        (memory (export "memory") 64 300)
        (func (export "_start")
            (drop (call $random_get (i32.const 0) (i32.const 0x400000)))
            (if (i32.eq (memory.grow (i32.const 160)) (i32.const -1)) (then unreachable))))"""
    module = write(os.path.join(p.place, "large.wat"), text.encode())
    check("much is asked for", expect(run("--max-memory", "15M", module), 0, ""))
    result = run("--max-memory", "15M", "--record", p.file, module)
    check("... and recorded, in too little memory", expect(result, 134, "", "memory limit: a recording: .*raise --max-mem"))
    check("... and recorded", expect(run("--max-memory", "17M", "--record", p.file, module), 0, ""))
    check("... and replayed", expect(run("replay", p.file), 0, ""))


def overwriting(p):
    """What is written never takes the place of what is read."""
    module = write(os.path.join(p.place, "module.wasm"), read(guest("recorded")))
    link = os.path.join(p.place, "link.folded")
    os.symlink(module, link)
    p.record(b"time\n")
    for words in ["--record", module, module], ["--record", link, module], ["--record", module, "--preload",
                 "a=" + module, guest("recorded")], ["--coverage", module, module], ["--profile", link, module], \
            ["explain", "-o", module, module], ["replay", "--coverage", p.file, p.file, module]:
        read_one = p.file if words[0] == "replay" else module
        before, result = read(read_one), run(*words)
        check("overwriting by " + " ".join(map(os.path.basename, words)),
              expect(result, 2, "", "would overwrite it") or one_line(result) or "it did" * (read(read_one) != before))


def usage(p):
    for words, why in [(["--record-module", guest("recorded")], "give --record FILE"),
                       (["--record-hide", "A", guest("recorded")], "give --record FILE"),
                       (["check", "--record", p.file, guest("recorded")], "--record: belongs to run"),
                       (["--until", "3", guest("recorded")], "--until: belongs to replay"),
                       (["--list", guest("recorded")], "--list: belongs to replay"),
                       (["replay"], "which recording?"), (["replay", "--fuel", "3"], "which recording? '3' is the"),
                       (["replay", "a", "b", "c"], "what is 'c'")]:
        result = run(*words)
        check("recording: " + why + " " + words[0], expect(result, 2, "", re.escape(why)) or one_line(result))
    result = run("--record", p.place, guest("recorded"))
    check("a recording that cannot be written", expect(result, 1, "", "recording: .*directory") or one_line(result))
    if os.path.exists("/dev/full"):
        result = run("--record", "/dev/full", guest("recorded"))
        check("a recording to what is full", expect(result, 1, "", "recording: .*No space left") or one_line(result))


def test(place):
    for number, part in enumerate([answers, size, outputs, race, secrets, modules, listing, until, other_ways,
                                   damage, foreign, memory, overwriting, usage]):
        folder = os.path.join(place, str(number))
        os.mkdir(folder)
        part(Place(folder))
