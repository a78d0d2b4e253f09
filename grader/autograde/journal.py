"""What an `autograde` command leaves on disk while it works, so that the same command goes on where it was killed.

In the course's folder, under ``.grading/``: the runs that stock has not written yet, by the digest of their jobs; which
submissions are unfinished; how long each run took; and a lock, because two commands would undo each other's work.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import logging
import os
import platform
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

from dropnorm.files import write_atomically
from grader.autograde.notebook_run import Job, Ran
from grader.autograde.tasks import sources

FOLDER = Path(".grading")  # in the course's folder
OLD = 7 * 24 * 3600  # seconds after which nobody will go on with a run


class Journal:
    """The journal of a course.

    Args:
        course: its folder.
    """

    def __init__(self, course: Path) -> None:
        self._folder = course / FOLDER
        self._runs, self._unfinished = self._folder / "runs", self._folder / "unfinished.json"
        for path in self._runs.glob("*.json"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - OLD:
                    path.unlink()

    def keep(self, job: Job, ran: Ran) -> None:
        """Keep what a run has brought. A disk that is full costs the run's time, should the command be killed."""
        told = asdict(ran) | {"files": {name: base64.b64encode(each).decode() for name, each in ran.files.items()}}
        content = json.dumps(told).encode()
        with contextlib.suppress(OSError):
            write_atomically(self._path(job), hashlib.sha256(content).hexdigest().encode() + b"\n" + content)

    def load(self, job: Job) -> Ran | None:
        """What a run of that job has brought; None where it is not kept or is damaged."""
        try:
            seal, _, content = self._path(job).read_bytes().partition(b"\n")
        except OSError:
            return None
        if seal != hashlib.sha256(content).hexdigest().encode():
            return None
        told = json.loads(content)
        files = {name: base64.b64decode(each) for name, each in told.pop("files").items()}
        notes, trainings = tuple(told.pop("notes")), tuple(told.pop("trainings"))
        return Ran(**told, files=files, notes=notes, trainings=trainings)

    def holds(self, job: Job) -> bool:
        """Whether something is kept of that job."""
        return self._path(job).exists()

    def drop(self, job: Job) -> None:
        """Forget a run: stock has written it."""
        with contextlib.suppress(OSError):
            self._path(job).unlink()

    def unfinished(self, paths: Iterable[Path], since: float = 0) -> None:
        """Note what stock may have begun to write, should it be killed: submissions' folders, or notebooks."""
        told = {"since": since, "paths": [str(path) for path in paths]}
        with contextlib.suppress(OSError):
            if told["paths"]:
                write_atomically(self._unfinished, json.dumps(told).encode())
            else:
                self._unfinished.unlink(missing_ok=True)

    def clear(self) -> list[Path]:
        """Remove what a killed command has left half written: stock takes whatever is there for graded.

        Nothing is touched while a command works in the course, nor what was there before the killed one came to it.
        """
        cleared = []
        with contextlib.suppress(OSError, ValueError, KeyError), self._locked_now() as free:
            told = json.loads(self._unfinished.read_bytes()) if free else {"paths": []}
            for path in map(Path, told["paths"]):
                if path.exists() and path.stat().st_mtime >= told["since"]:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                    cleared.append(path)
            if free:
                self._unfinished.unlink()
        return cleared

    def note(self, **told: object) -> None:
        """Add a line to the log of times."""
        with contextlib.suppress(OSError), (self._folder / "timing.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")

    def lock(self, log: logging.Logger) -> Lock:
        """Keep other commands out of this course; where one works in it, that is said, and its end is waited for."""
        return Lock(self._folder / "lock", log)

    def _path(self, job: Job) -> Path:
        return self._runs / f"{hashlib.sha256((job.digest + sources()).encode()).hexdigest()}.json"

    @contextlib.contextmanager
    def _locked_now(self) -> Iterator[bool]:
        if not self._unfinished.exists() or (self._folder / "lock").resolve() in _held:
            yield False
            return
        with (self._folder / "lock").open("a+") as file:
            yield _try(file)


class Lock:
    """The lock of a course, from now on; a process that asks for it again has it twice."""

    def __init__(self, path: Path, log: logging.Logger) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._released = path.resolve(), False
        with _counting:
            if self._path in _held:
                _held[self._path][1] += 1
                return
        file = self._path.open("a+")
        if not _try(file):
            file.seek(0)
            log.warning("%s works in this course: waiting for it to end; Ctrl-C ends the wait.", file.read().strip())
            _wait(file)
        file.truncate(0)
        file.write(f"Another autograde (process {os.getpid()} on {platform.node()}, since {time.strftime('%H:%M')})")
        file.flush()
        with _counting:
            _held[self._path] = [file, 1]

    def release(self) -> None:
        """Let others in; once."""
        with _counting:
            if self._released:
                return
            self._released = True
            _held[self._path][1] -= 1
            if not _held[self._path][1]:
                _held.pop(self._path)[0].close()


_held: dict[Path, list] = {}  # lock -> its open file, and how often this process has it
_counting = threading.Lock()


def _try(file: IO[str]) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(file: IO[str]) -> None:
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX)
