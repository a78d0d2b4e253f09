"""What the course needs of this machine, looked at one by one and said in plain words."""

import errno
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dropnorm.language import _, current, padded
from launcher.installation import SPACE_NEEDED, finished, usable
from launcher.layout import Layout, environment
from launcher.server import port_refused

MEMORY_NEEDED = 4e9  # bytes: a lesson's kernel, JupyterLab and a browser
USUAL_PORT = 8888
_MARKS = 7  # columns of what stands before a line
_PATIENCE = 10  # seconds for one question to the network
_SMALL = "six"  # a package of the lock, 11 kB, to ask the index for


@dataclass(frozen=True)
class Sign:
    """One thing looked at.

    Attributes:
        fine: whether the course can do with it as it is.
        text: what was seen, and what to do where it is not fine.
        needed: whether the course cannot do without.
    """

    fine: bool
    text: str
    needed: bool = True

    def __str__(self) -> str:
        mark = _("ok") if self.fine else _("MISSING") if self.needed else _("note")
        return f"{padded(mark, _MARKS)}  {self.text}"


def examine(layout: Layout) -> Iterator[Sign]:
    """Look at one thing after the other; those that ask the network come last, as they may take seconds."""
    looks: tuple[Callable[[Layout], Sign], ...] = (
        python, folder, disk, memory, port, installed, package_index, data_hosts,
    )  # fmt: skip
    for look in looks:
        yield look(layout)


def python(layout: Layout) -> Sign:
    """This Python, and whether it can make environments."""
    try:
        import ensurepip  # noqa: F401  Debian takes it out of Python and puts it into a package of its own
        import venv  # noqa: F401
    except ImportError:
        package = f"python3.{sys.version_info[1]}-venv"
        return Sign(False, _("Python's venv module: install {package}.").format(package=package))
    return Sign(
        True,
        _("Python {version} on {system} {machine}").format(
            version=platform.python_version(), system=platform.system(), machine=platform.machine()
        ),
    )


def folder(layout: Layout) -> Sign:
    """Whether the course's folder can be written to."""
    try:
        with tempfile.TemporaryFile(dir=layout.root) as file:
            file.write(b"x")
    except OSError as error:
        full = _("{folder} cannot be written to ({reason}): make room.")
        barred = _("{folder} cannot be written to ({reason}): move the course to a folder of your own.")
        told = full if error.errno == errno.ENOSPC else barred
        return Sign(False, told.format(folder=layout.root, reason=error.strerror))
    return Sign(True, _("{folder} can be written to").format(folder=layout.root))


def disk(layout: Layout) -> Sign:
    """Room for the installation, where it is not made yet."""
    free = shutil.disk_usage(layout.root).free / 1e9
    if free < SPACE_NEEDED / 1e9 and not finished(layout):
        return Sign(
            False,
            _("{free} GB of disk are free and {needed} GB are needed: make room.").format(
                free=f"{free:.1f}", needed=f"{SPACE_NEEDED / 1e9:.0f}"
            ),
        )
    return Sign(True, _("{free} GB of disk are free").format(free=f"{free:.1f}"))


def memory(layout: Layout) -> Sign:
    """The machine's memory, where the system tells it."""
    size = _memory()
    if size is None:
        return Sign(False, _("This system does not tell its memory; the course needs 4 GB."), needed=False)
    if size < MEMORY_NEEDED:
        return Sign(
            False,
            _("{size} GB of memory and 4 GB are needed: close other programs first.").format(size=f"{size / 1e9:.1f}"),
            needed=False,
        )
    return Sign(True, _("{size} GB of memory").format(size=f"{size / 1e9:.0f}"))


def _memory() -> float | None:
    if os.name == "nt":
        import ctypes

        class Status(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong), ("total", ctypes.c_ulonglong)] + [
                (name, ctypes.c_ulonglong)
                for name in ("free", "page", "page_free", "virtual", "virtual_free", "extended")
            ]

        status = Status(length=ctypes.sizeof(Status))
        return status.total if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None


def port(layout: Layout) -> Sign:
    """JupyterLab's usual port."""
    if refused := port_refused(USUAL_PORT):
        return Sign(
            False,
            _('{refused}; JupyterLab takes the next, or one you name: make lab ARGS="--port 8899".').format(
                refused=refused
            ),
            needed=False,
        )
    return Sign(True, _("Port {port} is free").format(port=USUAL_PORT))


def installed(layout: Layout) -> Sign:
    """Whether the environment is there and JupyterLab and nbgrader can be imported."""
    if not finished(layout) or not usable(layout):
        return Sign(
            False, _("Not installed yet, or not to the end: make lab (python3 course.py lab) does it."), needed=False
        )
    asked = _run(layout, "-c", "import jupyterlab, nbgrader, dropnorm, grader")
    if asked.returncode:
        last = asked.stderr.strip().splitlines()[-1]
        damaged = _("The environment is damaged ({reason}): delete the folder .venv and type make lab.")
        return Sign(False, damaged.format(reason=last))
    return Sign(True, _("JupyterLab, nbgrader and the course are installed"))


def package_index(layout: Layout) -> Sign:
    """Whether a package index answers, asked by pip, as the user configured it; the smallest package is fetched."""
    pip = layout.python if usable(layout) else sys.executable
    pinned = re.search(
        rf"^{_SMALL}==\S+", (layout.root / "requirements.lock").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    with tempfile.TemporaryDirectory() as nowhere:
        command = [pip, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--retries", "0"]
        command += ["--timeout", str(_PATIENCE), "--dest", nowhere, pinned[0] if pinned else _SMALL]
        try:
            asked = subprocess.run(
                command, capture_output=True, text=True, env=environment(layout), timeout=3 * _PATIENCE
            )
        except subprocess.TimeoutExpired:
            asked = None
    if asked is not None and asked.returncode == 0:
        return Sign(True, _("A package index answers"))
    needed = not finished(layout)
    if asked is not None and "No module named pip" in asked.stderr:
        return Sign(
            False, _("The package index was not asked: this Python has no pip; make lab brings it."), needed=False
        )
    return Sign(
        False,
        _("No package index answers: check the network, or pip's own settings (pip config list)."),
        needed=needed,
    )


def data_hosts(layout: Layout) -> Sign:
    """Whether the hosts of the official data can be reached; without them there are stand-ins."""
    try:
        listed = tomllib.loads((layout.root / "data" / "sources.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        return Sign(False, _("data/sources.toml cannot be read ({reason}).").format(reason=error))
    hosts = sorted({urllib.parse.urlsplit(url)._replace(path="/", query="").geturl() for url in _urls(listed)})
    if silent := [host for host in hosts if not _answers(host)]:
        told = _("Not reached: {hosts}; the course then uses stand-in data.")
        return Sign(False, told.format(hosts=current().between_items.join(silent)), needed=False)
    return Sign(True, _("The hosts of the official data answer"))


def _urls(listed: object) -> Iterator[str]:
    """The addresses of the data files, not those of papers and licences."""
    for source in listed.values() if isinstance(listed, dict) else ():
        if isinstance(source, dict) and isinstance(source.get("url"), str):
            yield source["url"]


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=_PATIENCE / 2).close()
    except urllib.error.HTTPError:  # any answer is one
        return True
    except OSError:
        return False
    return True


def _run(layout: Layout, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([layout.python, *arguments], env=environment(layout), capture_output=True, text=True)
