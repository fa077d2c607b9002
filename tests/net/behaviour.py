"""What the client does with whole exchanges: redirects, credentials, cookies, policy, deadlines,
limits, proxies. Hosts are names under .test, pinned to servers on loopback."""
import base64
import re
import socket
import time

from harness import Reader, Server, Site, answer, check, fetch, skip_resolver


def pins(**sites):
    """Arguments that allow each name.test and pin it to its site."""
    arguments = []
    for name, site in sites.items():
        arguments += ["--allow-net", name + ".test", "--resolve",
                      "%s.test:80:127.0.0.1:%d" % (name, site.port)]
    return arguments


def redirects_to(location, status=302, more=()):
    return answer(status, headers=[("Location", location), *more])


def by_target(table):
    """Replies from a table of target -> bytes; the rest says what was asked."""
    def reply(request):
        found = table.get(request.target)
        if found is not None:
            return found
        return answer(body=("%s %s" % (request.method, request.target)).encode() + b"\n" +
                      request.body)
    return reply


# ---- requests as they are written ----

def default_headers():
    with Site(by_target({})) as site:
        fetch(*pins(a=site), "GET", "http://a.test/p?q=1#f", "+", "POST", "http://a.test/", "-d",
              "body", "+", "POST", "http://a.test/", "+", "GET", "http://a.test./", "-H",
              "Accept: text/x", "-H", "user-agent: mine", "-H", "X-Twice: 1", "-H", "X-Twice: 2")
        get, post, empty, own = site.requests
    check("request/line", get.line == "GET /p?q=1 HTTP/1.1", get.line)
    check("request/defaults", (get.get("Host"), get.get("Accept"), get.get("Content-Length")) ==
          ("a.test", "*/*", None) and get.get("User-Agent").startswith("hostel/"), get.headers)
    check("request/length", post.get("Content-Length") == "4" and post.body == b"body",
          post.headers)
    check("request/empty-post", empty.get("Content-Length") == "0", empty.headers)
    check("request/own-headers", own.get("Accept") == "text/x" and own.get("User-Agent") == "mine"
          and own.get("X-Twice") == "1, 2" and own.get("Host") == "a.test.", own.headers)


def refused_requests():
    with Site(by_target({})) as site:
        bad = [("host", "b.test"), ("Content-Length", "5"), ("Transfer-Encoding", "chunked"),
               ("Connection", "close"), ("Keep-Alive", "1"), ("Proxy-Authorization", "x"),
               ("TE", "trailers"), ("Trailer", "X"), ("Upgrade", "h2c"),
               ("Expect", "100-continue"), ("X-A", "a\r\nInjected: 1"), ("X A", "1"), ("", "1"),
               ("X-A", "a\nb")]
        for name, value in bad:
            result = fetch(*pins(a=site), "GET", "http://a.test/", "-H", name + ": " + value)[0]
            check("refused/header-%s" % (name or "empty").replace(" ", "-"),
                  result.error == "invalid_request" and "secret" not in result.text, result)
        for method in ("CONNECT", "TRACE", "trace", "G ET", "", "A" * 33, "GET\r\n"):
            result = fetch(*pins(a=site), method, "http://a.test/")[0]
            check("refused/method-" + repr(method), result.error == "invalid_request", result)
        for url in ("ftp://a.test/", "http://a.test:0/", "http:// a.test/", "", "http://a\\b/"):
            result = fetch(*pins(a=site), "GET", url)[0]
            check("refused/url-" + repr(url), result.error == "invalid_request", result)
        large = fetch("--max-request-body", "3", *pins(a=site), "PUT", "http://a.test/", "-d",
                      "four")[0]
        check("refused/large-body", large.error == "too_large", large)
        check("refused/nothing-sent", not site.requests, site.requests)
        good = fetch(*pins(a=site), "POST", "http://a.test/", "-d", "four", "-H", "Host: A.test",
                     "-H", "Content-Length: 4")[0]
        check("request/right-host-and-length", good.status == 200, good)


# ---- redirects ----

def redirect_methods():
    body_headers = ["-d", "body", "-H", "Content-Type: text/x", "-H", "X-Keep: 1"]
    expected = {301: {"POST": "GET", "PUT": "PUT", "DELETE": "DELETE", "HEAD": "HEAD"},
                302: {"POST": "GET", "PUT": "PUT", "PATCH": "PATCH", "GET": "GET"},
                303: {"POST": "GET", "PUT": "GET", "DELETE": "GET", "HEAD": "HEAD", "GET": "GET"},
                307: {"POST": "POST", "PUT": "PUT"},
                308: {"POST": "POST", "GET": "GET"}}
    for status, methods in expected.items():
        for method, then in methods.items():
            with Site(by_target({"/from": redirects_to("to?x", status)})) as site:
                result = fetch(*pins(a=site), method, "http://a.test/from", *body_headers)[0]
                last = site.requests[-1]
            kept = then == method
            check("redirect/%d-%s" % (status, method),
                  result.status == 200 and last.line == "%s /to?x HTTP/1.1" % then and
                  last.body == (b"body" if kept else b"") and
                  last.get("Content-Type") == ("text/x" if kept else None) and
                  last.get("X-Keep") == "1", (last.line, last.headers, last.body))


def redirect_ends():
    def loop(request):
        number = int(request.path[1:])
        return redirects_to("/%d" % (number + 1)) if number < 11 else answer(body=b"end")

    with Site(loop) as site:
        many, enough, few, none = fetch(*pins(a=site), "GET", "http://a.test/0", "+", "GET",
                                        "http://a.test/1", "+", "GET", "http://a.test/10", "+",
                                        "GET", "http://a.test/11")
        check("redirect/eleven", many.error == "redirect", many)
        check("redirect/ten", enough.body == b"end", enough)
        limited = fetch("--max-redirects", "0", *pins(a=site), "GET", "http://a.test/10")[0]
        check("redirect/limit-0", limited.error == "redirect", limited)
    table = {"/none": answer(302, b"stay"), "/bad": redirects_to("http://[bad/"),
             "/ftp": redirects_to("ftp://a.test/"), "/file": redirects_to("file:///etc/passwd"),
             "/304": answer(304)[:-4] + b"\r\nLocation: /x\r\n\r\n",
             "/300": redirects_to("/x", 300), "/dir/rel": redirects_to("../up/./x#frag"),
             "/abs": redirects_to("//a.test/abs2"), "/q": redirects_to("?only")}
    with Site(by_target(table)) as site:
        def get(path):
            return fetch(*pins(a=site), "GET", "http://a.test" + path)[0]
        check("redirect/no-location", get("/none").status == 302, get("/none"))
        check("redirect/bad-location", get("/bad").status == 302, get("/bad"))
        check("redirect/ftp", get("/ftp").error == "redirect", get("/ftp"))
        check("redirect/file", get("/file").error == "redirect", get("/file"))
        check("redirect/300-stays", get("/300").status == 300, get("/300"))
        check("redirect/relative", get("/dir/rel").body == b"GET /up/x\n", get("/dir/rel"))
        check("redirect/network-path", get("/abs").body == b"GET /abs2\n", get("/abs"))
        check("redirect/query", get("/q").body == b"GET /q?only\n", get("/q"))


SECRETS = ["Authorization", "Cookie", "Cookie2", "WWW-Authenticate"]


def credentials():
    sent = ["-H", "Authorization: Bearer secret", "-H", "Cookie: guest=1", "-H", "Cookie2: x",
            "-H", "WWW-Authenticate: x", "-H", "X-Other: kept"]
    with Site(by_target({})) as b:
        table = {"/other": redirects_to("http://b.test/back"), "/same": redirects_to("/again"),
                 "/port": redirects_to("http://a.test:81/x")}
        with Site(by_target(table)) as a:
            fetch(*pins(a=a, b=b), "GET", "http://a.test/other", *sent)
            first, crossed = a.requests[0], b.requests[0]
            check("credentials/first-hop", all(first.get(n) for n in SECRETS), first.headers)
            check("credentials/other-host", not any(crossed.get(n) for n in SECRETS) and
                  crossed.get("X-Other") == "kept" and crossed.get("Host") == "b.test",
                  crossed.headers)
            fetch(*pins(a=a, b=b), "GET", "http://a.test/same", *sent)
            again = a.requests[-1]
            check("credentials/same-origin", again.get("Authorization") == "Bearer secret" and
                  again.get("Cookie") == "guest=1" and again.get("Cookie2") == "x", again.headers)
            fetch("--no-cookies", *pins(a=a, b=b), "GET", "http://a.test/same", *sent, "+", "GET",
                  "http://a.test/other", *sent)
            check("credentials/without-jar", a.requests[-2].get("Cookie") == "guest=1" and
                  not any(b.requests[-1].get(n) for n in SECRETS), a.requests[-2].headers)
            fetch(*pins(a=a), "--allow-net", "a.test:81", "--resolve",
                  "a.test:81:127.0.0.1:%d" % b.port, "GET", "http://a.test/port", *sent)
            check("credentials/other-port", not any(b.requests[-1].get(n) for n in SECRETS),
                  b.requests[-1].headers)

    # a -> b -> a: what was dropped does not come back
    back = {"/start": redirects_to("http://b.test/over")}
    with Site(by_target(back)) as a, Site(by_target({"/over": redirects_to("http://a.test/home")})) as b:
        fetch(*pins(a=a, b=b), "GET", "http://u:p@a.test/start", "-H", "X-A: 1")
        expected = "Basic " + base64.b64encode(b"u:p").decode()
        check("credentials/userinfo", a.requests[0].get("Authorization") == expected,
              a.requests[0].headers)
        check("credentials/userinfo-stays", b.requests[0].get("Authorization") is None and
              a.requests[-1].path == "/home" and a.requests[-1].get("Authorization") is None,
              a.requests[-1].headers)
        fetch(*pins(a=a, b=b), "GET", "http://a.test/start", *sent)
        check("credentials/no-return", not any(a.requests[-1].get(n) for n in SECRETS),
              a.requests[-1].headers)


def referers():
    with Site(by_target({})) as b:
        table = {"/x?q": redirects_to("/y?z#f"), "/y?z": redirects_to("http://b.test/")}
        with Site(by_target(table)) as a:
            fetch(*pins(a=a, b=b), "GET", "http://me:secret@a.test/x?q#frag", "-H",
                  "Referer: http://guest/")
            seen = [r.get("Referer") for r in a.requests + b.requests]
    check("redirect/referer", seen == ["http://guest/", "http://a.test/x?q", "http://a.test/"],
          seen)


def cookies():
    table = {"/set": redirects_to("/show", more=[("Set-Cookie", "c=1; Path=/"),
                                                 ("Set-Cookie", "d=2")]),
             "/other": redirects_to("http://b.test/show", more=[("Set-Cookie", "own=a")]),
             "/many": answer(headers=[("Set-Cookie", "m%d=1" % i) for i in range(60)])}

    def reply(request):
        return table.get(request.path) or answer(body=(request.get("Cookie") or "").encode())

    with Site(reply) as a, Site(reply) as b:
        show = ["GET", "http://a.test/show"]
        first, later, crossed, guest, off = fetch(
            *pins(a=a, b=b), "GET", "http://a.test/set", "+", *show, "+", "GET",
            "http://a.test/other", "+", *show, "-H", "Cookie: mine=1", "+", *show)
        check("cookies/across-redirect", first.body == b"c=1; d=2", first)
        check("cookies/kept", later.body == b"c=1; d=2", later)
        check("cookies/other-host", crossed.body == b"", crossed)
        check("cookies/guest-wins", guest.body == b"mine=1", guest)
        off = fetch("--no-cookies", *pins(a=a), "GET", "http://a.test/set", "+", *show)
        check("cookies/off", off[0].body == b"" and off[1].body == b"", off)
        many = fetch(*pins(a=a), "GET", "http://a.test/many", "+", *show)[1]
        check("cookies/fifty-per-response", many.body.count(b"m") == 50, many)
        listed = fetch(*pins(a=a), "--max-redirects", "1", "GET", "http://a.test/many")[0]
        check("cookies/seen-by-guest", len(listed.header("set-cookie")) == 60, listed)


# ---- policy ----

def policy():
    with Site(by_target({"/out": redirects_to("http://b.test/"),
                       "/private": redirects_to("http://10.0.0.1/"),
                       "/local": redirects_to("http://localhost:1/"),
                       "/port": redirects_to("http://a.test:8080/"),
                       "/scheme": redirects_to("https://127.0.0.1:1/"),
                       "/odd": redirects_to("http://0x7f.1:1/"),
                       "/user": redirects_to("http://a.test@127.0.0.1:1/")})) as a:
        def get(url, *options):
            return fetch(*options, "--timeout-ms", "3000", "GET", url)[0]
        result = get("https://httpbin.org/get")
        check("policy/default", result.error == "denied" and
              result.text.endswith("add --allow-net httpbin.org"), result)
        result = get("http://u:secret@127.0.0.1:%d/" % a.port)
        check("policy/text", result.error == "denied" and "secret" not in result.text and
              result.text.endswith("add --allow-net 127.0.0.1:%d" % a.port), result)
        result = get("http://a.test/out", *pins(a=a))
        check("policy/after-redirect", result.error == "denied" and "b.test" in result.text,
              result)
        for path in ("/local", "/port", "/scheme", "/odd", "/user"):
            result = get("http://a.test" + path, "--allow-net", "*:1", *pins(a=a))
            check("policy%s-after-redirect" % path, result.error == "denied", result)
        result = get("http://a.test/private", "--allow-net", "*", *pins(a=a))
        check("policy/private-after-redirect", result.error == "denied", result)
        result = get("http://localhost:%d/" % a.port, "--allow-net", "*:*")
        check("policy/name-at-private", result.error == "denied" and
              "--allow-private-net" in result.text, result)
        for host in ("127.0.0.1", "0x7f.1", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]"):
            result = get("http://%s:%d/" % (host, a.port), "--allow-net", "*:*")
            check("policy/spelling-" + host, result.error == "denied", result)
        result = get("http://localhost:%d/" % a.port, "--allow-net", "localhost:*")
        check("policy/localhost", result.status == 200, result)
        result = get("http://localhost:%d/" % a.port, "--allow-net", "*:*", "--allow-private-net")
        check("policy/allow-private", result.status == 200, result)
        result = get("http://a.test/", "--deny-net", "a.test", *pins(a=a))
        check("policy/deny-wins", result.error == "denied", result)
        result = get("http://a.test/", "--deny-net", "127.0.0.0/8", *pins(a=a))
        check("policy/deny-address", result.error == "denied", result)
        result = get("http://a.test/", "--resolve", "a.test:80:127.0.0.1:%d" % a.port)
        check("policy/pin-is-no-permission", result.error == "denied", result)
        check("policy/usage", get("http://a/", "--allow-net", "a/b").error == "usage",
              get("http://a/", "--allow-net", "a/b"))


# ---- limits ----

def caps():
    """The limits as they are by default: as much as they allow, and a little more."""
    ok, end = b"HTTP/1.1 200 OK\r\n", b"Content-Length: 0\r\n\r\n"
    line, long = b"A: %s\r\n" % (b"x" * 60000), b"A: %s\r\n"
    chunked = ok + b"Transfer-Encoding: chunked\r\n\r\n"
    early = b"HTTP/1.1 103 Early\r\n%s\r\n"
    cases = {"head-256k": (ok + line * 4 + end, ok + line * 5 + end),
             "line-64k": (ok + long % (b"x" * 65533) + end, ok + long % (b"x" * 65534) + end),
             "500-fields": (ok + b"A: b\r\n" * 499 + end, ok + b"A: b\r\n" * 500 + end),
             "16-interim": (early % b"" * 16 + ok + end, early % b"" * 17 + ok + end),
             "interim-counted": (early % line * 2 + ok + line * 2 + end,
                                 early % line * 3 + ok + line * 2 + end),
             "extension-16k": (chunked + b"0;" + b"x" * 16384 + b"\r\n\r\n",
                               chunked + b"0;" + b"x" * 16385 + b"\r\n\r\n"),
             "extensions-16k": (chunked + (b"1;" + b"x" * 1024 + b"\r\n_\r\n") * 16 + b"0\r\n\r\n",
                                chunked + (b"1;" + b"x" * 1024 + b"\r\n_\r\n") * 16 +
                                b"0;x\r\n\r\n"),
             "trailers": (chunked + b"0\r\n" + line * 4 + b"\r\n",
                          chunked + b"0\r\n" + line * 5 + b"\r\n"),
             "trailer-fields": (chunked + b"0\r\n" + b"A: b\r\n" * 499 + b"\r\n",
                                chunked + b"0\r\n" + b"A: b\r\n" * 500 + b"\r\n")}
    for name, replies in cases.items():
        for reply, status, error in zip(replies, (200, None), (None, "too_large")):
            with Site(lambda request: reply) as site:
                result = fetch(*pins(a=site), "GET", "http://a.test/")[0]
            check("caps/%s-%s" % (name, error or "fits"), (result.status, result.error) ==
                  (status, error), result)


def chosen_caps():
    """Other limits than the default ones, each met exactly and missed by one."""
    fields = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n\r\n"
    early = b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n"
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;ab\r\n_\r\n0;c\r\n%s\r\n"
    head_size = chunks.index(b"1;")
    cases = [("head", fields, len(fields)), ("head", early + fields, len(early + fields)),
             ("head", chunks % b"T: 1\r\n", head_size + len(b"T: 1\r\n\r\n")),
             ("fields", fields, 2), ("fields", early * 16 + fields, 18),
             ("fields", chunks % (b"T: 1\r\n" * 20), 21), ("line", fields, 17),
             ("line", chunks % (b"T: " + b"x" * 40 + b"\r\n"), 43), ("extension", chunks % b"", 3)]
    for number, (name, reply, exact) in enumerate(cases):
        with Site(lambda request: reply) as site:
            met, missed = (fetch("--limit-" + name, limit, *pins(a=site), "GET", "http://a.test/")[0]
                           for limit in (exact, exact - 1))
        check("caps/chosen-%s-%d" % (name, number), met.status == 200 and
              missed.error == "too_large", (met, missed))
    big = b"HTTP/1.1 200 OK\r\nA: %s\r\n%s\r\n" % (b"x" * 300000, b"B: c\r\n" * 1000)
    with Site(lambda request: big) as site:
        result = fetch("--limit-head", 400000, "--limit-line", 300003, "--limit-fields", 1001,
                       "--timeout-ms", "2000", *pins(a=site), "HEAD", "http://a.test/")[0]
        check("caps/raised", result.status == 200 and len(result.headers) == 1001, result)


def long_urls():
    """The cap on URLs: the guest's, as given and as it goes out, and a redirect's."""
    table = {"/to": redirects_to("http://a.test/" + "x" * 10), "/d/d/d/d/up": redirects_to("y" * 30)}
    with Site(by_target(table)) as site:
        def get(path, limit=None):
            options = ["--limit-url", limit] if limit else []
            return fetch(*options, *pins(a=site), "GET", "http://a.test/" + path)[0]
        cases = [("x" * 8178, None, 200), ("x" * 8179, None, None), ("x" * 9000, 9014, 200),
                 ("x" * 26, 40, 200), ("x" * 27, 40, None), ("x" * 20 + "#" + "f" * 6, 40, None),
                 ("\"" * 13, 40, 200), ("\"" * 14, 40, None), ("to", 24, 200), ("to", 23, 302),
                 ("d/d/d/d/up", 39, 200), ("d/d/d/d/up", 38, 302)]
        for number, (path, limit, status) in enumerate(cases):
            result = get(path, limit)
            check("caps/url-%d" % number, result.status == status if status else
                  result.error == "invalid_request" and "longer than" in result.text, result)


def large_bodies():
    with Site(lambda request: answer(body=b"%d" % len(request.body))) as site:
        result = fetch(*pins(a=site), "POST", "http://a.test/", "-n", 16 << 20)[0]
        check("bodies/16-mib-request", result.body == b"%d" % (16 << 20), result)
    size = 1 << 20
    table = {"/fits": answer(body=b"x" * size), "/over": answer(body=b"x" * (size + 1)),
             "/head": answer(body=b"")[:-5] + b"99999999999\r\n\r\n",
             "/chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                        b"10000\r\n" + b"x" * 65536 + b"\r\n" + (b"f0000\r\n" + b"y" * 983040 +
                        b"\r\n") + b"1\r\nz\r\n0\r\n\r\n"}
    with Site(by_target(table)) as site:
        fits, over, chunks, head = fetch(
            *pins(a=site), "--max-response-body", size, "GET", "http://a.test/fits", "+", "GET",
            "http://a.test/over", "+", "GET", "http://a.test/chunks", "+", "HEAD",
            "http://a.test/head")
        check("bodies/at-the-cap", fits.body == b"x" * size, fits)
        check("bodies/over-the-cap", over.error == "too_large", over)
        check("bodies/chunks-over-the-cap", chunks.error == "too_large", chunks)
        check("bodies/head-has-none", head.status == 200 and head.body == b"", head)


def deadlines():
    def hang(client, _):
        client.recv(1000)
        client.sendall(start)
        for _ in range(100):
            time.sleep(0.05)
            if drip:
                client.sendall(drip)

    cases = {"no-answer": (b"", b""), "slow-head": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
             "slow-body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
             "no-end": (b"HTTP/1.1 200 OK\r\n\r\nbody", b""),
             "slow-redirect": (b"HTTP/1.1 302 X\r\nLocation: /y\r\n", b"X: y\r\n")}
    for name, (start, drip) in cases.items():
        with Server(hang) as server:
            result = fetch("--timeout-ms", "400", *pins(a=server), "GET", "http://a.test/",
                           seconds=15)[0]
        check("deadline/" + name, result.error == "timeout", result)
    with Site(lambda request: time.sleep(0.1) or redirects_to("/again")) as site:
        result = fetch("--timeout-ms", "400", "--max-redirects", "1000", *pins(a=site), "GET",
                       "http://a.test/", seconds=15)[0]
        check("deadline/over-redirects", result.error == "timeout", result)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    result = fetch("--allow-net", "127.0.0.1:*", "GET", "http://127.0.0.1:%d/" % port)[0]
    check("connect/refused", result.error == "connect", result)
    if not skip_resolver("dns/unknown"):
        result = fetch("--allow-net", "no.such.name.invalid", "GET",
                       "http://no.such.name.invalid/")[0]
        check("dns/unknown", result.error == "dns", result)


# ---- proxies ----

def known_addresses():
    """What is known to be private never reaches the proxy: asked for in clear, by CONNECT, or by a
    redirect of its own."""
    def reply(request):
        return redirects_to(wanted) if "/go" in request.target else answer(body=b"proxied")

    for host in ("localhost", "LOCALHOST", "localhost.", "x.localhost", "intranet", "printer.local",
                 "127.0.0.1", "127.1", "0177.0.0.1", "0x7f.1", "2130706433", "[::1]",
                 "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "169.254.169.254"):
        for scheme in "http", "https":
            wanted = "%s://%s/" % (scheme, host)
            with Site(reply) as proxy:
                url = "http://127.0.0.1:%d" % proxy.port
                ways = {"by-default": ["--allow-net", "*"], "denied": [
                    "--allow-net", "*", "--allow-private-net", "--deny-net", "127.0.0.0/8", "--deny-net",
                    "10.0.0.0/8", "--deny-net", "[::1]", "--deny-net", "169.254.0.0/16"]}
                env = {"http_proxy": url, "https_proxy": url}
                results = [fetch(*way, "GET", wanted, "+", "GET", "http://a.test/go", env=env)
                           for way in ways.values()]
                lines = [request.line for request in proxy.requests]
            check("proxy/known-%s-%s" % (scheme, host), lines == ["GET http://a.test/go HTTP/1.1"] * 2 and
                  all(r.error == "denied" for pair in results for r in pair), (results, lines))


def proxies():
    def reply(request):
        return answer(body=request.target.encode(),
                      headers=[("Connection", "keep-alive")])

    with Site(reply) as proxy, Site(by_target({})) as direct:
        url = "http://user:pw@127.0.0.1:%d" % proxy.port
        allow = ["--allow-net", "a.test", "--allow-net", "127.0.0.1:*"]

        def get(target, env):
            return fetch(*allow, "GET", target, env=env)[0]

        result = get("http://a.test/x?y", {"http_proxy": url})
        last = proxy.requests[-1]
        check("proxy/absolute-form", result.body == b"http://a.test/x?y" and
              last.get("Host") == "a.test" and last.get("Proxy-Authorization") ==
              "Basic " + base64.b64encode(b"user:pw").decode(), last.headers)
        check("proxy/all", get("http://a.test/", {"ALL_PROXY": url}).status == 200)
        denied = fetch("GET", "http://a.test/", env={"http_proxy": url})[0]
        check("proxy/policy", denied.error == "denied", denied)
        denied = fetch("--allow-net", "*:*", "GET", "http://10.0.0.1/", env={"http_proxy": url})[0]
        check("proxy/private-literal", denied.error == "denied", denied)
        target = "http://127.0.0.1:%d/z" % direct.port
        for rule in ("*", "127.0.0.1", "127.0.0.0/8", "x.test, 127.0.0.1"):
            result = get(target, {"http_proxy": url, "no_proxy": rule})
            check("proxy/no_proxy-" + rule, result.body == b"GET /z\n", result)
        check("proxy/without-no_proxy", get(target, {"http_proxy": url}).body == target.encode())
        for rule in ("test", ".test", "A.TEST", "a.test"):
            if skip_resolver("proxy/no_proxy-" + rule):
                continue
            result = get("http://a.test/", {"http_proxy": url, "no_proxy": rule})
            check("proxy/no_proxy-" + rule, result.error == "dns", result)
        result = get("http://a.test/", {"http_proxy": url, "no_proxy": "st,b.test,xa.test"})
        check("proxy/no_proxy-others", result.status == 200, result)
        cgi = get(target, {"HTTP_PROXY": url, "REQUEST_METHOD": "GET"})
        check("proxy/cgi", cgi.body == b"GET /z\n", cgi)
        check("proxy/upper-case", get(target, {"HTTP_PROXY": url}).body == target.encode())
        pinned = fetch(*pins(a=direct), "GET", "http://a.test/p", env={"http_proxy": url})[0]
        check("proxy/pins-go-direct", pinned.body == b"GET /p\n", pinned)
        socks = get("http://a.test/", {"http_proxy": "socks5://user:pw@127.0.0.1:1"})
        check("proxy/socks", socks.error == "connect" and "pw" not in socks.text, socks)
    known_addresses()
    eager = b"HTTP/1.1 200 OK\r\n\r\nbytes that belong to no tunnel"
    with Site(lambda request: eager) as proxy:
        result = fetch("--allow-net", "a.test", "GET", "https://a.test/",
                       env={"https_proxy": "http://127.0.0.1:%d" % proxy.port})[0]
        check("proxy/eager", result.error == "protocol", result)
    with Site(lambda request: answer(407, b"who are you")) as proxy:
        refused = fetch("--allow-net", "a.test", "GET", "https://a.test/",
                        env={"https_proxy": "http://127.0.0.1:%d" % proxy.port})[0]
        check("proxy/refuses-connect", refused.error == "connect" and "407" in refused.text and
              proxy.requests[0].line == "CONNECT a.test:443 HTTP/1.1", refused)


def traces():
    with Site(by_target({"/": answer(headers=[("Set-Cookie", "id=topsecret")])})) as site:
        result = fetch("--trace", *pins(a=site), "GET", "http://user:topsecret@a.test/", "+",
                       "GET", "http://a.test/", "-H", "Authorization: topsecret")[0]
    check("trace/shows", "> GET / HTTP/1.1" in result.trace and "< 200" in result.trace and
          "host: a.test" in result.trace.lower(), result.trace)
    check("trace/hides", "topsecret" not in result.trace and
          base64.b64encode(b"user:topsecret").decode() not in result.trace, result.trace)
    away = redirects_to("http://user:topsecret@b.test/", more=[("Set-Cookie", "id=topsecret")])
    with Site(by_target({"/": away})) as site:
        ask = [*pins(a=site), "GET", "http://a.test/", "-H", "Authorization: topsecret", "-H",
               "Cookie: x=topsecret", "-H", "X-Odd: a\u00e9\u009b", "-H", "X-Bad: \udcc3"]
        hidden = fetch("--trace", *ask)[0]
        shown = fetch("--trace", "--trace-secrets", *ask)[0]
    check("trace/hides-all", "topsecret" not in hidden.trace + hidden.text and
          hidden.trace.count("(hidden)") == 4 and hidden.error == "denied", hidden.trace)
    check("trace/secrets-if-asked", all(line in shown.trace for line in (
        "> Authorization: topsecret\n", "> Cookie: x=topsecret\n", "< set-cookie: id=topsecret\n",
        "< location: http://user:topsecret@b.test/\n")), shown.trace)
    check("trace/drives-no-terminal", "> X-Odd: a\u00e9\\u{9b}\n> X-Bad: \\xc3\n" in
          shown.trace.encode("latin-1").decode(), shown.trace)


def trace_times():
    """The time of the first byte is not that of the whole head."""
    def slow(client, number):
        reader = Reader(client, number)
        for reply in answer(302, headers=[("Location", "/")]), answer():
            reader.request()
            client.sendall(reply[:1])
            time.sleep(1)
            client.sendall(reply[1:])

    with Server(slow) as server:
        trace = fetch("--trace", *pins(a=server), "GET", "http://a.test/")[0].trace
    found = re.fullmatch(r"\* connected: dns (\d+) ms, connect (\d+) ms\n\* request to http://a\.test:80"
                         r"\n(?:> .*\n)+< 302 \((\d+) ms\)\n(?:< .*\n)+"
                         r"\* connection reused\n\* request to .*\n(?:> .*\n)+< 200 \((\d+) ms\)\n"
                         r"(?:< .*\n)+\* end after (\d+) ms\n", trace)
    times = [int(t) for t in found.groups()] if found else []
    check("trace/times", found and times[4] >= 2000 and times[2] < 900 and times[3] < 900, trace)
    with Server(lambda client, _: client.recv(1000)) as server:
        trace = fetch("--trace", *pins(a=server), "GET", "http://a.test/")[0].trace
    check("trace/failure", re.search(r"\* end after \d+ ms: the server closed", trace), trace)


def main():
    for part in (default_headers, refused_requests, redirect_methods, redirect_ends, credentials,
                 referers, cookies, policy, caps, chosen_caps, long_urls, large_bodies, deadlines,
                 proxies, traces, trace_times):
        part()
