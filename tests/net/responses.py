"""Every raw response of DATA/http-responses, sent whole, then byte by byte, then cut in two at every
position, to one client that asks for all of them in turn; and which connections it used again."""
import hashlib
import json
import os
import time

from harness import DATA, Reader, Server, answer, check, fetch, skip

BYTEWISE = 400  # bytes; longer responses are sent whole only
SPLIT = 100  # bytes; shorter ones are cut at every position as well


def load():
    folder = os.path.join(DATA, "http-responses")
    if not os.path.exists(os.path.join(folder, "cases.json")):
        return None
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    for case in cases:
        with open(os.path.join(folder, case["file"]), "rb") as file:
            case["bytes"] = file.read()
    return cases


def whole(data):
    return [[data]]


def bytewise(data):
    return [[data[i:i + 1] for i in range(len(data))]]


def split(data):
    """Once in two at every position."""
    return [[data[:i], data[i:]] for i in range(1, len(data))]


class Replay(Server):
    """Answers /NAME/WAY with that case's bytes, cut in that way, and notes which connection was
    asked for what."""

    def __init__(self, cases, cut):
        self.answers = {"/%s/%d" % (case["name"], way): (case, pieces) for case in cases
                        for way, pieces in enumerate(cut(case["bytes"]))}
        self.asked = {}
        super().__init__(self.converse)

    def converse(self, client, number):
        reader = Reader(client, number)
        while True:
            request = reader.request()
            self.asked.setdefault(request.path, []).append(number)
            if request.path not in self.answers:  # where a redirect among them leads
                client.sendall(answer(body=b"followed"))
                continue
            case, pieces = self.answers[request.path]
            for i, piece in enumerate(pieces):
                time.sleep(0.0002 if i else 0)
                client.sendall(piece)
            if case["eof"]:
                return


def fits_ok(case, result):
    if result.error:
        return "expected a response, got " + repr(result)
    if case["status"] == 302:  # to /next, after its body
        return None if result.body == b"followed" else repr(result)
    if result.status != case["status"]:
        return "status %s" % result.status
    if "body_sha256" in case:
        if hashlib.sha256(result.body).hexdigest() != case["body_sha256"]:
            return "another body"
    elif result.body != case["body"].encode("latin-1"):
        return "body %r" % result.body
    at = 0
    for name, value in case.get("headers", []):
        wanted = (name.lower(), value)
        if wanted not in result.headers[at:]:
            return "no header %s in %s" % (wanted, result.headers)
        at = result.headers.index(wanted, at) + 1
    return None


def judge(case, result):
    """None, or why the result is wrong."""
    also = case.get("also", [])
    refused = result.error in ("protocol", "too_large")
    if refused and (case["expect"] == "error" or "error" in also):
        return None
    if case["expect"] == "ok" or "ok" in also:
        return fits_ok(case, result)
    return "expected an error, got " + repr(result)


def run_all(cases, cut, suffix=""):
    with Replay(cases, cut) as server:
        arguments = ["--allow-net", "127.0.0.1:*", "--timeout-ms", "8000", "--no-cookies"]
        for path, (case, _) in server.answers.items():
            arguments += [case["method"], "http://127.0.0.1:%d%s" % (server.port, path), "+"]
        results = fetch(*arguments[:-1], seconds=200)
        if len(results) < len(server.answers):
            check("responses" + suffix, False, "%d results: %r" % (len(results), results[-1:]))
            return
        paths = list(server.answers)
        wrong = {}
        for i, (path, result) in enumerate(zip(paths, results)):
            case = server.answers[path][0]
            why = judge(case, result)
            wrong.setdefault(case["name"], []).extend([path + ": " + why] if why else [])
            following = paths[i + 1:i + 2]
            if "reuse" not in case or suffix or result.error or not following:
                continue
            here, there = server.asked[path][-1], server.asked.get(following[0], [None])[0]
            check("responses/%s/reuse" % case["name"], (here == there) == case["reuse"],
                  "connection %s, then %s" % (here, there))
        for name, why in wrong.items():
            check("responses/%s%s" % (name, suffix), not why, why)


def run_connect(case):
    """A proxy that answers CONNECT with the case: the client must go on with TLS."""
    seen = []

    def converse(client, number):
        seen.append(Reader(client, number).request().line)
        client.sendall(case["bytes"].split(b"\r\n\r\n")[0] + b"\r\n\r\n")
        seen.append(client.recv(1))

    with Server(converse) as server:
        env = {"https_proxy": "http://127.0.0.1:%d" % server.port}
        result = fetch("--allow-net", "site.test", "--timeout-ms", "5000", "GET",
                       "https://site.test/", env=env)[0]
    refused = result.error == "protocol" and "error" in case.get("also", [])
    tunnelled = seen == ["CONNECT site.test:443 HTTP/1.1", b"\x16"]
    check("responses/" + case["name"], tunnelled or refused, "%r %r" % (seen, result))


def main():
    cases = load()
    if cases is None:
        skip("responses", "DATA has no http-responses")
        return
    direct = [case for case in cases if case["method"] != "CONNECT"]
    run_all(direct, whole)
    run_all([case for case in direct if len(case["bytes"]) <= BYTEWISE], bytewise, "/bytewise")
    run_all([case for case in direct if len(case["bytes"]) <= SPLIT], split, "/split")
    for case in cases:
        if case["method"] == "CONNECT":
            run_connect(case)
