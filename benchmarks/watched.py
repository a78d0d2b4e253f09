"""A command run and watched: how long it takes, how much memory its processes use, how far it is."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from tqdm import tqdm

PAUSE = 3.0  # seconds between two looks; a look at ten processes takes some 50 ms
FORKING = "grader.autograde.fork_server"  # an argument of a worker's forking process, and so of its kernels
MIB = 2**20


@dataclass
class Memory:
    """Peaks in bytes.

    Attributes:
        main: what the command's own process has resident.
        worker: the largest worker with all processes below it; pages that several share are counted in parts, so that
            they count once.
        together: all processes, in the same way.
        workers: how many owned a forking process at once: a count, seen by the same looks.
    """

    main: int = 0
    worker: int = 0
    together: int = 0
    workers: int = 0

    def look(self, command: psutil.Process) -> None:
        """Take what is in use now."""
        with contextlib.suppress(psutil.Error):
            below = command.children(recursive=True)
            sizes = {process.pid: _size(process) for process in (command, *below)}
            self.main = max(self.main, command.memory_info().rss)
            self.together = max(self.together, sum(sizes.values()))
            workers = _workers(command, below)
            self.workers = max(self.workers, len(workers))
            for worker in workers or [command]:  # without workers, the command with all that it started
                whole = [worker, *worker.children(recursive=True)]
                self.worker = max(self.worker, sum(sizes.get(process.pid, 0) for process in whole))

    def to_dict(self) -> dict[str, int]:
        """In MiB."""
        return {
            "main process, MiB": self.main // MIB,
            "largest worker with its kernels, MiB": self.worker // MIB,
            "all processes, MiB": self.together // MIB,
            "workers seen": self.workers,
        }


@dataclass(frozen=True)
class Watched:
    """A command that has ended: its exit code, its seconds, its last words."""

    code: int
    seconds: float
    last: str
    memory: Memory = field(default_factory=Memory)


def watch(
    command: Sequence[str], folder: Path, env: dict[str, str], label: str, total: int, done: Callable[[], int]
) -> Watched:
    """Run a command to its end in a folder, and show how far it is.

    Args:
        command: its arguments.
        folder: where it runs.
        env: its environment.
        label: what the progress bar is called.
        total: how many things it does.
        done: how many of them are done.
    """
    memory = Memory()
    with tempfile.TemporaryFile() as said, tqdm(total=total, desc=label, leave=False) as bar:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=said, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                memory.look(psutil.Process(process.pid))
                bar.update(min(done(), total) - bar.n)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(PAUSE)
            seconds = time.perf_counter() - began
        finally:
            if process.poll() is None:  # an interrupt reaches it as well: it may clean up
                process.terminate()
                process.wait()
        said.seek(0)
        lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    return Watched(process.returncode, seconds, lines[-1][:300] if lines else "", memory)


def _workers(command: psutil.Process, below: list[psutil.Process]) -> list[psutil.Process]:
    """The processes that own a forking process."""
    processes = {process.pid: process for process in (command, *below)}
    forking = {process.pid for process in below if FORKING in _words(process)}
    owners = {process.ppid() for process in below if process.pid in forking} - forking
    return [processes[pid] for pid in owners if pid in processes]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _size(process: psutil.Process) -> int:
    try:
        told = process.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(told, "pss", told.uss)  # the first is Linux'
