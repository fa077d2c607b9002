"""Settings of the gunicorn that httpbin.py starts.

Version 20, which Ubuntu 24.04 has, calls ssl.wrap_socket, which its Python 3.12 no longer has.
"""
import ssl


def wrap_socket(sock, certfile=None, keyfile=None, server_side=True, **_):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certfile, keyfile)
    return context.wrap_socket(sock, server_side=server_side)


if not hasattr(ssl, "wrap_socket"):
    ssl.wrap_socket = wrap_socket
