"""Keeps tests from reaching anything but this machine: a network of their own, with loopback only.

    subprocess.Popen(..., preexec_fn=alone.leave_network)

Linux gives one to root, and to others with a user namespace where that is allowed.
"""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess

NEW_NETWORK, NEW_USER = 0x40000000, 0x10000000  # CLONE_NEWNET, CLONE_NEWUSER
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP


def leave_network():
    """This process, which has one thread, and its children see loopback only. OSError if refused."""
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK) != 0:
        if libc.unshare(NEW_NETWORK | NEW_USER) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        for name, content in ("setgroups", "deny"), ("uid_map", "%d %d 1" % (uid, uid)), \
                ("gid_map", "%d %d 1" % (gid, gid)):
            with open("/proc/self/" + name, "w") as file:
                file.write(content)
    with socket.socket() as any_socket:
        flags = fcntl.ioctl(any_socket, GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", flags)[1] | UP
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", flags))


def can_be():
    try:
        subprocess.run(["true"], preexec_fn=leave_network, check=True)
        return True
    except (OSError, subprocess.SubprocessError):
        return False


def is_so():
    """No other network: a name that nobody knows is asked of nobody."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]
