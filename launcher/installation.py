"""The course's environment: made where it is missing, made again where it is broken, else left as it is."""

import hashlib
import json
import os
import platform
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dropnorm.language import _
from launcher.layout import CourseError, Layout, environment, write_atomically
from launcher.progress import INSTALLING, Bar, PipLog

LOCKS = {"learner": "requirements.lock", "test": "requirements-test.lock"}
SPACE_NEEDED = 4e9  # bytes: 2.8 GB unpacked, and pip's downloads beside it
SUPPORTED_MINORS = range(11, 14)  # minor versions of Python 3, as in course.py


def ensure(layout: Layout, purpose: str = "learner") -> None:
    """Make sure that the environment holds what `purpose` needs: "learner", or "test", which includes it.

    What is installed is kept in a stamp, the digest of the lock and of the project's metadata, so that a second start
    only reads it. The stamp is written last. While packages are being unpacked it says "unfinished": after an
    interruption the next start begins anew. What fails before that (no network) leaves an environment as it was.

    Raises:
        CourseError: the environment cannot be made; what is missing and what to do.
    """
    with _one_at_a_time(layout):
        recorded = _installed(layout)
        if recorded.get(purpose) == _wanted(layout, purpose) and usable(layout):
            return
        recorded = _make_venv(layout, recorded)
        _install_locked(layout, LOCKS[purpose])
        _install_project(layout)
        recorded |= {"root": str(layout.root), purpose: _wanted(layout, purpose)}
        if purpose == "test":  # its lock holds the learner's, version by version
            recorded["learner"] = _wanted(layout, "learner")
        write_atomically(layout.stamp, json.dumps(recorded).encode())


def finished(layout: Layout) -> bool:
    """Whether an installation has come to its end here."""
    return "root" in _installed(layout)


def usable(layout: Layout) -> bool:
    """Whether the environment's Python runs, is of a supported version and has pip."""
    question = "import sys, importlib.util as u; print(sys.version_info[1] if u.find_spec('pip') else 0)"
    try:
        said = subprocess.run([layout.python, "-c", question], capture_output=True, text=True, timeout=60)
        return said.returncode == 0 and int(said.stdout) in SUPPORTED_MINORS
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False


def _installed(layout: Layout) -> dict[str, str]:
    """What the stamp says; nothing where there is none."""
    try:
        recorded = json.loads(layout.stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def _wanted(layout: Layout, purpose: str) -> str:
    """The digest of all that an installation depends on."""
    project = tomllib.loads((layout.root / "pyproject.toml").read_text(encoding="utf-8"))
    tools = project.pop("tool", {})
    lock = (layout.root / LOCKS[purpose]).read_text(encoding="utf-8")
    # The folder too, as an environment cannot be moved: its scripts name the Python they start.
    counts = [str(layout.root), lock, project, tools.get("setuptools")]
    return hashlib.sha256(json.dumps(counts).encode()).hexdigest()


def _make_venv(layout: Layout, recorded: dict[str, str]) -> dict[str, str]:
    """An environment with pip in it; what of `recorded` still holds for it."""
    if layout.venv.exists() or layout.venv.is_symlink():
        if recorded.get("unfinished"):
            print(_("The last installation was not finished; it starts again."))
        elif recorded.get("root", str(layout.root)) != str(layout.root):
            print(_("The course's folder has moved; its environment is made again."))
        elif not usable(layout):
            print(_("The environment .venv does not work with this Python; it is made again."))
        else:
            return recorded
        if layout.venv.is_symlink():
            layout.venv.unlink()
        else:
            shutil.rmtree(layout.venv)
    free = shutil.disk_usage(layout.root).free
    if free < SPACE_NEEDED:
        raise CourseError(
            _(
                "The installation needs {needed} GB of disk and {free} GB are free in {folder}: make room there and "
                "type the command again."
            ).format(needed=f"{SPACE_NEEDED / 1e9:.0f}", free=f"{free / 1e9:.1f}", folder=layout.root)
        )
    making = _("Making the course's environment in {folder} (once; a few minutes).")
    print(making.format(folder=layout.venv), flush=True)
    layout.venv.mkdir()
    _mark_unfinished(layout)
    # Not sys.executable: where the old environment is active, that one has just been deleted.
    python = getattr(sys, "_base_executable", sys.executable)
    made = subprocess.run([python, "-m", "venv", layout.venv], capture_output=True, text=True)
    if made.returncode:
        said = made.stdout + made.stderr
        if "ensurepip" in said:
            raise CourseError(
                _(
                    "Python's venv module is incomplete here: install it (on Debian and Ubuntu: {command}) and type "
                    "the command again."
                ).format(command=f"sudo apt install python3.{sys.version_info[1]}-venv")
            )
        raise explained(said, layout)
    return {}


def _mark_unfinished(layout: Layout) -> None:
    write_atomically(layout.stamp, json.dumps({"unfinished": True}).encode())


def _install_locked(layout: Layout, lock: str) -> None:
    """Install every package of `lock` by pip, as the user configured pip, and show how far it is."""
    names = re.findall(r"^[A-Za-z0-9][\w.-]*==", (layout.root / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)
    version = _pip(layout, "--version").split()[1]
    bar = "raw" if tuple(map(int, version.split(".")[:2])) >= (24, 1) else "off"
    command = ("install", "--disable-pip-version-check", "--progress-bar", bar, "-r", str(layout.root / lock))
    said: list[str] = []
    log, shown = PipLog(total=len(names)), Bar(sys.stdout)
    packages = next(iter((layout.venv / "Lib").glob("site-packages")), None) or next(
        (layout.venv / "lib").glob("python*/site-packages")
    )
    before = 0
    with subprocess.Popen(
        [layout.python, "-u", "-m", "pip", *command],
        env=environment(layout),
        cwd=layout.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as pip:
        try:
            for line in _lines_or_ticks(pip):
                if line:
                    said.append(line)
                    log.feed(line)
                    if line.startswith("Installing collected packages:"):
                        _mark_unfinished(layout)
                        before = _count(packages)
                if log.phase == INSTALLING:
                    log.done = max(0, min(_count(packages) - before, log.total))
                shown.show(log)
        except BaseException:  # Ctrl-C reaches pip as well; a full disk, here, does not
            pip.terminate()
            pip.wait()
            raise
    ended = _("stopped after {minutes}") if pip.returncode else _("installed after {minutes}")
    shown.end(ended.format(minutes=shown.elapsed()))
    if pip.returncode:
        raise explained("".join(said), layout)


def _count(packages: Path) -> int:
    """How many packages are unpacked so far."""
    return sum(1 for _ in packages.glob("*.dist-info"))


def _lines_or_ticks(process: subprocess.Popen) -> Iterator[str]:
    """The lines that `process` prints, and an empty one each half second in which it prints none."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            yield ""
            continue
        if line is None:
            return
        yield line


def _install_project(layout: Layout) -> None:
    """Put the course's own packages on the environment's path.

    Without build isolation and without an index: setuptools is in the lock, and nothing is left to be fetched.
    """
    _pip(layout, "install", "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(layout.root))


def _pip(layout: Layout, *arguments: str) -> str:
    """What pip prints."""
    done = subprocess.run(
        [layout.python, "-m", "pip", *arguments],
        env=environment(layout) | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        cwd=layout.root,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise explained(done.stdout + done.stderr, layout)
    return done.stdout


def explained(said: str, layout: Layout) -> CourseError:
    """What pip or venv stumbled over, in one sentence; their own last words where it is nothing known."""
    if re.search(r"Errno 28|No space left|Errno 122|quota exceeded|WinError 112", said, re.IGNORECASE):
        return CourseError(
            _("The disk is full: make room (4 GB) and type the command again; the installation then starts anew.")
        )
    if re.search(r"Errno (13|30|1)\]|Permission denied|Read-only file system|Access is denied", said, re.IGNORECASE):
        return CourseError(
            _("The folder {folder} cannot be written to: move the course to a folder of your own.").format(
                folder=layout.root
            )
        )
    if re.search(r"Connection|Retrying|timed out|Name or service|Max retries|resolve|SSLError|ProxyError", said):
        return CourseError(
            _(
                "No package index answered: check the network (behind a proxy or a mirror: pip's own settings, "
                "`pip config list`) and type the command again."
            )
        )
    if match := re.search(r"No matching distribution found for (\S+)", said):
        machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
        return CourseError(
            _(
                "The package index has no {package} for this machine ({machine}): the course runs on Linux and Windows "
                "(x86-64) and on macOS (arm64)."
            ).format(package=match[1], machine=machine)
        )
    last = [line.strip() for line in said.splitlines() if line.strip()][-3:]
    return CourseError(_("The installation failed; its last words: {words}").format(words=" / ".join(last)))


@contextmanager
def _one_at_a_time(layout: Layout) -> Iterator[None]:
    """Let one start at a time install; another waits. The lock is the system's: it ends with the process."""
    with (layout.root / ".course.lock").open("a+b") as file:
        told = False
        while not _lock(file.fileno()):
            if not told:
                print(_("Another command is installing the course here; this one waits for it."), flush=True)
                told = True
            time.sleep(1)
        yield


def _lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # somebody has it
        return False
    except OSError:  # a file system without locks: then two at a time are the user's to avoid
        return True
    return True
