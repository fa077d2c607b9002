"""Which connections are used again, and for what: the pool, retries, answers that come too early."""
import socket
import threading
import time

from behaviour import by_target, pins, redirects_to
from harness import Reader, Server, Site, answer, check, fetch


def keep_alive():
    with Site(by_target({"/close": answer(headers=[("Connection", "close")])})) as site:
        get = ["GET", "http://a.test/"]
        fetch(*pins(a=site), *get, "+", *get, "+", "GET", "http://a.test/close", "+", *get)
        numbers = [r.connection for r in site.requests]
        check("connections/reused", numbers == [1, 1, 1, 2], numbers)
    with Site(by_target({})) as a, Site(by_target({})) as b:
        fetch(*pins(a=a, b=b), "GET", "http://a.test/", "+", "GET", "http://b.test/", "+", "GET",
              "http://a.test/")
        check("connections/by-origin", (a.connections, b.connections) == (1, 1),
              (a.connections, b.connections))
    with Site(by_target({"/r": redirects_to("/to")[:-4] + b"\r\nX: y\r\n\r\n"})) as site:
        fetch(*pins(a=site), "GET", "http://a.test/r")
        check("connections/redirect-reuses", site.connections == 1, site.connections)
    with Site(by_target({}), family=socket.AF_INET6) as site:
        result = fetch("--allow-net", "[::1]:*", "GET", "http://[::1]:%d/x" % site.port)[0]
        check("connections/ipv6", result.body == b"GET /x\n" and
              site.requests[0].get("Host") == "[::1]:%d" % site.port, result)


def idle_connections():
    """Eight are kept; the one unused for longest makes room."""
    sites = {"s%d" % i: Site(by_target({})) for i in range(9)}
    order = list(range(9)) + [8, 1, 0]
    gets = [word for i in order for word in ("GET", "http://s%d.test/" % i, "+")]
    fetch(*pins(**sites), *gets[:-1])
    made = [site.connections for site in sites.values()]
    for site in sites.values():
        site.__exit__()
    check("connections/eight-kept", made == [2, 1, 1, 1, 1, 1, 1, 1, 1], made)


def old_connections():
    """One that was idle for longer than the limit is not used again."""
    times = {}
    for limit in (20, 60000):
        with Site(by_target({})) as a, Site(lambda request: time.sleep(0.3) or answer()) as slow:
            fetch("--idle-timeout-ms", limit, *pins(a=a, slow=slow), "GET", "http://a.test/", "+",
                  "GET", "http://slow.test/", "+", "GET", "http://a.test/")
            times[limit] = a.connections
    check("connections/too-old", times == {20: 2, 60000: 1}, times)


def close_on_exec():
    with Site(by_target({})) as a, Site(by_target({}), family=socket.AF_INET6) as b:
        v6 = ["--allow-net", "[::1]:*", "GET", "http://[::1]:%d/" % b.port]
        result = fetch("--count-sockets", *pins(a=a), *v6, "+", "GET", "http://a.test/")[0]
        check("connections/close-on-exec", result.trace == "2 sockets, 0 inherited\n",
              (result, result.trace))


def unanswered_connects():
    """A server whose queue is full does not answer. It would, after some seconds, if the client
    waited so long."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        queue = [socket.socket() for _ in range(4)]
        for client in queue:
            client.setblocking(False)
            client.connect_ex(address)

        def serve():
            if not done.wait(5):
                listener.settimeout(10)
                for _ in range(20):
                    client, _ = listener.accept()
                    client.sendall(answer())

        done = threading.Event()
        server = threading.Thread(target=serve, daemon=True)
        server.start()
        ask = ["--allow-net", "127.0.0.1:*", "GET", "http://127.0.0.1:%d/" % address[1]]
        result = fetch("--connect-timeout-ms", 300, "--timeout-ms", 20000, *ask)[0]
        done.set()
        server.join(1)
        for client in queue:
            client.close()
    check("connect/unanswered", result.error == "timeout" and "no answer from" in result.text,
          result)


def retries():
    """The server drops the second request of each connection without a word."""
    def converse(client, number):
        reader = Reader(client, number)
        asked.append((reader.request().method, number))
        client.sendall(answer())
        asked.append((reader.request().method, number))

    asked = []
    with Server(converse) as server:
        results = fetch(*pins(a=server), "GET", "http://a.test/", "+", "GET", "http://a.test/")
        check("connections/retry", results[1].status == 200 and
              [n for _, n in asked] == [1, 1, 2], (results, asked))
    asked = []
    with Server(converse) as server:
        results = fetch(*pins(a=server), "GET", "http://a.test/", "+", "POST", "http://a.test/",
                        "-d", "x")
        check("connections/no-retry-of-post", results[1].error == "protocol" and len(asked) == 2,
              (results, asked))

    def silent(client, number):
        asked.append(Reader(client, number).request().method)

    asked = []
    with Server(silent) as server:
        result = fetch(*pins(a=server), "GET", "http://a.test/")[0]
        check("connections/no-retry-of-new", result.error == "protocol" and len(asked) == 1,
              (result, asked))


def closed_while_idle():
    """The server ends an idle connection; a POST, which must not be repeated, takes a new one."""
    def converse(client, number):
        asked.append((Reader(client, number).request().method, number))
        client.sendall(answer())

    asked = []
    with Server(converse) as a, Site(lambda request: time.sleep(0.3) or answer()) as slow:
        results = fetch(*pins(a=a, slow=slow), "GET", "http://a.test/", "+", "GET",
                        "http://slow.test/", "+", "POST", "http://a.test/", "-d", "x")
        check("connections/closed-while-idle", results[2].status == 200 and
              asked == [("GET", 1), ("POST", 2)], (results, asked))


def late_answers():
    """An interim response, then nothing in time: the real response, late, belongs to nobody."""
    def converse(client, number):
        Reader(client, number).request()
        if number > 1:
            client.sendall(answer(body=b"second"))
            return
        client.sendall(b"HTTP/1.1 103 Early\r\n\r\n")
        time.sleep(0.5)
        client.sendall(answer(body=b"first"))
        client.recv(1000)

    with Server(converse) as server:
        late, second = fetch("--timeout-ms", "300", *pins(a=server), "GET", "http://a.test/", "+",
                             "GET", "http://a.test/")
        check("connections/late-answer", late.error == "timeout" and second.body == b"second",
              (late, second))


def early_answers():
    """The server answers a large request without reading it."""
    def converse(client, _):
        client.recv(1000)
        client.sendall(answer(413, b"no"))
        if wait:
            done.wait(10)

    for wait in (False, True):
        done = threading.Event()
        with Server(converse) as server:
            result = fetch("--timeout-ms", "8000", *pins(a=server), "POST", "http://a.test/", "-n",
                           16 << 20)[0]
            done.set()
        check("connections/early-answer-" + ("open" if wait else "closed"),
              result.status == 413 or (not wait and result.error == "protocol"), result)


class EarlyServer(Server):
    """Says something when it has the first request's head, and more when it has its body."""

    def __init__(self, early, late):
        self.early, self.late, self.asked = early, late, {}
        super().__init__(self.converse)

    def converse(self, client, number):
        reader = Reader(client, number)
        while b"\r\n\r\n" not in reader.buffer:
            reader.more()
        first = number == 1
        client.sendall(self.early if first else b"")
        time.sleep(0.2 if self.early else 0)  # meanwhile more than fits between us is not received
        while True:
            self.asked[reader.request().path] = number
            client.sendall(self.late if first else answer())
            first = False


def answered_before_sent():
    """A connection whose answer came before the whole request was there is not used again; one with
    an interim response meanwhile, or none, is."""
    interim = b"HTTP/1.1 103 Early\r\n\r\n"
    for name, early, late, size, used in (
            ("final", answer(), b"", 8 << 20, 2), ("final-1m", answer(), b"", 1 << 20, 2),
            ("interim", interim, answer(), 8 << 20, 1),
            ("interim-and-final", interim + answer(), b"", 8 << 20, 2),
            ("late", b"", answer(), 8 << 20, 1), ("small", b"", answer(), 100, 1)):
        with EarlyServer(early, late) as server:
            results = fetch(*pins(a=server), "POST", "http://a.test/1", "-n", size, "+", "POST",
                            "http://a.test/2", "-d", "x")
        check("connections/answered-before-sent-" + name, [r.status for r in results] ==
              [200, 200] and server.asked["/2"] == used, (results, server.asked))


def unread_bodies():
    """The server reads the request's head alone, redirects, and closes. What is sent to where it
    leads must not meet that connection's end."""
    def converse(client, number):
        reader = Reader(client, number)
        if number % 2:
            while b"\r\n\r\n" not in reader.buffer:
                reader.buffer += client.recv(1)
            client.sendall(redirects_to("/to", status))
        else:
            request = reader.request()
            client.sendall(answer(body=b"%d" % len(request.body)))

    for status in 307, 308:
        for size in 0, 1, 20000, 1 << 20:
            with Server(converse) as server:
                ask = ["POST", "http://a.test/", "-n", size]
                results = [fetch(*pins(a=server), *ask)[0] for _ in range(10)]
            check("connections/unread-body-%d-%d" % (status, size),
                  [r.body for r in results] == [b"%d" % size] * 10, results)


def main():
    for part in (keep_alive, idle_connections, old_connections, close_on_exec, unanswered_connects,
                 retries, closed_while_idle, late_answers, early_answers, answered_before_sent,
                 unread_bodies):
        part()
