"""Each layer of a box, proved by trying to get through it: in a box of that layer alone, and without.

    python -P -m grader.autograde.box.trial ATTEMPT ARGUMENT

runs one attempt, in this process, and ends with 0 where it got through. An attempt that does not get through even
without a box proves nothing, and that is said.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dropnorm.language import N_, _
from dropnorm.places import ROOT
from grader.autograde.box import outcome
from grader.autograde.box.layers import MIB, Box, Layer, Limits

THROUGH, BARRED = 0, 7
SMALL = Limits(memory=300 * MIB, descriptors=64, threads=64)
PATIENCE = 60  # seconds for one attempt
TAKEN, MANY = 600, 200  # MiB that an attempt on memory takes, and files that one on files holds open
QUEUE = 0x64726F70  # the key of a message queue


@dataclass(frozen=True)
class Trial:
    """What is tried on a layer.

    Attributes:
        layer: the layer.
        attempt: what it does; whether it got through, which it did not either where it raises OSError.
        tried: the same in words that follow "tried:".
        given: makes what the attempt is made on, for as long as it is needed, and gives its argument.
        numbers: by name, those in ``tried``.
    """

    layer: Layer
    attempt: Callable[[str], bool]
    tried: str
    given: Callable[[], contextlib.AbstractContextManager[str]] = lambda: contextlib.nullcontext("")
    numbers: Mapping[str, int] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """What is tried, in the language that is spoken."""
        return _(self.tried).format(**self.numbers)


def read(path: str) -> bool:
    """Read a file."""
    return bool(Path(path).read_bytes())


def connect(port: str) -> bool:
    """Connect to a service of this machine."""
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5):
        return True


def send_signal(pid: str) -> bool:
    """Reach a process of the same user."""
    os.kill(int(pid), 0)
    return True


def find_queue(key: str) -> bool:
    """Find a message queue of System V."""
    return ctypes.CDLL(None).msgget(int(key), 0) != -1


def may_gain_privileges(_: str) -> bool:
    """Be somebody to whom a setuid program would still give its owner's rights."""
    return "NoNewPrivs:\t0" in Path("/proc/self/status").read_text()


def make_namespace(_: str) -> bool:
    """Make a user namespace, in which one is the superuser."""
    from grader.autograde.box import linux

    linux.unshare("user")
    return True


def open_many(_: str) -> bool:
    """Hold many files open."""
    with contextlib.ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(open(os.devnull))  # noqa: PTH123
    return True


def take_memory(_: str) -> bool:
    """Fill memory, and wait until somebody has looked."""
    with mmap.mmap(-1, TAKEN * MIB) as taken:
        for place in range(0, len(taken), mmap.PAGESIZE):
            taken[place] = 1
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run([sys.executable, "-c", "import signal; signal.pause()"], timeout=3)
    return True


def find_variable(name: str) -> bool:
    """Find an environment variable."""
    return name in os.environ


@contextlib.contextmanager
def _file() -> Iterator[str]:
    with tempfile.NamedTemporaryFile(dir=ROOT, prefix=".canary-") as file:
        file.write(secrets.token_bytes(16))
        file.flush()
        Path(file.name).chmod(0o644)
        yield file.name


@contextlib.contextmanager
def _service() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


@contextlib.contextmanager
def _process() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as process:
        try:
            yield str(process.pid)
        finally:
            process.kill()


@contextlib.contextmanager
def _queue() -> Iterator[str]:
    system = ctypes.CDLL(None)
    queue = system.msgget(QUEUE, 0o1666)
    try:
        yield str(QUEUE)
    finally:
        system.msgctl(queue, 0, None)


@contextlib.contextmanager
def _secret() -> Iterator[str]:
    name = "A_SECRET_OF_THE_INSTRUCTOR"
    os.environ[name] = secrets.token_hex()
    try:
        yield name
    finally:
        del os.environ[name]


TRIALS = (
    Trial(Layer.FILES, read, N_("reading a file in the course's folder"), _file),
    Trial(Layer.PROCESSES, send_signal, N_("reaching another process of the same user"), _process),
    Trial(Layer.NETWORK, connect, N_("reaching a service of this machine"), _service),
    Trial(Layer.IPC, find_queue, N_("finding a message queue of this machine"), _queue),
    Trial(Layer.PRIVILEGES, may_gain_privileges, N_("running as somebody who may gain privileges")),
    Trial(Layer.CALLS, make_namespace, N_("making a namespace in which one is the superuser")),
    Trial(Layer.PATHS, read, N_("reading a file in the course's folder"), _file),
    Trial(
        Layer.LIMITS,
        open_many,
        N_("holding {many} files open, where {allowed} are allowed"),
        numbers={"many": MANY, "allowed": SMALL.descriptors},
    ),
    Trial(
        Layer.WATCH,
        take_memory,
        N_("taking {much} MB of memory, where {allowed} are allowed"),
        numbers={"much": TAKEN, "allowed": SMALL.memory // MIB},
    ),
    Trial(Layer.ENVIRONMENT, find_variable, N_("finding a secret in the environment"), _secret),
)
ATTEMPTS = {trial.attempt.__name__: trial.attempt for trial in TRIALS}


def got_through(trial: Trial, box: Box, argument: str) -> bool:
    """Whether an attempt gets through a box; it runs in a process of its own."""
    from grader.autograde.scratch_execute import environment

    with tempfile.TemporaryDirectory(prefix="trial-", ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        outcome.lay_out(scratch)
        boxed = json.dumps({"box": box.to_dict(), "scratch": name})
        python = [sys.executable, "-P", "-m"]
        attempt = [*python, "grader.autograde.box.trial", trial.attempt.__name__, argument]
        done = subprocess.run(
            [*python, "grader.autograde.box", boxed, *attempt] if box.layers else attempt,
            cwd=scratch / outcome.WORK,
            env=environment(box) | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
        )
        if why := outcome.not_closed(scratch):
            raise OSError(why)
        return done.returncode == THROUGH


def proved(trial: Trial) -> tuple[bool, bool]:
    """Whether an attempt gets through a box that has this layer alone, and whether it gets through without a box."""
    with trial.given() as argument:
        alone = Box(frozenset({trial.layer}), SMALL)
        return got_through(trial, alone, argument), got_through(trial, Box(frozenset()), argument)


def main(attempt: str, argument: str) -> int:
    """Make one attempt; the exit code says whether it got through."""
    try:
        return THROUGH if ATTEMPTS[attempt](argument) else BARRED
    except OSError:
        return BARRED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
