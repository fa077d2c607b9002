"""What the parts of tests/net/run share: checks, the client, servers on loopback."""
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import alone  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
DATA = os.environ.get("DATA", "../shared/data")
FETCH = os.path.join(BUILD, "tests/net/fetch")

failures = 0


def check(name, ok, why=""):
    global failures
    if ok:
        print("ok net/" + name, flush=True)
    else:
        failures += 1
        print("not ok net/%s - %s" % (name, " ".join(str(why).split())[:400]), flush=True)


def skip(name, why):
    print("skip net/%s - %s" % (name, why), flush=True)


def skip_resolver(name):
    """Whether a check would ask a real resolver, and is skipped: with a network there is one."""
    if not alone.is_so():
        skip(name, "a real resolver would be asked; tests/run keeps to loopback where it may")
    return not alone.is_so()


class Result:
    """What one request came to."""

    def __init__(self):
        self.status = self.error = self.body = None
        self.text = ""
        self.headers = []

    def __repr__(self):
        if self.error:
            return "error %s %s" % (self.error, self.text)
        return "status %s, %d bytes %r" % (self.status, len(self.body), self.body[:80])

    def header(self, name):
        return [v for n, v in self.headers if n == name]


def parse(out):
    results = []
    while out:
        line, _, out = out.partition(b"\n")
        word, _, rest = line.decode("latin-1").partition(" ")
        if word in ("status", "error"):
            results.append(Result())
        result = results[-1]
        if word == "status":
            result.status = int(rest)
        elif word == "error":
            result.error, _, result.text = rest.partition(" ")
        elif word == "header":
            name, _, value = rest.partition(": ")
            result.headers.append((name, value))
        elif word == "body":
            result.body, out = out[: int(rest)], out[int(rest) + 1:]
    return results


@contextlib.contextmanager
def program_of(user):
    """The client where that user may start it: the project may lie in a folder that is root's."""
    if user is None:
        yield FETCH
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield shutil.copy(FETCH, folder)


def fetch(*arguments, env=None, seconds=60, user=None):
    """Run the client; its results, and one of error "crash" if it did not end well."""
    full = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    full.pop("SSL_CERT_FILE", None)
    full.update(env or {})
    try:
        with program_of(user) as program:
            done = subprocess.run([program, *map(str, arguments)], env=full, timeout=seconds,
                                  stdin=subprocess.DEVNULL, capture_output=True, user=user)
        results, code, err = parse(done.stdout), done.returncode, done.stderr
    except subprocess.TimeoutExpired:
        results, code, err = [], "hung", b""
    if code not in (0, 1) or b"runtime error" in err or b"Sanitizer" in err:
        result = Result()
        result.error, result.text = "crash", "%s %s" % (code, err.decode("latin-1")[-2000:])
        results = [result] * 500
    for result in results:
        result.trace = err.decode("latin-1")
    return results


class Server:
    """Accepts connections on loopback and gives each to `handle(socket, number)` in a thread."""

    def __init__(self, handle, family=socket.AF_INET):
        self.handle = handle
        self.errors = []
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.listener.listen(32)
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.settimeout(20)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self.serve, args=(client, self.connections),
                             daemon=True).start()

    def serve(self, client, number):
        try:
            with client:
                self.handle(client, number)
        except (OSError, EOFError) as error:
            self.errors.append(error)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Wake the thread up first: one that is about to accept could else be given the next
        # server's listener, which gets the same descriptor.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


class Request:
    def __init__(self, head, body, number):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.method, self.target, _ = self.line.split(" ", 2)
        self.path = self.target.split("?")[0]
        self.headers = [tuple(x.split(": ", 1)) for x in lines[1:]]
        self.body = body
        self.connection = number

    def get(self, name):
        """The values of a header, joined; None if there is none."""
        found = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(found) if found else None


class Reader:
    """Requests from a socket, one after the other."""

    def __init__(self, client, number):
        self.client, self.number, self.buffer = client, number, b""

    def more(self):
        data = self.client.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def request(self):
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        request = Request(head, b"", self.number)
        size = int(request.get("Content-Length") or 0)
        while len(self.buffer) < size:
            self.more()
        request.body, self.buffer = self.buffer[:size], self.buffer[size:]
        return request


def answer(status=200, body=b"", headers=()):
    lines = ["HTTP/1.1 %d X" % status] + ["%s: %s" % h for h in headers]
    lines.append("Content-Length: %d" % len(body))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Site(Server):
    """An HTTP server that remembers its requests; `reply(request)` makes the bytes of a response,
    and None closes the connection."""

    def __init__(self, reply, wrap=None, **options):
        self.reply, self.wrap, self.requests = reply, wrap, []
        super().__init__(self.converse, **options)

    def converse(self, client, number):
        if self.wrap:
            client = self.wrap(client)
        reader = Reader(client, number)
        while True:
            request = reader.request()
            self.requests.append(request)
            reply = self.reply(request)
            if reply is None:
                return
            client.sendall(reply)
