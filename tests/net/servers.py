"""The client and servers that are not ours: nginx, httpbin under gunicorn, Python's, a proxy."""
import base64
import functools
import gzip
import hashlib
import http.server
import json
import os
import re
import select
import socket
import sys
import threading
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../demo"))
import httpbin  # noqa: E402
import nginx  # noqa: E402
from harness import Reader, Server, Site, answer, check, fetch  # noqa: E402

MEBIBYTE = 1 << 20
SITE = "https://httpbin.org"


def secure(server, *more):
    """Arguments to reach httpbin.org, which is the server."""
    return ["--allow-net", "httpbin.org", "--cacert", server.ca_file, "--resolve",
            "httpbin.org:443:127.0.0.1:%d" % server.port, *more]


def file_of(server, name, size):
    """A file that nginx serves, and its content."""
    content = (hashlib.sha256(name.encode()).digest() * (size // 32 + 1))[:size]
    with open(os.path.join(server.www, name), "wb") as file:
        file.write(content)
    return content


# ---- nginx ----

def keep_alive(server):
    clear = "http://127.0.0.1:%d" % server.clear_port
    for name, site, reach in (("clear", clear, ["--allow-net", "127.0.0.1:*"]),
                              ("tls", SITE, secure(server))):
        for path, requests, connections in (("/small", 20, 1), ("/thrice", 7, 3), ("/last", 3, 3)):
            before = len(server.connections(path))
            results = fetch(*reach, *(["GET", site + path, "+"] * requests)[:-1])
            used = server.connections(path, before + requests)[before:]
            check("nginx/keep-alive-%s%s" % (name, path),
                  [r.body for r in results] == [b"hello"] * requests and len(used) == requests and
                  len(set(used)) == connections, (results, used))
    v6 = "http://[::1]:%d/small" % server.v6_port
    results = fetch("--allow-net", "[::1]:*", "GET", v6, "+", "GET", v6)
    check("nginx/ipv6", [r.body for r in results] == [b"hello"] * 2, results)


def bodies(server):
    content = file_of(server, "file", 300000)
    whole, chunked, plain, packed, head, ranged, missing, post = fetch(
        *secure(server), "GET", SITE + "/file", "+", "GET", SITE + "/chunked/file", "+",
        "GET", SITE + "/gzip/file", "+",
        "GET", SITE + "/gzip/file", "-H", "Accept-Encoding: gzip", "+", "HEAD", SITE + "/file", "+",
        "GET", SITE + "/file", "-H", "Range: bytes=10-19", "+", "GET", SITE + "/none", "+",
        "POST", SITE + "/file", "-d", "body")
    check("nginx/length", whole.body == content and whole.header("content-length") == ["300000"],
          whole)
    check("nginx/chunked", chunked.body == content and
          chunked.header("transfer-encoding") == ["chunked"], chunked)
    check("nginx/gzip-only-if-asked", plain.body == content and
          not plain.header("content-encoding"), plain)
    check("nginx/gzip-untouched", packed.header("content-encoding") == ["gzip"] and
          len(packed.body) < 30000 and gzip.decompress(packed.body) == content, packed)
    check("nginx/head", head.status == 200 and head.body == b"" and
          head.header("content-length") == ["300000"], head)
    check("nginx/range", ranged.status == 206 and ranged.body == content[10:20], ranged)
    check("nginx/statuses", (missing.status, post.status) == (404, 405), (missing, post))
    again, after = fetch(*secure(server), "GET", SITE + "/file", "-H",
                         "If-None-Match: " + whole.header("etag")[0], "+", "GET", SITE + "/small")
    check("nginx/not-modified", again.status == 304 and again.body == b"" and
          after.body == b"hello", (again, after))
    check("nginx/one-connection-for-all", len(set(server.connections("/file", 5))) == 2,
          server.connections("/file"))
    trace = fetch("--trace", *secure(server), "GET", SITE + "/small")[0].trace
    check("nginx/trace", re.match(r"\* connected: dns \d+ ms, connect \d+ ms, tls \d+ ms, "
                                  r"TLSv1\.[23] \S+\n", trace), trace)
    early = fetch(*secure(server), "POST", SITE + "/small", "-n", MEBIBYTE)[0]
    check("nginx/too-large-request", early.status == 413, early)


def roots(server):
    """Whom to trust: SSL_CERT_FILE in place of the system; --cacert before both; never nobody."""
    options = secure(server)
    at = options.index("--cacert")
    without = options[:at] + options[at + 2:]

    def get(arguments, file):
        return fetch(*arguments, "GET", SITE + "/small", env={"SSL_CERT_FILE": file})[0]

    result = get(without, server.ca_file)
    check("roots/variable", result.body == b"hello", result)
    for name, file in (("absent", server.path("none")), ("empty", os.devnull),
                       ("not-certificates", server.path("conf"))):
        result = get(without, file)
        check("roots/variable-" + name, result.error == "tls", result)
    result = get(options, server.path("none"))
    check("roots/option-wins", result.body == b"hello", result)
    result = fetch(*without, "GET", SITE + "/small")[0]
    check("roots/system", result.error == "tls", result)


def downgrade(server):
    """The same host over http is another origin."""
    own = ["Authorization: Bearer secret", "Cookie: guest=secret", "X-Other: kept"]
    with Site(lambda request: answer(body=b"plain")) as site:
        result = fetch(*secure(server), "--resolve", "httpbin.org:80:127.0.0.1:%d" % site.port,
                       "GET", SITE.replace("//", "//user:secret@") + "/away",
                       *[word for header in own for word in ("-H", header)])[0]
        sent = site.requests[0].headers if site.requests else None
    check("nginx/downgrade", result.body == b"plain" and sent and ("X-Other", "kept") in sent and
          "secret" not in str(sent) and
          not {"authorization", "cookie", "referer"} & {n.lower() for n, _ in sent}, (result, sent))


def large_file(server):
    size = 64 * MEBIBYTE
    content = file_of(server, "large", size)
    for name, path in (("length", "/large"), ("chunked", "/chunked/large")):
        result = fetch(*secure(server, "--max-response-body", size), "GET", SITE + path)[0]
        check("nginx/64-mib-" + name, result.body == content, result)
        over = fetch(*secure(server, "--max-response-body", size - 1), "GET", SITE + path)[0]
        check("nginx/64-mib-over-" + name, over.error == "too_large", over)


# ---- HTTP/1.0 ----

def old_protocol(www):
    """Python's file server answers in HTTP/1.0 and closes."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=www)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site = "http://127.0.0.1:%d" % server.server_address[1]
        one, two, list_ = fetch("--allow-net", "127.0.0.1:*", "GET", site + "/file", "+", "GET",
                                site + "/none", "+", "GET", site + "/")
        server.shutdown()
    with open(os.path.join(www, "file"), "rb") as file:
        check("http-1.0/file", one.body == file.read(), one)
    check("http-1.0/more", two.status == 404 and b"file" in list_.body, (two, list_))


# ---- httpbin ----

def methods(server):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        result = fetch(*secure(server), method, "%s/%s?a=b" % (SITE, method.lower()), "-d",
                       "x=1", "-H", "Content-Type: application/x-www-form-urlencoded")[0]
        seen = json.loads(result.body) if result.status == 200 else {}
        check("httpbin/" + method, seen.get("form") == {"x": "1"} and seen["args"] == {"a": "b"},
              result)
    get, head, options = fetch(*secure(server), "GET", SITE + "/get?a=b", "+", "HEAD",
                               SITE + "/get", "+", "OPTIONS", SITE + "/get")
    check("httpbin/GET", json.loads(get.body)["args"] == {"a": "b"}, get)
    check("httpbin/HEAD", head.status == 200 and head.body == b"" and
          int(head.header("content-length")[0]) > 0, head)
    check("httpbin/OPTIONS", options.status == 200 and "GET" in options.header("allow")[0],
          options)


def redirects(server):
    reach = secure(server)
    for kind in ("redirect", "relative-redirect", "absolute-redirect"):
        for count, limit in ((1, 10), (10, 10), (11, 10), (3, 3), (3, 2), (1, 0)):
            result = fetch(*reach, "--max-redirects", limit, "GET",
                           "%s/%s/%d" % (SITE, kind, count))[0]
            check("httpbin/%s-%d-of-%d" % (kind, count, limit), result.error == "redirect"
                  if count > limit else result.status == 200 and b"/get" in result.body, result)
    for status in (301, 302, 303, 307, 308):
        for kind, target in (("absolute", SITE + "/anything"), ("relative", "/anything")):
            query = "?status_code=%d&url=%s" % (status, target)
            result = fetch(*reach, "POST", SITE + "/redirect-to" + query, "-d", "x=1")[0]
            then = json.loads(result.body) if result.status == 200 else {}
            kept = status in (307, 308)
            check("httpbin/redirect-to-%s-%d" % (kind, status), then.get("data") ==
                  ("x=1" if kept else "") and then["method"] == ("POST" if kept else "GET"), result)
    result = fetch(*reach, "GET", SITE + "/redirect-to?url=https://example.org/")[0]
    check("httpbin/redirect-to-denied", result.error == "denied", result)


def authorization(server):
    def status(url, *more):
        return fetch(*secure(server), "GET", url, *more)[0].status

    basic = "httpbin.org/basic-auth/user/pa%20ss"
    check("httpbin/basic", status("https://user:pa%20ss@" + basic) == 200)
    check("httpbin/basic-wrong", status("https://user:other@" + basic) == 401)
    check("httpbin/basic-none", status("https://" + basic) == 401)
    own = "Authorization: Basic " + base64.b64encode(b"user:pa ss").decode()
    check("httpbin/basic-own-header", status("https://" + basic, "-H", own) == 200)
    check("httpbin/bearer", status(SITE + "/bearer", "-H", "Authorization: Bearer t0ken") == 200)
    check("httpbin/bearer-none", status(SITE + "/bearer") == 401)


def bodies_and_deadlines(server):
    def get(path, *options):
        return fetch(*secure(server, *options), "GET", SITE + path)[0]

    result = get("/stream/20")
    check("httpbin/stream", result.body is not None and len(result.body.splitlines()) == 20 and
          result.header("transfer-encoding") == ["chunked"], result)
    result = get("/drip?numbytes=5&duration=1&delay=0")
    check("httpbin/drip", result.body == b"*****", result)
    for path in ("/drip?numbytes=5&duration=10&delay=0", "/delay/5"):
        result = get(path, "--timeout-ms", "700")
        check("httpbin/deadline-" + path[1:6], result.error == "timeout", result)
    check("httpbin/delay", get("/delay/1").status == 200)
    for path in ("/bytes/", "/stream-bytes/"):
        for size, cap in ((0, 0), (1, 1), (1, 0), (100000, 100000), (100000, 99999)):
            result = get(path + str(size), "--max-response-body", str(cap))
            check("httpbin%s%d-cap-%d" % (path, size, cap), result.error == "too_large"
                  if size > cap else result.status == 200 and len(result.body) == size, result)
    packed, flat = fetch(*secure(server), "GET", SITE + "/gzip", "+", "GET", SITE + "/deflate")
    check("httpbin/gzip-untouched", packed.header("content-encoding") == ["gzip"] and
          json.loads(gzip.decompress(packed.body))["gzipped"], packed)
    check("httpbin/deflate-untouched", json.loads(zlib.decompress(flat.body))["deflated"], flat)
    check("httpbin/status", get("/status/418").status == 418)


# ---- a proxy ----

class Proxy(Server):
    """Forwards to 127.0.0.1:port whatever it is asked for, by CONNECT or in absolute form."""

    def __init__(self, port):
        self.target, self.lines, self.credentials = port, [], []
        super().__init__(self.converse)

    def converse(self, client, number):
        reader = Reader(client, number)
        request = reader.request()
        self.lines.append(request.line)
        self.credentials.append(request.get("Proxy-Authorization"))
        with socket.create_connection(("127.0.0.1", self.target), timeout=20) as origin:
            if request.method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                path = "/" + request.target.split("/", 3)[3]
                head = ["%s %s HTTP/1.1" % (request.method, path)]
                head += ["%s: %s" % h for h in request.headers]
                origin.sendall("\r\n".join(head + ["Connection: close", "", ""]).encode())
            self.splice(client, origin)

    def splice(self, client, origin):
        while True:
            for source in select.select([client, origin], [], [], 20)[0]:
                data = source.recv(65536)
                if not data:
                    return
                (origin if source is client else client).sendall(data)


def proxies(clear_port, v6_port, httpbin_server):
    reach = ["--allow-net", "httpbin.org", "--cacert", httpbin_server.ca_file]
    with Proxy(httpbin_server.port) as proxy:
        env = {"https_proxy": "http://127.0.0.1:%d" % proxy.port}
        results = fetch(*reach, "GET", SITE + "/get", "+", "GET", SITE + "/get", "+", "GET",
                        SITE + "/redirect/2", env=env)
        check("proxy/connect", all(r.status == 200 and b"httpbin.org" in r.body for r in results)
              and proxy.lines == ["CONNECT httpbin.org:443 HTTP/1.1"], (results, proxy.lines))
        env = {"https_proxy": "http://user:pw@127.0.0.1:%d" % proxy.port}
        result = fetch(*reach, "GET", SITE + "/headers", env=env)[0]
        basic = "Basic " + base64.b64encode(b"user:pw").decode()
        check("proxy/credentials-stay", result.status == 200 and b"roxy" not in result.body and
              basic.encode() not in result.body and proxy.credentials == [None, basic],
              (result.body, proxy.credentials))
        result = fetch("--allow-net", "httpbin.org", "GET", SITE + "/get", env=env)[0]
        check("proxy/connect-verifies", result.error == "tls", result)
    with Proxy(clear_port) as proxy:
        env = {"http_proxy": "127.0.0.1:%d" % proxy.port}
        reach = ["--allow-net", "127.0.0.1:*", "--allow-net", "[::1]:*", "--allow-net", "a.test"]
        v4, v6 = "http://127.0.0.1:%d/small" % clear_port, "http://[::1]:%d/small" % v6_port
        cases = [("a name", "http://a.test/small", "", True), ("an address", v4, "", True),
                 ("IPv6", v6, "", True), ("IPv6 exempt", v6, "::1", False),
                 ("an IPv6 range exempt", v6, "fd00::/8,::/64", False),
                 ("another range", v6, "fd00::/8 10.0.0.0/8", True),
                 ("a range exempt", v4, "10.0.0.0/8,127.0.0.0/8", False),
                 ("another name", v4, "localhost,.test", True), ("all exempt", v4, "*", False)]
        for name, url, exempt, proxied in cases:
            before = len(proxy.lines)
            result = fetch(*reach, "GET", url, env=dict(env, no_proxy=exempt))[0]
            check("proxy/" + name.replace(" ", "-"), result.body == b"hello" and
                  proxy.lines[before:] == (["GET %s HTTP/1.1" % url] if proxied else []),
                  (result, proxy.lines[before:]))


def main():
    with nginx.Server() as server:
        keep_alive(server)
        bodies(server)
        roots(server)
        downgrade(server)
        large_file(server)
        old_protocol(server.www)
        with httpbin.Server() as bin_:
            methods(bin_)
            redirects(bin_)
            authorization(bin_)
            bodies_and_deadlines(bin_)
            proxies(server.clear_port, server.v6_port, bin_)
