"""A real nginx on loopback, clear and over TLS, on IPv4 and IPv6.

    with nginx.Server() as server:
        ... server.clear_port, server.port (TLS), server.v6_port, server.ca_file, server.www ...

Files in server.www are served from /, as chunks from /chunked/, compressed for those who accept
that from /gzip/. The certificate is the one of httpbin.py, for httpbin.org. nginx takes sockets
over that were bound here, so no two servers can want the same port.
"""
import getpass
import os
import socket
import subprocess
import time

import httpbin

CONFIG = """
daemon off;
user {user};
worker_processes 1;
pid {dir}/pid;
error_log {dir}/log;
events {{ worker_connections 256; }}
http {{
    log_format short "$connection $request";
    access_log {dir}/access short;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
    keepalive_requests 1000000;
    client_max_body_size 64k;
    ssl_certificate {dir}/leaf.pem;
    ssl_certificate_key {dir}/leaf.key;
    server {{
        listen 127.0.0.1:{clear};
        listen 127.0.0.1:{tls} ssl;
        listen [::1]:{v6};
        root {dir}/www;
        location = /status/204 {{ return 204; }}
        location = /small {{ return 200 "hello"; }}
        location = /thrice {{ keepalive_requests 3; return 200 "hello"; }}
        location = /away {{ return 302 http://httpbin.org/plain; }}
        location = /last {{ keepalive_timeout 0; return 200 "hello"; }}
        location /chunked/ {{ alias {dir}/www/; ssi on; ssi_types *; }}
        location /gzip/ {{ alias {dir}/www/; gzip on; gzip_types *; gzip_min_length 1; }}
    }}
}}
"""


class Server(httpbin.Server):
    @property
    def www(self):
        return self.path("www")

    def start(self):
        os.mkdir(self.www)
        listeners = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0)),
                     socket.create_server(("::1", 0), family=socket.AF_INET6)]
        self.clear_port, self.port, self.v6_port = [x.getsockname()[1] for x in listeners]
        with open(self.path("conf"), "w") as file:
            file.write(CONFIG.format(dir=self.directory, clear=self.clear_port, tls=self.port,
                                     v6=self.v6_port, user=getpass.getuser()))
        numbers = [x.fileno() for x in listeners]
        with open(self.path("log"), "wb") as log:
            self.process = subprocess.Popen(
                ["nginx", "-p", self.directory, "-e", self.path("log"), "-c", self.path("conf")],
                env=dict(os.environ, NGINX="".join("%d;" % n for n in numbers)),
                pass_fds=numbers, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        for listener in listeners:
            listener.close()

    def connections(self, path, count=0):
        """The numbers of the connections that path was asked for on, in order: `count` of them,
        for nginx writes its log after it answered."""
        deadline = time.monotonic() + httpbin.SECONDS
        while True:
            with open(self.path("access")) as file:
                lines = [line.split() for line in file.read().split("\n")[:-1]]
            found = [line[0] for line in lines if line[2] == path]
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.05)
