"""A real httpbin on loopback over TLS, for the demo and its tests.

    with httpbin.Server() as server:
        ... server.port, server.ca_file ...

Debian's python3-httpbin runs under gunicorn, with threads and keep-alive, and shows a certificate
for httpbin.org by a certificate authority that lives in a temporary directory as long as the
server does. The socket is bound here and handed down, so no two servers can want the same port.
"""
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

CONFIGURATION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gunicorn_conf.py")
SECONDS = 30  # until the server answers, or has stopped

CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = throw-away CA of the demo
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:httpbin.org
authorityKeyIdentifier = keyid
"""


class Server:
    def __init__(self):
        self.directory = self.process = None

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="hostel-httpbin-")
        try:
            self.make_certificates()
            self.start()
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def path(self, name):
        return os.path.join(self.directory, name)

    @property
    def ca_file(self):
        return self.path("ca.pem")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def make_certificates(self):
        with open(self.path("openssl.cnf"), "w") as file:
            file.write(CONFIG)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self.openssl("req", "-config", "openssl.cnf", "-x509", "-extensions", "ca", "-days", "2",
                     *key, "-keyout", "ca.key", "-out", "ca.pem")
        self.openssl("req", "-config", "openssl.cnf", "-subj", "/CN=httpbin.org",
                     *key, "-keyout", "leaf.key", "-out", "leaf.csr")
        self.openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                     "-set_serial", "2", "-extfile", "openssl.cnf", "-extensions", "leaf",
                     "-days", "2", "-out", "leaf.pem")

    def start(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        with listener, open(self.path("log"), "wb") as log:
            self.process = subprocess.Popen(
                ["gunicorn", "--config", CONFIGURATION, "--bind", "fd://%d" % listener.fileno(),
                 "--certfile", self.path("leaf.pem"), "--keyfile", self.path("leaf.key"),
                 "--worker-class", "gthread", "--threads", "4", "--keep-alive", "5",
                 "--worker-tmp-dir", self.directory, "httpbin:app"],
                pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.directory, start_new_session=True)

    def wait(self):
        """Until httpbin answers a request as our guest will make it."""
        context = ssl.create_default_context(cafile=self.ca_file)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as raw, \
                     context.wrap_socket(raw, server_hostname="httpbin.org") as tls:
                    tls.sendall(b"GET /status/204 HTTP/1.1\r\nHost: httpbin.org\r\n"
                                b"Connection: close\r\n\r\n")
                    if tls.recv(64).startswith(b"HTTP/1.1 204"):
                        return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.path("log"), errors="replace") as log:
                    end = log.read().strip().splitlines()[-10:]
                raise RuntimeError("httpbin does not start:\n" + "\n".join(end))
            time.sleep(0.1)

    def stop(self):
        if self.process:
            for end in signal.SIGTERM, signal.SIGKILL:
                try:
                    os.killpg(self.process.pid, end)
                except ProcessLookupError:
                    pass
                try:
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    pass
        shutil.rmtree(self.directory, ignore_errors=True)


def prepare():
    """Let the signals that end a program unwind it, so that the server is stopped; and let no
    proxy come between the guest and the server."""
    for name in [n for n in os.environ if n.lower().endswith("_proxy")]:
        del os.environ[name]
    for number in signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, lambda n, _: exit(128 + n))
