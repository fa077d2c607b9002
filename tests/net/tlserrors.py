"""Why TLS failed, in words that help; and that it ends in time, whatever the server sends."""
import os
import shutil
import ssl
import tempfile

import tls
from certificates import CA, DAY, extension, seq, tlv
from harness import Server, check, fetch, skip

CONSTRAINTS = seq(tlv(0xA0, seq(tlv(0x82, b"elsewhere.test"))))


def says(name, result, *words):
    check("tls-errors/" + name, result.error == "tls" and all(w in result.text for w in words),
          result)


def certificates():
    says("expired", tls.case_expired_leaf(), "has expired", "clock")
    says("not-yet-valid", tls.case_not_yet_valid(), "not valid yet", "clock")
    says("other-host", tls.case_wrong_host(), "another host")
    says("unknown-root", tls.case_untrusted_root(), "trusted root", "--cacert")
    says("self-signed", tls.case_self_signed(), "trusted root", "--cacert")
    says("incomplete", tls.case_incomplete_chain(), "leaves out")
    says("weak-signature", tls.case_sha1_leaf(), "SHA-256")
    says("weak-key", tls.case_rsa1024_leaf(), "2048 bits")
    says("client-purpose", tls.case_eku_client_only(), "another purpose")
    for critical in False, True:
        constrained = CA + [extension("2.5.29.30", CONSTRAINTS, critical=critical)]
        says("name-constraints%s" % ("-critical" if critical else ""),
             tls.through(tls.other_intermediate(constrained)), "name constraints", "without")


def servers():
    newer = tls.usual(tune=tls.only(ssl.TLSVersion.TLSv1_3))
    if newer.status == 200:
        skip("tls-errors/newer", "this Mbed TLS has TLS 1.3")
    else:
        says("newer", newer, "another version of TLS", "1.2 alone")
    says("older", tls.case_tls11_only(), "version of TLS")
    says("ancient", tls.case_ssl3_only(), "1.2 is the oldest")
    says("suites", tls.case_cbc(), "cipher suite")
    says("unknown-name", tls.case_sni_unrecognized(), "does not know a host")
    says("no-tls", tls.case_plain_http_on_tls_port(), "http://")
    says("closed", tls.case_early_close(), "closed the connection")


def roots(folder):
    """What --cacert and SSL_CERT_FILE may name by mistake."""
    def text(name, content):
        path = os.path.join(folder, name)
        with open(path, "w") as file:
            file.write(content)
        return path

    root = tls.world.authority.make("Bound", "Bound", "EC:P-256/b", "EC:P-256/b", CA + [
        extension("2.5.29.30", CONSTRAINTS, critical=True)])
    cases = {"absent": (os.path.join(folder, "absent"), ["cannot be opened", "No such file"]),
             "folder": (folder, ["cannot be opened"]),
             "empty": (text("empty", ""), ["holds no certificates"]),
             "text": (text("text", "hello\n"), ["holds no certificates"]),
             "damaged": (text("damaged", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE"
                              "-----\n"), ["no trusted root"]),
             "constrained": (tls.world.write(root), ["name constraints"])}
    locked = text("locked", "")
    os.chmod(locked, 0)
    cases["locked"] = (locked, ["cannot be opened", "Permission denied"])
    nobody = 65534 if os.geteuid() == 0 else None  # to root no file is locked
    for name, (path, words) in cases.items():
        for way in "option", "variable":
            options = ["--cacert", path] if way == "option" else []
            env = {"SSL_CERT_FILE": path} if way == "variable" else {}
            with Server(lambda client, _: client.recv(9)) as server:
                origin = "127.0.0.1:%d" % server.port
                result = fetch(*options, "--allow-net", origin, "GET", "https://%s/" % origin,
                               env=env, user=nobody if name == "locked" else None)[0]
            check("tls-errors/roots-%s-%s" % (name, way), result.error in ("tls", "net") and
                  all(word in result.text for word in words), result)


def floods():
    """Records that mean nothing, faster than they can be read."""
    def converse(client, _):
        client.recv(65536)
        client.sendall(first)
        while True:
            client.sendall(tls.record(21, b"\1\x5a") * 5000)

    for name, first in (("at-once", b""), ("after-hello", tls.server_hello(0xC02F))):
        with Server(converse) as server:
            result = fetch("--allow-net", "127.0.0.1:*", "--cacert", tls.world.ca, "--timeout-ms",
                           "700", "GET", "https://127.0.0.1:%d/" % server.port, seconds=20)[0]
        check("tls-errors/flood-" + name, result.error == "timeout", result)


def main():
    folder = tempfile.mkdtemp(prefix="hostel-tls-")
    try:
        tls.world = tls.World(folder)
        certificates()
        servers()
        roots(folder)
        floods()
    finally:
        shutil.rmtree(folder)
