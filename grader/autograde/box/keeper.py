"""A process in a box: how it is started there, watched, and ended with all that it has started.

Three processes: this one, outside, which lives as long as the box and ends as what is inside ended; the keeper, the
first inside, which closes the walls, watches, and passes on signals; and the one that the box is for.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import psutil

from grader.autograde.box import linux, walls
from grader.autograde.box.layers import Box, Layer, as_superuser
from grader.autograde.box.outcome import OWN, ROOT, WHY, Ended
from grader.autograde.box.view import View, view

PULSE, SELDOM = 0.1, 1.0  # seconds between two looks at memory and processes, and at the disk
FORWARDED = (signal.SIGINT, signal.SIGTERM)
SIGNALLED = 128  # and the signal's number, as shells count


def run_boxed(box: Box, scratch: Path, kept: Sequence[int], work: Callable[[], int]) -> NoReturn:
    """Be the outermost process of a box; ``work`` runs inside, in a process of its own, and returns its exit code.

    Args:
        box: its layers and limits.
        scratch: a folder that holds `OWN` and `ROOT`.
        kept: open files that are handed to what runs inside, and to nothing else.
        work: runs when the walls are closed. Where they cannot be closed it does not run, and `WHY` says why.
    """
    told, tells = os.pipe()
    keeper = None
    with _telling(tells, ends=False):
        seen = view()
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        walls.separate(box)
        keeper = os.fork()
        if not keeper:
            _keep(box, seen, scratch, kept, work, tells)
    for number in FORWARDED:  # they go to the whole group, and are the keeper's
        signal.signal(number, signal.SIG_IGN)
    walls.hold_nothing([told])
    with os.fdopen(told, "rb") as file:
        if why := file.read():
            (scratch / WHY).write_bytes(why)
    _end_as(Ended.NOT_CLOSED if why else os.waitstatus_to_exitcode(os.waitpid(keeper, 0)[1]))


def _keep(box: Box, seen: View, scratch: Path, kept: Sequence[int], work: Callable[[], int], tells: int) -> NoReturn:
    with _telling(tells):
        own = [scratch / name for name in OWN]
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        linux.prctl(linux.PR_SET_SUBREAPER, 1)
        if Layer.PRIVILEGES in box.layers and as_superuser():
            walls.hand_over(scratch, own)
        if Layer.FILES in box.layers:
            folder = Path.cwd()
            walls.show_only(box, seen, scratch / ROOT, own)
            os.chdir(folder)
        if Layer.PRIVILEGES in box.layers:
            walls.give_up_privileges()
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)  # who changes his user loses it
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD, *FORWARDED])
        inside = os.fork()
        if not inside:
            _be_inside(box, seen, own, kept, work, tells)
        linux.prctl(linux.PR_SET_DUMPABLE, 0)  # nobody inside looks into this process
        walls.hold_nothing([])
    code = _watched(box, own, inside)
    for process in _children():
        with contextlib.suppress(psutil.Error):
            process.kill()
    os._exit(code)


def _be_inside(
    box: Box, seen: View, own: Sequence[Path], kept: Sequence[int], work: Callable[[], int], tells: int
) -> NoReturn:
    with _telling(tells):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD, *FORWARDED])
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        os.setsid()
        walls.hold_nothing([*kept, tells])
        if Layer.LIMITS in box.layers:
            walls.limit(box)
        if Layer.PATHS in box.layers:
            walls.bar_paths(box, seen, own)
        if Layer.CALLS in box.layers:
            walls.bar_calls(Layer.NETWORK in box.layers)
    code = 1
    try:
        os.close(tells)
        code = work()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        os._exit(code)


@contextlib.contextmanager
def _telling(tells: int, ends: bool = True) -> Iterator[None]:
    """What is raised here is told to the outermost process, and ends any other one."""
    try:
        yield
    except BaseException as error:
        os.write(tells, f"{type(error).__name__}: {error}".encode()[:1000])
        if ends:
            os._exit(Ended.NOT_CLOSED)


def _watched(box: Box, own: Sequence[Path], inside: int) -> int:
    """Wait for what is inside, pass signals on to it, and see to its limits; the exit code."""
    looked = time.monotonic()
    while True:
        seen = signal.sigtimedwait([signal.SIGCHLD, *FORWARDED], PULSE)
        if seen is not None and seen.si_signo in FORWARDED:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(inside, seen.si_signo)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                if ended[0] == inside:
                    return _as_code(os.waitstatus_to_exitcode(ended[1]))
        if Layer.WATCH in box.layers:
            seldom = time.monotonic() - looked > SELDOM
            looked = time.monotonic() if seldom else looked
            if beyond := _beyond(box, own, seldom):
                return beyond


def _beyond(box: Box, own: Sequence[Path], disk: bool) -> Ended | None:
    """The limit that is passed, if any; the disk is looked at where that is asked for."""
    limits, processes = box.limits, _children()
    if len(processes) > limits.processes or (disk and sum(map(_descriptors, processes)) > limits.descriptors_in_all):
        return Ended.PROCESSES
    # Libraries, and what is shared with the process that all were forked from, count for each: the next question, which
    # takes longer, is exact.
    if sum(map(_rough_memory, processes)) > limits.memory and sum(map(_memory, processes)) > limits.memory:
        return Ended.MEMORY
    if disk and _too_large(own, processes, limits.disk, limits.files):
        return Ended.DISK
    return None


def _children() -> list[psutil.Process]:
    try:
        return psutil.Process().children(recursive=True)
    except psutil.Error:
        return []


def _rough_memory(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        return process.memory_info().rss + _tables(process)
    return 0


def _memory(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        return process.memory_full_info().pss + _tables(process)
    return _rough_memory(process)


def _tables(process: psutil.Process) -> int:
    """Bytes by which Linux finds a process's memory: they grow with what it has looked at, be it nothing."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmPTE:"):
            return int(line.split()[1]) * 1024
    return 0


def _descriptors(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        return process.num_fds()
    return 0


def _too_large(own: Sequence[Path], processes: Sequence[psutil.Process], disk: int, files: int) -> bool:
    """Whether folders, and files that were deleted and are still open, hold more than they may."""
    size = count = 0
    waiting = list(map(str, own))
    while waiting:
        folder = waiting.pop()
        try:
            entries = _entries(folder)
        except FileNotFoundError:  # by now
            continue
        except OSError:  # deeper than paths reach, or kept from being looked at
            return True
        count += len(entries)
        for entry in entries:
            with contextlib.suppress(OSError):
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
        if size > disk or count > files:
            return True
    return size + sum(_deleted(process, own) for process in processes) > disk


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder, whatever its permissions: whose it is, is this process. Raises OSError."""
    try:
        return list(os.scandir(folder))
    except PermissionError:
        Path(folder).chmod(0o700)
        return list(os.scandir(folder))


def _deleted(process: psutil.Process, own: Sequence[Path]) -> int:
    """Bytes of files that are in no folder any more: open, or part of a process's memory."""
    size = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process.pid}/maps").read_text(errors="replace").splitlines():
            if line.endswith("(deleted)") and any(str(path) in line for path in own):
                start, _, end = line.split()[0].partition("-")
                size += int(end, 16) - int(start, 16)
    folder = Path(f"/proc/{process.pid}/fd")
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                found = path.stat()
                size += 0 if found.st_nlink else found.st_blocks * 512
    return size


def _as_code(code: int) -> int:
    """The exit code by which a keeper hands on how a process ended; no such process has one of `Ended`."""
    if code < 0:
        return SIGNALLED - code
    return code if code < SIGNALLED else SIGNALLED - 1


def _end_as(code: int) -> NoReturn:
    """End this process as the one inside was ended: by the same signal, or with its code."""
    if code < 0 or SIGNALLED < code < SIGNALLED + signal.NSIG:
        number = -code if code < 0 else code - SIGNALLED
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(code)
