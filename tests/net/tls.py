"""The cases of DATA/tls: certificates are made here, servers are Python's ssl, hand-written
handshakes for what no library would send, and a relay that tampers with records.

Each function case_NAME answers for the case of that name ("-" written "_"). What is expected comes
from cases.tsv."""
import csv
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading

from certificates import CA, DAY, SERVER, Authority, basic, extension, names, pem, purpose, seq, \
    tlv, usage
from harness import DATA, Server, Site, answer, check, fetch, skip

HOST = "site.example.test"

# What the text of an error says for an error class of the list.
WORDS = {
    "certificate-expired": "expired",
    "certificate-not-yet-valid": "not valid yet",
    "hostname-mismatch": "another host",
    "untrusted": "trusted root",
    "weak-signature": "weak signature",
    "invalid-ca": "trusted root",
    "bad-purpose": "another purpose",
}

NOT_RUN = {
    "known-bad-root": "the trusted roots are the system's or the user's, none is ours",
    "clock-unset": "the clock cannot be set here; not-yet-valid is the same check",
    "pinning": "pins are not offered",
    "hsts": "not implemented, ignored like any other header",
    "empty-records": "no server at hand that sends them",
    "downgrade-sentinel": "a client of TLS 1.2 alone cannot see a downgrade from 1.3",
}
# What this Mbed TLS cannot do: judged as listed or, failing that, skipped with the reason.
UNABLE = {
    "valid-1000-sans": "this Mbed TLS takes no handshake message over 16 KiB",
    "valid-tls13-only": "this Mbed TLS has no TLS 1.3",
    "post-handshake-tickets": "this Mbed TLS has no TLS 1.3",
    "fragmented-records": "this Mbed TLS does not join handshake messages split over records",
}
# The same for servers that go by their own order: in which names, with what in the error.
UNABLE_WITH = [
    ("tlsv1_3", "1.2 alone", "this Mbed TLS has no TLS 1.3"),
    ("rsa-tlsv1_2-order-of-server", "A field in a message was incorrect",
     "Mbed TLS 3.6.6 takes RSA-PSS in TLS 1.2 for an error"),
]


class World:
    def __init__(self, folder):
        self.folder = folder
        self.made = 0
        self.authority = Authority(folder)
        self.root = self.authority.make("Root", "Root", "EC:P-256/root", "EC:P-256/root", CA)
        self.ca = self.write(self.root)
        self.intermediate = self.issue("Between", "EC:P-256/between", CA, issuer="Root",
                                       signer="EC:P-256/root")

    def write(self, *certificates):
        self.made += 1
        path = os.path.join(self.folder, "%d.pem" % self.made)
        with open(path, "w") as file:
            file.write(pem(certificates))
        return path

    def issue(self, subject, key, extensions, issuer="Between", signer="EC:P-256/between",
              **options):
        return self.authority.make(subject, issuer, key, signer, extensions, **options)

    def leaf(self, *san, key="RSA:2048", extensions=None, subject="leaf", **options):
        own = list(SERVER if extensions is None else extensions)
        if san:
            own.append(names(*san))
        return self.issue(subject, key, own, **options)


world = None


def context(chain, key="RSA:2048", tune=None):
    """A server's settings. It takes what the client names first, of signatures too, as servers do
    that were not told otherwise; Python's own default is the other order."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    made.set_ciphers("ALL@SECLEVEL=0")
    made.load_cert_chain(world.write(*chain), world.authority.key(key).path)
    if tune:
        tune(made)
    return made


def ok_reply(_):
    return answer(body=b"fine", headers=[("Connection", "close")])


def site(chain, key="RSA:2048", tune=None, reply=ok_reply, **options):
    made = context(chain, key, tune)
    return Site(reply, wrap=lambda client: made.wrap_socket(client, server_side=True), **options)


def ask(port, host=HOST, ca=None, options=(), url=None):
    return fetch("--cacert", ca or world.ca, "--allow-net", host, "--resolve",
                 "%s:443:127.0.0.1:%d" % (host, port), "--timeout-ms", "10000", *options, "GET",
                 url or "https://%s/" % host)[0]


def serve(*chain, host=HOST, ca=None, **options):
    """The result of asking `host` for a page at a server with this chain."""
    with site(chain, **options) as server:
        return ask(server.port, host, ca)


def usual(**options):
    return serve(world.leaf(HOST), world.intermediate, **options)


def other_leaf(*san, host=HOST, **options):
    return serve(world.leaf(*san, **options), world.intermediate, host=host)


# ---- what must be accepted ----

def case_valid_rsa2048():
    return usual()


def with_key(kind, **options):
    leaf = world.leaf(HOST, key=kind, **options)
    return serve(leaf, world.intermediate, key=kind)


def case_valid_rsa4096():
    return with_key("RSA:4096")


def case_valid_rsa8192():
    return with_key("RSA:8192")


def case_valid_ecdsa_p256():
    return with_key("EC:P-256")


def case_valid_ecdsa_p384():
    return with_key("EC:P-384")


def case_valid_sha384_sha512():
    first = other_leaf(HOST, digest="sha384")
    return first if first.error else other_leaf(HOST, digest="sha512")


def only(version):
    def tune(made):
        made.minimum_version = made.maximum_version = version
    return tune


def case_valid_tls12_only():
    return usual(tune=only(ssl.TLSVersion.TLSv1_2))


def case_valid_tls13_only():
    return usual(tune=only(ssl.TLSVersion.TLSv1_3))


def case_valid_wildcard():
    return other_leaf("*.example.test", host="a.example.test")


def case_valid_case():
    return other_leaf("example.TEST", host="EXAMPLE.test")


def at_address(leaf, text, family=socket.AF_INET):
    with site([leaf, world.intermediate], family=family) as server:
        origin = "%s:%d" % (text, server.port)
        return fetch("--cacert", world.ca, "--allow-net", origin, "--timeout-ms", "10000", "GET",
                     "https://%s/" % origin)[0]


def case_valid_ip_san():
    first = at_address(world.leaf(b"\x7f\0\0\1"), "127.0.0.1")
    return first if first.error else at_address(world.leaf(bytes(15) + b"\1"), "[::1]",
                                                socket.AF_INET6)


def case_valid_1000_sans():
    return other_leaf(*["h%d.example.test" % i for i in range(1000)], HOST)


def case_valid_no_cn():
    return other_leaf(HOST, subject=None)


def case_valid_no_subject():
    leaf = world.leaf(subject=None, extensions=SERVER + [names(HOST, critical=True)])
    return serve(leaf, world.intermediate)


def case_valid_chain_unordered():
    stranger = world.authority.make("Stranger", "Stranger", "EC:P-256/x", "EC:P-256/x", CA)
    return serve(world.leaf(HOST), stranger, world.root, world.intermediate)


def case_valid_punycode():
    return other_leaf("xn--bcher-kva.example.test", host="xn--bcher-kva.example.test")


def case_huge_sans():
    return other_leaf(*["host-number-%d.example.test" % i for i in range(10000)], HOST)


def case_no_sct():
    return usual()


# ---- validity and names ----

def case_expired_leaf():
    return other_leaf(HOST, begin=-9 * DAY, end=-DAY)


def through(intermediate, key="EC:P-256/between"):
    """A good leaf below another intermediate."""
    return serve(world.leaf(HOST, signer=key), intermediate)


def other_intermediate(extensions=CA, issuer="Root", signer="EC:P-256/root", **options):
    return world.issue("Between", "EC:P-256/between", extensions, issuer=issuer, signer=signer,
                       **options)


def case_expired_intermediate():
    return through(other_intermediate(begin=-9 * DAY, end=-DAY))


def case_not_yet_valid():
    return other_leaf(HOST, begin=DAY)


def case_wrong_host():
    return other_leaf("other.example.test")


def case_wrong_host_subdomain():
    return other_leaf("example.test", host="a.example.test")


def case_wildcard_two_labels():
    return other_leaf("*.example.test", host="a.b.example.test")


def case_wildcard_parent():
    return other_leaf("*.example.test", host="example.test")


def first_accepted(*results):
    """Of several that must all be refused, one that was not."""
    return next((r for r in results if not r.error), results[-1])


def case_wildcard_bare():
    return first_accepted(other_leaf("*", host="test"), other_leaf("*.test", host="example.test"),
                          other_leaf("*.co.uk", host="example.co.uk"),
                          other_leaf("*", host="example.test"))


def case_wildcard_partial():
    return first_accepted(other_leaf("f*.example.test", host="foo.example.test"),
                          other_leaf("*oo.example.test", host="foo.example.test"))


def case_wildcard_not_left():
    return other_leaf("a.*.test", host="a.example.test")


def case_cn_only():
    return other_leaf(subject=HOST)


def case_cn_with_other_san():
    return other_leaf("other.example.test", subject=HOST)


def case_nul_in_san():
    return first_accepted(other_leaf(HOST + "\0.evil.test"), other_leaf("evil.test\0" + HOST))


def case_ip_in_dns_san():
    refused = [at_address(world.leaf(*san, subject="127.0.0.1"), "127.0.0.1")
               for san in (["127.0.0.1"], ["*.0.0.1"], [])]
    return first_accepted(*refused)


def case_ip_wrong():
    return at_address(world.leaf(b"\x7f\0\0\2", "127.0.0.1"), "127.0.0.1")


# ---- chains ----

def case_self_signed():
    leaf = world.authority.make("x", "x", "RSA:2048", "RSA:2048", SERVER + [names(HOST)])
    return serve(leaf)


def stranger_chain(subject):
    root = world.authority.make(subject, subject, "EC:P-256/y", "EC:P-256/y", CA)
    leaf = world.leaf(HOST, issuer=subject, signer="EC:P-256/y")
    return serve(leaf, root)


def case_untrusted_root():
    return stranger_chain("Stranger")


def case_same_name_other_key_root():
    return stranger_chain("Root")


def case_incomplete_chain():
    return serve(world.leaf(HOST))


def case_leaf_as_ca():
    return through(other_intermediate(SERVER + [names("ca.example.test")]))


def case_no_basic_constraints_ca():
    return through(other_intermediate([usage(4 | 2)]))


def case_ca_without_keycertsign():
    return through(other_intermediate([basic(True), usage(0x80)]))


def case_pathlen_exceeded():
    first = world.issue("First", "EC:P-256/first", [basic(True, 0), usage(6)], issuer="Root",
                        signer="EC:P-256/root")
    between = other_intermediate(issuer="First", signer="EC:P-256/first")
    return serve(world.leaf(HOST), between, first)


def case_name_constraints():
    permitted = seq(tlv(0xA0, seq(tlv(0x82, b"elsewhere.test"))))
    return first_accepted(
        through(other_intermediate(CA + [extension("2.5.29.30", permitted, critical=True)])),
        through(other_intermediate(CA + [extension("2.5.29.30", permitted)])))


def case_eku_client_only():
    return other_leaf(HOST, extensions=[basic(False), purpose("1.3.6.1.5.5.7.3.2")])


def case_unknown_critical_ext():
    return other_leaf(HOST, extensions=SERVER + [extension("1.3.6.1.4.1.99999.1", b"\5\0", True)])


def case_must_staple_missing():
    return other_leaf(HOST, extensions=SERVER + [extension("1.3.6.1.5.5.7.1.24",
                                                           seq(tlv(2, b"\5")))])


def case_revoked():
    return usual()


# ---- signatures and keys ----

def case_bad_signature():
    return other_leaf(HOST, damage=lambda s: s[:-1] + bytes([s[-1] ^ 1]))


def case_sha1_leaf():
    key = "RSA:2048/ca"
    between = world.issue("Between", key, CA, issuer="Root", signer="EC:P-256/root")
    return serve(world.leaf(HOST, signer=key, digest="sha1"), between)


def case_sha1_intermediate():
    root = world.authority.make("Old", "Old", "RSA:2048/ca", "RSA:2048/ca", CA)
    between = other_intermediate(issuer="Old", signer="RSA:2048/ca", digest="sha1")
    return serve(world.leaf(HOST), between, ca=world.write(root))


def case_md5_leaf():
    key = "RSA:2048/ca"
    between = world.issue("Between", key, CA, issuer="Root", signer="EC:P-256/root")
    return serve(world.leaf(HOST, signer=key, digest="md5"), between)


def case_rsa1024_leaf():
    return with_key("RSA:1024")


def case_rsa512_leaf():
    return with_key("RSA:512")


# ---- handshakes written by hand ----

def record(kind, body, version=0x0303):
    return struct.pack(">BHH", kind, version, len(body)) + body


def handshake(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def server_hello(suite, version=0x0303, extensions=b""):
    body = struct.pack(">H", version) + bytes(32) + b"\0" + struct.pack(">HB", suite, 0)
    body += struct.pack(">H", len(extensions)) + extensions
    return record(22, handshake(2, body), version)


def certificate_message(*chain):
    listed = b"".join(len(c).to_bytes(3, "big") + c for c in chain)
    return record(22, handshake(11, len(listed).to_bytes(3, "big") + listed))


def canned(reply, options=()):
    """A server that reads the ClientHello and answers with these bytes, then stays silent."""
    def converse(client, _):
        client.recv(65536)
        client.sendall(reply)
        if reply:
            client.recv(65536)

    with Server(converse) as server:
        return ask(server.port, options=options)


def picks(*suites):
    """Servers that choose what was not offered, going on as if nothing were wrong."""
    rest = certificate_message(world.leaf(HOST), world.intermediate)
    return first_accepted(*[canned(server_hello(suite) + rest) for suite in suites])


def case_malformed_der():
    good = world.leaf(HOST)
    return first_accepted(*[canned(server_hello(0xC02F) + certificate_message(bad))
                            for bad in (good[:-7], good[:40], b"\x30\x84\xff\xff\xff\xff", b"")])


def case_ssl2_only():
    return canned(b"\x80\x0b\x04\0\x01\0\x02\0\0\0\0\0\0")


def case_ssl3_only():
    return canned(server_hello(0x002F, 0x0300))


def case_null_cipher():
    return picks(0x0002, 0xC010)


def case_anon_cipher():
    return picks(0x0034, 0xC018)


def case_export_cipher():
    return picks(0x0003, 0x0008)


def case_rc4():
    return picks(0x0005, 0xC011)


def case_3des():
    return picks(0x000A, 0xC012)


def case_cipher_not_offered():
    return picks(0xCCAA, 0x1301)


def case_dh480():
    return picks(0x0011, 0x0033)


def case_dh_composite():
    return picks(0x009E, 0x0067)


def case_alpn_h2_forced():
    h2 = struct.pack(">HHHB", 16, 5, 3, 2) + b"h2"
    return canned(server_hello(0xC02F, extensions=h2))


def case_early_close():
    return canned(b"")


def case_silent_server():
    def converse(client, _):
        client.recv(65536)
        client.recv(65536)

    with Server(converse) as server:
        return ask(server.port, options=["--timeout-ms", "600"])


def case_plain_http_on_tls_port():
    return canned(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


# ---- protocol versions and suites a real server insists on ----

def case_tls10_only():
    return usual(tune=only(ssl.TLSVersion.TLSv1))


def case_tls11_only():
    return usual(tune=only(ssl.TLSVersion.TLSv1_1))


def suites(text):
    def tune(made):
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers(text + "@SECLEVEL=0")
    return tune


def case_static_rsa():
    return usual(tune=suites("AES128-GCM-SHA256"))


def case_cbc():
    return usual(tune=suites("ECDHE-RSA-AES128-SHA256"))


def case_dh1024():
    return usual(tune=suites("DHE-RSA-AES128-GCM-SHA256"))


def case_dh2048():
    return usual(tune=suites("DHE-RSA-AES128-GCM-SHA256"))


# ---- names in the handshake ----

def by_name(choose):
    """`choose` gets the name in SNI (None without) and returns a context or an alert."""
    def tune(made):
        def callback(connection, name, _):
            chosen = choose(name)
            if isinstance(chosen, ssl.SSLContext):
                connection.context = chosen
                return None
            return chosen
        made.sni_callback = callback
    return tune


def case_sni_required():
    good = context([world.leaf(HOST), world.intermediate])
    return serve(
        world.leaf("default.example.test"), world.intermediate,
        tune=by_name(lambda name: good if name == HOST else None))


def case_sni_ip():
    refuse = by_name(lambda name: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME if name else None)
    with site([world.leaf(b"\x7f\0\0\1"), world.intermediate], tune=refuse) as server:
        origin = "127.0.0.1:%d" % server.port
        return fetch("--cacert", world.ca, "--allow-net", origin, "GET", "https://%s/" % origin)[0]


def case_sni_unrecognized():
    return usual(tune=by_name(lambda name: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME))


def wants_certificate(mode):
    def tune(made):
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.verify_mode = mode
        made.load_verify_locations(world.ca)
    return tune


def case_client_cert_optional():
    return usual(tune=wants_certificate(ssl.CERT_OPTIONAL))


def case_client_cert_required():
    return usual(tune=wants_certificate(ssl.CERT_REQUIRED))


# ---- sessions ----

def case_resumption_other_host():
    """Resumed for the same host; in full for another one at the same server."""
    resumed = []
    chain = [world.leaf(HOST, "other.example.test"), world.intermediate]
    made = context(chain, tune=only(ssl.TLSVersion.TLSv1_2))

    def wrap(client):
        client = made.wrap_socket(client, server_side=True)
        resumed.append(client.session_reused)
        return client

    with Site(ok_reply, wrap=wrap) as server:
        pins = []
        for host in (HOST, "other.example.test"):
            pins += ["--allow-net", host, "--resolve", "%s:443:127.0.0.1:%d" % (host, server.port)]
        get = ["GET", "https://%s/" % HOST]
        results = fetch("--cacert", world.ca, *pins, *get, "+", *get, "+", "GET",
                        "https://other.example.test/")
    if [r.status for r in results] != [200, 200, 200] or resumed != [False, True, False]:
        results[-1].error, results[-1].text = "resumption", "%r %r" % (results, resumed)
    return results[-1]


def case_post_handshake_tickets():
    return usual(tune=only(ssl.TLSVersion.TLSv1_3))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def case_renegotiation():
    """openssl asks for a new handshake, by its command R, once it has seen the request."""
    port = free_port()
    chain = world.write(world.leaf(HOST), world.intermediate)
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-naccept", "1", "-tls1_2",
         "-cert", chain, "-cert_chain", chain, "-key", world.authority.key("RSA:2048").path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    results = []
    asking = threading.Thread(target=lambda: results.append(ask(port)))
    try:
        for line in server.stdout:
            if line.startswith(b"ACCEPT"):
                asking.start()
            elif line.startswith(b"GET /"):
                server.stdin.write(b"R\n")
                server.stdin.flush()
                break
        asking.join()
    finally:
        server.kill()
        server.communicate()
    return results[0]


# ---- a relay that tampers with what the server sends ----

class Relay(Server):
    """Between client and server; `change(kind, body)` makes the bytes sent for one record."""

    def __init__(self, port, change):
        self.port_behind, self.change = port, change
        super().__init__(self.carry)

    def carry(self, client, _):
        with socket.create_connection(("127.0.0.1", self.port_behind)) as server:
            threading.Thread(target=self.forward, args=(client, server), daemon=True).start()
            stream = server.makefile("rb")
            while True:
                head = stream.read(5)
                if len(head) < 5:
                    return
                body = stream.read(struct.unpack(">H", head[3:])[0])
                client.sendall(self.change(head[0], body))

    @staticmethod
    def forward(source, target):
        try:
            while True:
                data = source.recv(65536)
                target.sendall(data)
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
        except OSError:
            pass


def tampered(change, reply=ok_reply):
    chain = [world.leaf(HOST), world.intermediate]
    with site(chain, tune=only(ssl.TLSVersion.TLSv1_2), reply=reply) as server:
        with Relay(server.port, change) as relay:
            return ask(relay.port)


def key_exchange(change):
    """Change the body of the ServerKeyExchange message."""
    def tamper(kind, body):
        if kind == 22 and body[:1] == b"\x0c":
            body = change(bytearray(body))
        return record(kind, bytes(body))
    return tamper


def case_bad_certificate_verify():
    def change(body):
        body[-1] ^= 1
        return body
    return tampered(key_exchange(change))


def case_ec_point_invalid():
    def change(body):
        body[4 + 4:4 + 4 + body[4 + 3]] = bytes(body[4 + 3])
        return body
    return tampered(key_exchange(change))


def once(kind_wanted, change):
    """Apply `change` to the first record of that kind only."""
    done = []

    def tamper(kind, body):
        if kind != kind_wanted or done:
            return record(kind, body)
        done.append(1)
        return change(body)
    return tamper


def case_bad_record_mac():
    return tampered(once(23, lambda body: record(23, body[:-1] + bytes([body[-1] ^ 1]))))


def case_oversized_record():
    return tampered(once(23, lambda body: struct.pack(">BHH", 23, 0x0303, 0x4800) + bytes(0x4800)))


def case_fragmented_records():
    sealed = []

    def split(kind, body):
        if kind == 20:
            sealed.append(1)
        if kind != 22 or sealed:
            return record(kind, body)
        return b"".join(record(kind, body[i:i + 1]) for i in range(len(body)))
    return tampered(split)


# ---- ends of connections ----

def ending(reply, orderly=False):
    """A server that sends these bytes over TLS and closes, with or without close_notify."""
    made = context([world.leaf(HOST), world.intermediate], tune=only(ssl.TLSVersion.TLSv1_2))

    def converse(client, _):
        with made.wrap_socket(client, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(reply)
            if orderly:
                connection.unwrap()

    with Server(converse) as server:
        return ask(server.port)


def case_truncation_content_length():
    return ending(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")


def case_truncation_eof_body():
    whole = ending(b"HTTP/1.1 200 OK\r\n\r\nwhole", orderly=True)
    check("tls/orderly-eof-body", whole.status == 200 and whole.body == b"whole", whole)
    return ending(b"HTTP/1.1 200 OK\r\n\r\nhalf")


def case_missing_close_notify_after_body():
    return ending(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")


def case_data_after_close_notify():
    made = context([world.leaf(HOST), world.intermediate], tune=only(ssl.TLSVersion.TLSv1_2))

    def converse(client, _):
        with made.wrap_socket(client, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nfine")
            connection.unwrap()

    def change(kind, body):
        return record(kind, body) + (record(23, b"after the end" * 3) if kind == 21 else b"")

    with Server(converse) as server, Relay(server.port, change) as relay:
        return ask(relay.port)


# ---- http beside https ----

def case_tls_on_http_port():
    with site([world.leaf(HOST), world.intermediate]) as server:
        return fetch("--allow-net", HOST, "--resolve", "%s:80:127.0.0.1:%d" % (HOST, server.port),
                     "--timeout-ms", "5000", "GET", "http://%s/" % HOST)[0]


def case_redirect_downgrade():
    """Followed where the policy allows http; with no Secure cookie and no Referer."""
    def reply(_):
        return answer(302, headers=[("Location", "http://%s/plain" % HOST),
                                    ("Set-Cookie", "s=1; Secure"), ("Set-Cookie", "p=2")])

    with site([world.leaf(HOST), world.intermediate], reply=reply) as server, \
            Site(ok_reply) as plain:
        pin = ["--resolve", "%s:80:127.0.0.1:%d" % (HOST, plain.port)]
        denied = fetch("--cacert", world.ca, "--allow-net", "https://" + HOST, "--resolve",
                       "%s:443:127.0.0.1:%d" % (HOST, server.port), *pin, "GET",
                       "https://%s/" % HOST)[0]
        check("tls/redirect-downgrade/denied", denied.error == "denied", denied)
        result = ask(server.port, options=pin)
        if plain.requests[0].get("Cookie") != "p=2" or plain.requests[0].get("Referer"):
            result.error, result.text = "leak", repr(plain.requests[0].headers)
    return result


def case_secure_cookie_plain():
    def reply(request):
        return answer(headers=[("Set-Cookie", "s=1; Secure"), ("Set-Cookie", "p=2")],
                      body=(request.get("Cookie") or "").encode())

    with Site(reply) as plain:
        get = ["GET", "http://%s/" % HOST]
        result = fetch("--allow-net", HOST, "--resolve",
                       "%s:80:127.0.0.1:%d" % (HOST, plain.port), *get, "+", *get)[1]
    if result.body != b"p=2":
        result.error, result.text = "stored", repr(result.body)
    return result


def case_proxy_connect_mismatch():
    """Through a proxy the certificate must be the target's, not the proxy's."""
    def proxy_to(port):
        def converse(client, _):
            while not client.recv(65536).endswith(b"\r\n\r\n"):
                pass
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with socket.create_connection(("127.0.0.1", port)) as server:
                threading.Thread(target=Relay.forward, args=(client, server), daemon=True).start()
                Relay.forward(server, client)
        return Server(converse)

    def ask_through(*san):
        with site([world.leaf(*san), world.intermediate]) as server, \
                proxy_to(server.port) as proxy:
            return fetch("--cacert", world.ca, "--allow-net", HOST, "--timeout-ms", "5000", "GET",
                         "https://%s/" % HOST,
                         env={"https_proxy": "http://localhost:%d" % proxy.port})[0]

    good = ask_through(HOST)
    check("tls/proxy-connect-match", good.status == 200, good)
    return ask_through("localhost")


# ---- versions, keys and orders of preference ----

def with_everyone():
    """A server of each version and kind of key, that goes by its own order and by the client's."""
    for key in "RSA:2048", "EC:P-256":
        chain = [world.leaf(HOST, key=key), world.intermediate]
        for version in "TLSv1_2", "TLSv1_3":
            for order in "client", "server":
                def tune(made):
                    only(ssl.TLSVersion[version])(made)
                    if order == "server":
                        made.options |= ssl.OP_CIPHER_SERVER_PREFERENCE

                name = "%s-%s-order-of-%s" % (key[:key.index(":")].lower(), version.lower(), order)
                report(name, serve(*chain, key=key, tune=tune))


def report(name, result):
    """Accepted, or not for a reason that is the library's."""
    unable = [why for part, words, why in UNABLE_WITH if part in name and words in repr(result)]
    if unable:
        skip("tls/" + name, unable[0])
    else:
        check("tls/" + name, result.status == 200, result)


# ---- all of them ----

def judge(case, result):
    """None, or why the result is not what is listed."""
    expected, error_class = case["expected"], case["error_class"]
    if result.error == "crash":
        return repr(result)
    accepted = result.status == 200 and not result.error
    honest = ("revoked", "must-staple-missing")  # no revocation: the honest result is accept
    if expected.startswith(("accept", "full handshake", "not stored")) or case["case"] in honest:
        return None if accepted else repr(result)
    if expected.startswith("either"):
        return None if accepted or result.error in ("tls", "protocol") else repr(result)
    if case["case"] == "redirect-downgrade":
        return None if accepted else repr(result)
    kinds = {"timeout": ["timeout"], "truncated": ["tls", "protocol"], "status-line": ["protocol"],
             "bad-record-mac": ["protocol"], "alert": ["tls", "protocol"],
             "handshake": ["tls", "protocol"]}.get(error_class, ["tls"])
    if result.error not in kinds or WORDS.get(error_class, "") not in result.text:
        return "expected %s (%s), got %r" % (kinds, error_class, result)
    return None


def main():
    global world
    path = os.path.join(DATA, "tls", "cases.tsv")
    if not os.path.exists(path):
        skip("tls", "DATA has no tls")
        return
    folder = tempfile.mkdtemp(prefix="hostel-tls-")
    try:
        world = World(folder)
        with_everyone()
        with open(path, newline="") as file:
            cases = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        for case in cases:
            name = case["case"]
            if name in NOT_RUN:
                skip("tls/" + name, NOT_RUN[name])
                continue
            result = globals()["case_" + name.replace("-", "_")]()
            why = judge(case, result)
            if why and name in UNABLE:
                skip("tls/" + name, UNABLE[name])
            else:
                check("tls/" + name, why is None, why)
    finally:
        shutil.rmtree(folder)
