"""Requests on a system whose /etc holds little but links that lead out of it, as some do: the names
of servers are looked up, and their certificates trusted, behind the second wall as well.

    HOSTEL=... GUEST=.../abi/ask.wasm links.py FOLDER

Started in mount and network namespaces of its own, where it makes such an /etc in FOLDER, with
servers of names and of HTTPS on loopback. Prints a line a case: its name, a tab, what is wrong.
"""
import fcntl
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading

HOSTEL, GUEST = os.environ["HOSTEL"], os.environ["GUEST"]
ETC = os.path.join(sys.argv[1], "etc")
OUT = os.path.join(sys.argv[1], "out")  # where the links lead


def loopback_up():
    with socket.socket() as s:
        request = struct.pack("16sh14x", b"lo", 1)  # IFF_UP
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


def name_server():
    """Knows server.links.test alone. It has not the address that is asked without a resolv.conf."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.2", 53))

    def serve():
        while True:
            query, client = s.recvfrom(512)
            end = query.index(b"\0", 12) + 5
            name, kind = query[12:end - 4], query[end - 4:end - 2]
            known = name == b"\6server\5links\4test\0"
            answers = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1" * (known and kind == b"\0\1")
            s.sendto(query[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1\0"
                     + bytes([len(answers) > 0]) + b"\0\0\0\0" + query[12:end] + answers, client)

    threading.Thread(target=serve, daemon=True).start()


def https_server(key, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 443))

    def serve():
        while True:
            client = listener.accept()[0]
            try:
                with context.wrap_socket(client, server_side=True) as s:
                    s.recv(65536)
                    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            except OSError:
                pass  # the client did not trust us

    threading.Thread(target=serve, daemon=True).start()


def certify():
    key, certificate = os.path.join(OUT, "key.pem"), os.path.join(OUT, "ca.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=links", "-addext", "subjectAltName=DNS:*.links.test",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


def file(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def link(target, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, path)


def ask(host, certificates=None, before_asking=lambda: None):
    """What the guest says of a request."""
    env = {k: v for k, v in os.environ.items() if k != "SSL_CERT_FILE"}
    if certificates:
        env["SSL_CERT_FILE"] = certificates
    p = subprocess.Popen([HOSTEL, "--allow-net", "*.links.test", "--allow-private-net",
                          "--invoke", "run", GUEST], env=env, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    p.stdin.write(b"pages\n")
    p.stdin.flush()
    p.stdout.readline()  # it runs
    before_asking()
    out = p.communicate(b"fetch 1 utf8 https://%s/\n" % host.encode(), timeout=60)[0]
    return out.decode().strip()


def succeeds(name, said):
    print("%s\t%s" % (name, "" if said.isdigit() else said), flush=True)


def fails(name, said, phrase):
    print("%s\t%s" % (name, "" if phrase in said else said), flush=True)


def main():
    os.makedirs(ETC)
    os.makedirs(OUT)
    loopback_up()
    name_server()
    https_server(*certify())

    # a chain whose second link leads through a linked directory; a file; a directory
    link("static/hosts", os.path.join(ETC, "hosts"))
    link(os.path.join(OUT, "store"), os.path.join(ETC, "static"))
    link("../hosts", os.path.join(OUT, "store/hosts"))
    file(os.path.join(OUT, "hosts"), "127.0.0.1 file.links.test\n")
    file(os.path.join(OUT, "resolv.conf"), "nameserver 127.0.0.2\n")
    link(os.path.join(OUT, "resolv.conf"), os.path.join(ETC, "resolv.conf"))
    file(os.path.join(OUT, "nsswitch.conf"), "hosts: files dns\n")
    link(os.path.join(OUT, "nsswitch.conf"), os.path.join(ETC, "nsswitch.conf"))
    link(os.path.join(OUT, "ssl"), os.path.join(ETC, "ssl"))
    link("../../ca.pem", os.path.join(OUT, "ssl/certs/ca-certificates.crt"))
    subprocess.run(["mount", "--bind", ETC, "/etc"], check=True)

    succeeds("a name from a file behind links", ask("file.links.test"))
    succeeds("a name from a server named behind a link", ask("server.links.test"))
    chosen = os.path.join(OUT, "chosen.pem")
    link("ca.pem", chosen)
    succeeds("SSL_CERT_FILE is a link", ask("file.links.test", chosen))
    other = os.path.join(OUT, "other.pem")
    file(other, "nothing")
    fails("SSL_CERT_FILE holds nothing", ask("file.links.test", other),
          other + ": it holds no certificates")

    def replace():
        file(other + ".new", "nothing")
        os.rename(other + ".new", other)

    said = ask("file.links.test", other, replace)
    walled = os.environ.get("WALLED") == "1"
    fails("SSL_CERT_FILE is another one by now", said,
          "cannot be opened: %s: Permission denied" % other if walled else "it holds no certificates")


main()
