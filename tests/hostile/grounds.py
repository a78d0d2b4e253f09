"""What attackers are after: canaries that hold a random token, listeners on this machine, and a process beside.

All of it is in a folder of its own outside of ``/tmp`` (which every box replaces), with a home of its own; nothing of
it is left afterwards.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dropnorm import places
from grader.autograde import warm_kernels

OUTSIDE = Path("/var/tmp")
# An instructor's secrets in the environment; some begin as what a kernel needs.
SECRET_VARIABLES = ("HOSTILE_TOKEN", "JUPYTERHUB_API_TOKEN", "JUPYTER_TOKEN", "TF_TOKEN_example", "CONDA_TOKEN")
BESIDE = """
import ctypes, sys
secret = ctypes.create_string_buffer(sys.argv[1].encode())
print(ctypes.addressof(secret), flush=True)
sys.stdin.read()
"""
FILES = (
    *("course/solutions/unit/one.ipynb", "course/submitted/ben/unit/one.ipynb", "course/autograded/ben/unit/one.ipynb"),
    *("course/.grading/records.json", "home/.ssh/id_ed25519", "home/.bashrc", "other/run/kernel.json", "secret.txt"),
    *("cache/trainings/one.npz", "course/exercises/unit/one.ipynb"),
)
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Grounds:
    """The canaries and the listeners.

    Attributes:
        root: the folder.
        token: what no attacker may bring back.
        names: places and numbers, as attackers' cells name them.
    """

    root: Path
    token: str
    names: dict[str, str] = field(default_factory=dict)
    beside: subprocess.Popen[str] | None = None
    _listeners: list[socket.socket] = field(default_factory=list)
    _heard: str = ""

    def heard(self) -> str:
        """All that any listener has been sent. What was sent by a process that has ended is there by now."""
        for listener in self._listeners:
            with contextlib.suppress(BlockingIOError):
                while True:
                    if listener.type == socket.SOCK_DGRAM:
                        self._heard += listener.recv(4096).decode(errors="replace")
                        continue
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.settimeout(1)
                        self._heard += connection.recv(4096).decode(errors="replace")
        return self._heard

    def read(self, name: str) -> str:
        """What stands in a canary now."""
        return (self.root / name).read_text()

    @property
    def score(self) -> float:
        """What the gradebook says of ada."""
        with contextlib.closing(sqlite3.connect(self.root / "course/gradebook.db")) as gradebook:
            return gradebook.execute("SELECT score FROM grade").fetchone()[0]

    @property
    def process_lives(self) -> bool:
        """Whether the process beside is still there."""
        return self.beside is not None and self.beside.poll() is None


@contextlib.contextmanager
def grounds() -> Iterator[Grounds]:
    """The grounds, and a process beside from which kernels are forked, started with a home there."""
    with contextlib.ExitStack() as stack:
        root = Path(tempfile.mkdtemp(prefix="hostile-", dir=OUTSIDE))
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        root.chmod(0o755)
        made = Grounds(root, secrets.token_hex(16))
        _canaries(made)
        _listen(made, stack)
        _process(made, stack)
        _shared_memory(made, stack)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("MPLCONFIGDIR", os.environ.get("MPLCONFIGDIR", str(Path.home() / ".config/matplotlib")))
        patch.setenv("HOME", str(root / "home"))
        for variable in SECRET_VARIABLES:
            patch.setenv(variable, made.token)
        if warm_kernels._server is not None:  # one of another file's tests, with another home
            warm_kernels._server.close()
        with _terminal(root / "terminal"):
            stack.callback(warm_kernels.the_server().close)
        yield made


def _canaries(made: Grounds) -> None:
    for name in FILES:
        path = made.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{made.token}\n")
    with contextlib.closing(sqlite3.connect(made.root / "course/gradebook.db")) as gradebook, gradebook:
        gradebook.execute("CREATE TABLE grade (student, score, hidden)")
        gradebook.execute("INSERT INTO grade VALUES ('ada', 0, ?)", [made.token])
    made.names |= {
        "root": str(made.root),
        "course": str(made.root / "course"),
        "home": str(made.root / "home"),
        "clone": str(places.ROOT),
        "packages": str(Path(pytest.__file__).parents[1]),
    }


def _listen(made: Grounds, stack: contextlib.ExitStack) -> None:
    abstract, in_tmp = f"\0{made.token[:8]}", str(Path(tempfile.gettempdir()) / f"hostile-{made.token[:8]}")
    stack.callback(Path(in_tmp).unlink, missing_ok=True)
    for name, family, kind, address in (
        ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        ("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
        ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        ("udp6", socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0)),
        ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, abstract),
        ("unix", socket.AF_UNIX, socket.SOCK_STREAM, str(made.root / "other/run/kernel-1")),
        ("tmp", socket.AF_UNIX, socket.SOCK_STREAM, in_tmp),
    ):
        listener = stack.enter_context(socket.socket(family, kind))
        listener.setblocking(False)
        try:
            listener.bind(address)
        except OSError:  # a machine without this kind
            continue
        if family == socket.AF_UNIX:
            made.names[name] = str(address).replace("\0", "\\x00")
            if not address.startswith("\0"):
                Path(address).chmod(0o777)
        else:
            made.names[name] = str(listener.getsockname()[1])
        if kind == socket.SOCK_STREAM:
            listener.listen()
        made._listeners.append(listener)


def _process(made: Grounds, stack: contextlib.ExitStack) -> None:
    command = [sys.executable, "-S", "-c", BESIDE, made.token]
    made.beside = subprocess.Popen(
        command, env={SECRET_VARIABLES[0]: made.token}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    stack.callback(made.beside.communicate)
    made.names |= {"process": str(made.beside.pid), "address": made.beside.stdout.readline().strip()}


def _shared_memory(made: Grounds, stack: contextlib.ExitStack) -> None:
    file = Path("/dev/shm") / f"hostile-{made.token[:8]}"
    file.write_text(made.token)
    stack.callback(file.unlink, missing_ok=True)
    segment = _libc.shmget(0, 4096, 0o1666)
    stack.callback(_libc.shmctl, segment, 0, None)
    _libc.shmat.restype = ctypes.c_void_p
    address = _libc.shmat(segment, None, 0)
    ctypes.memmove(address, made.token.encode(), len(made.token))
    made.names |= {"shared": str(file), "segment": str(segment)}


@contextlib.contextmanager
def _terminal(file: Path) -> Iterator[None]:
    """Standard output and error of what is started now lead into a file: it stands for an instructor's terminal."""
    kept = [os.dup(number) for number in (1, 2)]
    with file.open("w") as terminal:
        for number in (1, 2):
            os.dup2(terminal.fileno(), number)
    try:
        yield
    finally:
        for number, own in zip((1, 2), kept, strict=True):
            os.dup2(own, number)
            os.close(own)
