"""What a box is made of: its layers and its limits, and which layers this system has."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from dropnorm.language import N_, _
from dropnorm.places import ROOT
from grader.autograde.box import linux

NOBODY = 65534  # the user that the superuser becomes in a box, and his group
GIB, MIB = 2**30, 2**20
FILE_SIZE = 256 * MIB  # bytes of one file, at most


class Layer(StrEnum):
    """A layer of the box, by what it keeps out."""

    FILES = "files"
    PROCESSES = "processes"
    NETWORK = "network"
    IPC = "ipc"
    PRIVILEGES = "privileges"
    CALLS = "calls"
    PATHS = "paths"
    LIMITS = "limits"
    WATCH = "watch"
    ENVIRONMENT = "environment"


TOLD = {
    Layer.FILES: N_("a mount namespace: nothing is seen but Python, its packages, the data, and a folder of one's own"),
    Layer.PROCESSES: N_("a PID namespace: no other process is seen, and all that was started ends together"),
    Layer.NETWORK: N_("a network namespace with nobody else in it: no packet, no local service, no abstract socket"),
    Layer.IPC: N_("an IPC namespace: no shared memory or message queue of others"),
    Layer.PRIVILEGES: N_("no capability, none to be gained, and never the superuser"),
    Layer.CALLS: N_("seccomp: no system call that looks into, or makes, what is outside of the other layers"),
    Layer.PATHS: N_("Landlock: once more the same files, by another part of Linux"),
    Layer.LIMITS: N_("resource limits: processes, open files, size of a file, processor time"),
    Layer.WATCH: N_("a watchdog: resident memory, and what is written to disk"),
    Layer.ENVIRONMENT: N_("no environment variable but those that a kernel needs"),
}
NAMESPACES = {Layer.FILES: "mount", Layer.PROCESSES: "pid", Layer.NETWORK: "net", Layer.IPC: "ipc"}
NOT_GIVEN = N_(
    "this user is not given it (a container, or a setting such as user.max_user_namespaces or "
    "kernel.apparmor_restrict_unprivileged_userns)"
)
NO_LINUX = N_("only Linux has it")
# Without one of these a learner's code may read or reach what is not its own. Landlock is a second wall before the same
# files, so that its lack alone opens nothing.
NEEDED = frozenset(Layer) - {Layer.PATHS}


@dataclass(frozen=True)
class Limits:
    """What one notebook may use, at most.

    Attributes:
        memory: bytes that its processes have in memory for themselves; a kernel that trains needs half of that.
        disk, files: bytes and files in its folder.
        processes: processes at one time.
        threads: threads of all of them.
        descriptors, descriptors_in_all: open files and sockets of each process, and of all.
        seconds: processor time of each process.
    """

    memory: int = 2 * GIB
    disk: int = 512 * MIB
    files: int = 20_000
    processes: int = 128
    threads: int = 1024
    descriptors: int = 512
    descriptors_in_all: int = 2048
    seconds: int = 3600


@dataclass(frozen=True)
class Box:
    """A box: the layers that it has, and its limits."""

    layers: frozenset[Layer] = frozenset(Layer)
    limits: Limits = field(default_factory=Limits)

    def without(self, layers: Iterable[Layer]) -> Box:
        """The same box without some layers; without its own view of files it has no table of its own processes either.

        In the table of all processes its watchdog would take others' for its own, and end a notebook for their memory.
        """
        gone = set(layers)
        return replace(self, layers=self.layers - gone - ({Layer.PROCESSES} if Layer.FILES in gone else set()))

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back."""
        return {"layers": sorted(self.layers), "limits": asdict(self.limits)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Box:
        """What `to_dict` wrote."""
        return cls(frozenset(map(Layer, content["layers"])), Limits(**content["limits"]))


@cache
def lacking() -> Mapping[Layer, str]:
    """The layers that this system does not have, each with the reason in a few words, which are translated where told.

    Each is tried as a box would close it, in a child of this process, which must have one thread. Found once.
    """
    if sys.platform != "linux":
        return dict.fromkeys(Layer, NO_LINUX)
    found: dict[Layer, str] = {}
    for layer, attempt in (
        (Layer.FILES, lambda: _try_files(Layer.FILES)),
        (Layer.PROCESSES, lambda: _try_files(Layer.FILES, Layer.PROCESSES)),  # which are seen in a table of their own
        (Layer.NETWORK, lambda: _separate(Layer.NETWORK)),
        (Layer.IPC, lambda: _separate(Layer.IPC)),
        (Layer.CALLS, _try_calls),
        (Layer.PATHS, _try_paths),
    ):
        if reason := _reason(attempt):
            found[layer] = reason
    return found


def lacking_here() -> Mapping[Layer, str]:
    """`lacking`, found by a process of its own: for one that may not fork. Raises OSError where none can be had."""
    if sys.platform != "linux":
        return lacking()
    code = "import json; from grader.autograde.box.layers import lacking; print(json.dumps(lacking()))"
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    if done.returncode:
        told = _("the layers of the box could not be tried: {reason}")
        raise OSError(told.format(reason=done.stderr.strip().splitlines()[-1]))
    return {Layer(name): reason for name, reason in json.loads(done.stdout).items()}


def as_superuser() -> bool:
    """Whether this process is the superuser's, and may be nobody's: one who is so by name only counts as ordinary."""
    if os.geteuid() != 0:
        return False
    ranges = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(first <= NOBODY < first + count for first, _, count in ranges)


def _separate(*layers: Layer) -> None:
    from grader.autograde.box import walls

    walls.separate(Box(frozenset(layers)))


def _try_files(*layers: Layer) -> None:
    """Close these layers around a child, which is the first process that a new PID namespace counts."""
    from grader.autograde.box import walls
    from grader.autograde.box.view import view

    seen = view()
    with tempfile.TemporaryDirectory() as root:
        _separate(*layers)
        if reason := _reason(lambda: walls.show_only(Box(frozenset(layers)), seen, Path(root), [])):
            raise OSError(reason)


def _try_calls() -> None:
    from grader.autograde.box import walls

    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    walls.bar_calls()


def landlock_version() -> int:
    """Which version of Landlock this system has; docs/threats.md says what each bars. Raises where it has none."""
    from py_landlock import Landlock

    return Landlock(strict=False).abi_version


def _try_paths() -> None:
    landlock_version()


def _reason(tried: Callable[[], None]) -> str:
    """Why something cannot be done here, in a few words; nothing where it can. It is done in a child."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        said = ""
        try:
            tried()
        except OSError as error:
            said = NOT_GIVEN if error.errno in (errno.EPERM, errno.EACCES, errno.ENOSPC) else str(error)
        except BaseException as error:
            said = (str(error) or type(error).__name__).splitlines()[0]
        os.write(write, said.encode()[:1000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        said = file.read().decode()
    os.waitpid(pid, 0)
    return said
