"""Where a response ends, and whether its connection is used again: RFC 9112 sections 6, 7 and 9."""
from harness import Site, answer, check, fetch
from behaviour import pins

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def head(*lines, status="200 OK", version="1.1"):
    text = ["HTTP/%s %s" % (version, status), *lines, "", ""]
    return "\r\n".join(text).encode("latin-1")


def ask(reply, method="GET"):
    """What the reply came to, and how many connections it and a request after it took."""
    def converse(request):
        return reply if request.path == "/" else answer(body=b"after")

    with Site(converse) as site:
        result, after = fetch("--timeout-ms", "5000", *pins(a=site), method, "http://a.test/", "+",
                              "GET", "http://a.test/after")
        return result, after, site.connections


def refused(name, reply, word=""):
    result = ask(reply)[0]
    check("framing/" + name, result.error == "protocol" and word in result.text, result)


def taken(name, reply, body, method="GET", connections=1):
    result, after, used = ask(reply, method)
    check("framing/" + name, result.body == body and after.body == b"after" and
          used == connections, (result, after, used))


def chunks():
    """Blanks behind a chunk's size are taken, with an extension or without; nothing else is."""
    for name, size in (("blank", b"2 "), ("blanks", b"2   "), ("tab", b"2\t"), ("zeros", b"0002"),
                       ("bws", b"2 ; a = b"), ("bws-tab", b"2\t;a=b"), ("many", b"2;a ; b=c;d"),
                       ("quoted", b'2;a="x;y"'), ("empty-extension", b"2;")):
        taken("chunk-" + name, CHUNKED + size + b"\r\nok\r\n0\r\n\r\n", b"ok")
        taken("last-chunk-" + name, CHUNKED + b"2\r\nok\r\n" + size.replace(b"2", b"0", 1) +
              b"\r\n\r\n", b"ok")
    for name, size in (("blank-first", b" 2"), ("tab-first", b"\t2"), ("two-sizes", b"2 2"),
                       ("comma", b"2,2"), ("hex-prefix", b"0x2"), ("sign", b"+2"), ("none", b""),
                       ("blank-alone", b" "), ("no-size", b";a"), ("bare-cr", b"2 \rX"),
                       ("lf", b"2 \n"), ("control", b"2 \x01"), ("control-in-extension", b"2;a\x01"),
                       ("17-digits", b"1" + b"0" * 16)):
        refused("chunk-" + name, CHUNKED + size + b"\r\nok\r\n0\r\n\r\n", "chunk")
    for name, body in (("cr-then-other", b"5\rXhello\r\n0\r\n\r\n"),
                       ("data-end", b"5\r\nhelloXY0\r\n\r\n"), ("data-short", b"5\r\nok\r\n0\r\n\r\n")):
        refused("chunk-" + name, CHUNKED + body)


def lengths():
    """One decision on a length that is given more than once: equal numbers are one."""
    for name, lines in (("twice", ["Content-Length: 2", "Content-Length: 2"]),
                        ("list", ["Content-Length: 2, 2"]), ("list-close", ["Content-Length: 2,2"]),
                        ("list-blanks", ["Content-Length:\t2 ,\t2 "]),
                        ("thrice", ["content-length: 2,2", "X: y", "CONTENT-LENGTH: 2"]),
                        ("zeros", ["Content-Length: 002"]),
                        ("same-number", ["Content-Length: 2, 02"]),
                        ("trailing-tab", ["Content-Length: 2\t"])):
        taken("length-" + name, head(*lines) + b"ok", b"ok")
    for name, lines in (("differ", ["Content-Length: 2", "Content-Length: 3"]),
                        ("list-differs", ["Content-Length: 2, 3"]),
                        ("third-differs", ["Content-Length: 2, 2", "Content-Length: 3"]),
                        ("one-bad", ["Content-Length: 2", "Content-Length: x"]),
                        ("list-bad", ["Content-Length: 2, x"]), ("comma", ["Content-Length: ,"]),
                        ("comma-last", ["Content-Length: 2,"]), ("gap", ["Content-Length: 2,,2"]),
                        ("comma-first", ["Content-Length: ,2"]), ("empty", ["Content-Length:"]),
                        ("plus", ["Content-Length: +2"]), ("minus", ["Content-Length: -2"]),
                        ("blank-inside", ["Content-Length: 2 2"]), ("hex", ["Content-Length: 0x2"]),
                        ("point", ["Content-Length: 2.0"]),
                        ("huge", ["Content-Length: 18446744073709551618"]),
                        ("name-blank", ["Content-Length : 2"])):
        refused("length-" + name, head(*lines) + b"ok")
    both = head("Content-Length: 2", "Transfer-Encoding: chunked") + b"2\r\nok\r\n0\r\n\r\n"
    refused("length-and-coding", both, "both")


def lines():
    """What holds for the fields of a head holds for those of an interim head and of a trailer."""
    places = {"head": head("%s", "Content-Length: 2") + b"ok",
              "interim": head("%s", status="103 Early") + answer(body=b"ok"),
              "trailer": CHUNKED + b"2\r\nok\r\n0\r\n%s\r\n\r\n",
              "second-trailer": CHUNKED + b"2\r\nok\r\n0\r\nA: b\r\n%s\r\n\r\n"}
    good = {"plain": b"X-A: b", "no-value": b"X:", "no-blank": b"X:y", "colons": b"X: a:b",
            "high": b"X: \xe9", "tab": b"X:\ty", "odd-name": b"!#$%&'*+-.^_`|~9z: y"}
    bad = {"junk": b"junk", "blank-before-colon": b"X : y", "blank-in-name": b"X Y: z",
           "no-name": b": y", "colon-alone": b":", "folded": b" X: y", "folded-tab": b"\tX: y",
           "control": b"X: \x01", "del": b"X: \x7f", "nul": b"X: a\0b", "name-control": b"X\x01: y",
           "name-high": b"X\xe9: y", "name-quote": b'"X": y', "lf": b"X: y\nZ: a",
           "bare-cr": b"X: y\rZ: a", "brackets": b"X[1]: y"}
    for place, text in places.items():
        before, after = text.split(b"%s")
        for name, line in good.items():
            taken("%s-%s" % (place, name), before + line + after, b"ok")
        for name, line in bad.items():
            refused("%s-%s" % (place, name), before + line + after)
    # Fields about framing come too late in a trailer: they mean nothing there.
    for line in (b"Content-Length: 9", b"Transfer-Encoding: gzip", b"Connection: close"):
        taken("trailer-" + line.split(b":")[0].decode(), CHUNKED + b"2\r\nok\r\n0\r\n" + line +
              b"\r\n\r\n", b"ok")


def bodiless():
    """A response that can have no body needs no length for its connection to go on."""
    for status in ("200 OK", "404 Not Found", "206 Partial"):
        taken("head-" + status[:3], head(status=status), b"", "HEAD")
    taken("head-length", head("Content-Length: 99"), b"", "HEAD")
    taken("head-coding", head("Transfer-Encoding: chunked"), b"", "HEAD")
    taken("204", head(status="204 No Content"), b"")
    taken("304", head(status="304 Not Modified"), b"")
    taken("304-length", head("Content-Length: 99", status="304 Not Modified"), b"")
    taken("head-close", head("Connection: close"), b"", "HEAD", 2)
    taken("204-close", head("Connection: close", status="204 No Content"), b"", "GET", 2)
    taken("head-1.0", head(version="1.0"), b"", "HEAD", 2)
    taken("head-1.0-keep-alive", head("Connection: keep-alive", version="1.0"), b"", "HEAD")


def options():
    """What the server says of the connection, in the ways it may be said (section 9.3)."""
    for name, lines, version, connections in (
            ("none", [], "1.1", 1), ("close", ["Connection: close"], "1.1", 2),
            ("upper-case", ["Connection: CLOSE"], "1.1", 2),
            ("list", ["Connection: x-a, close"], "1.1", 2),
            ("list-first", ["Connection:close ,x-a"], "1.1", 2),
            ("second-field", ["Connection: keep-alive", "Connection: close"], "1.1", 2),
            ("both", ["Connection: close, keep-alive"], "1.1", 2),
            ("proxy", ["Proxy-Connection: close"], "1.1", 2),
            ("other-word", ["Connection: closed, not-close"], "1.1", 1),
            ("other-field", ["X-Connection: close"], "1.1", 1),
            ("old", [], "1.0", 2), ("old-keeps", ["Connection: Keep-Alive"], "1.0", 1),
            ("old-proxy-keeps", ["Proxy-Connection: keep-alive"], "1.0", 1),
            ("old-both", ["Connection: keep-alive, close"], "1.0", 2)):
        taken("connection-" + name, head(*lines, "Content-Length: 2", version=version) + b"ok",
              b"ok", "GET", connections)
    taken("interim-close", head("Connection: close", status="103 Early") + answer(body=b"ok"), b"ok")


def main():
    for part in chunks, lengths, lines, bodiless, options:
        part()
