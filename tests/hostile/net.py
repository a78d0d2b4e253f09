"""Attacks that reach out: over the network, to services of this machine, to other learners' kernels."""

from __future__ import annotations

from grader.autograde.box.layers import Layer

from .case import NOTHING_HEARD, REFUSED, Case, Defence, Family, Goal
from .read import FILES

NETWORK = frozenset({Layer.NETWORK, Layer.CALLS, Layer.PATHS})
STREAM = """
import socket
with socket.socket(socket.{family}) as connection:
    connection.settimeout(5)
    connection.connect({address})
    connection.sendall(b'$word')
"""
DATAGRAM = """
import socket
with socket.socket(socket.{family}, socket.SOCK_DGRAM) as sender:
    sender.sendto({sent}, {address})
"""
MADE = "import socket\nsocket.socket({kind}).close()\nprint('got through')"


def _sends(
    name: str, tries: str, cell: str, by: frozenset[Defence] = NETWORK, goal: Goal = NOTHING_HEARD, **more: bool
) -> Case:
    return Case(name, Family.NET, tries, (cell,), goal, by, **more)


CASES = (
    _sends(
        "tcp", "connects to a service of this machine", STREAM.format(family="AF_INET", address="('127.0.0.1', $tcp)")
    ),
    _sends("tcp6", "the same by IPv6", STREAM.format(family="AF_INET6", address="('::1', $tcp6)")),
    _sends(
        "udp",
        "sends a packet to a service of this machine",
        DATAGRAM.format(family="AF_INET", sent="b'$word'", address="('127.0.0.1', $udp)"),
    ),
    _sends("udp6", "the same by IPv6", DATAGRAM.format(family="AF_INET6", sent="b'$word'", address="('::1', $udp6)")),
    _sends(
        "name-server",
        "hides what it sends in a question to a name server",
        DATAGRAM.format(
            family="AF_INET",
            sent="b'\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0' + bytes([len('$word')]) + b'$word' + b'\\0\\0\\1\\0\\1'",
            address="('127.0.0.1', $udp)",
        ),
    ),
    _sends(
        "abstract-socket",
        "connects to an abstract socket, which is in no folder",
        STREAM.format(family="AF_UNIX", address="'$abstract'"),
    ),
    _sends(
        "other-kernel",
        "connects to the socket of another learner's kernel",
        STREAM.format(family="AF_UNIX", address="'$unix'"),
        by=FILES,
    ),
    _sends(
        "socket-in-tmp",
        "connects to a socket in the folder for temporary files",
        STREAM.format(family="AF_UNIX", address="'$tmp'"),
        by=FILES,
    ),
    _sends(
        "other-program",
        "lets another program connect",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', '''"
        + STREAM.format(family="AF_INET", address="('127.0.0.1', $tcp)")
        + "'''])",
    ),
    _sends(
        "interfaces",
        "asks which networks this machine is in (netlink)",
        "import socket\nprint([name for _, name in socket.if_nameindex()])",
        goal=Goal("nothing but its own loopback", lambda scene: any(name in scene.text for name in _interfaces())),
    ),
    _sends(
        "neighbours",
        "reads who else is in the network",
        "print(open('/proc/net/unix').read())",
        goal=Goal("no socket of others", lambda scene: scene.grounds.token[:8] in scene.text),
    ),
    _sends(
        "raw",
        "writes packets by itself",
        MADE.format(kind="socket.AF_PACKET, socket.SOCK_RAW"),
        by=NETWORK | {Layer.PRIVILEGES},
        goal=REFUSED,
        superuser=True,
    ),
    _sends(
        "virtual-machine",
        "talks to the machine that this one is a guest of",
        MADE.format(kind="socket.AF_VSOCK, socket.SOCK_STREAM"),
        by=frozenset({Layer.CALLS}),
        goal=REFUSED,
    ),
    _sends(
        "other-way-in",
        "makes system calls by a ring in memory, where no filter sees them (io_uring)",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.syscall(425, 1, 0)\n"
        "print('got through' if ctypes.get_errno() == 14 else ctypes.get_errno())",
        by=frozenset({Layer.CALLS}),
        goal=REFUSED,
    ),
)


def _interfaces() -> list[str]:
    import socket

    return [repr(name) for _, name in socket.if_nameindex() if name != "lo"]
