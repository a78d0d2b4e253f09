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
from dataclasses import fields
from pathlib import Path
from typing import IO

from dropnorm.files import write_atomically
from dropnorm.language import _
from grader.autograde.notebook_run import Job, Ran
from grader.autograde.tasks import data_in_use, sources

FOLDER = Path(".grading")  # in the course's folder
SUBMITTED, GRADED = "submitted", "autograded"  # nbgrader's own names, which the course leaves as they are
OLD = 7 * 24 * 3600  # seconds after which nobody will go on with a run


class Journal:
    """The journal of a course.

    Args:
        course: its folder.
    """

    def __init__(self, course: Path) -> None:
        self._course, self._folder = course, course / FOLDER
        self._runs, self._unfinished = self._folder / "runs", self._folder / "unfinished.json"
        for path in self._runs.glob("*.json"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - OLD:
                    path.unlink()

    def keep(self, job: Job, ran: Ran) -> None:
        """Keep what a run has brought. A disk that is full costs the run's time, should the command be killed."""
        with contextlib.suppress(OSError, ValueError, RecursionError):
            files = {name: base64.b64encode(each).decode() for name, each in ran.files.items()}
            told = {each.name: getattr(ran, each.name) for each in fields(ran)} | {"files": files}
            content = json.dumps(told).encode()
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

    def begins(self, notebooks: Iterable[str], **_: object) -> None:
        """Note the first submission that stock begins with: as nbgrader's hook before each one.

        `unfinished` is told of all of them, but only when stock has come to the first notebook; by then it has made the
        folder. What is graded again notebook by notebook is there already, and is left to `unfinished`.
        """
        with contextlib.suppress(OSError, ValueError, IndexError):
            submitted = Path(sorted(notebooks)[0]).resolve().parent.relative_to((self._course / SUBMITTED).resolve())
            folder = self._course / GRADED / submitted
            if not folder.exists() and not self._unfinished.exists():
                self.unfinished([folder], time.time())

    def ends(self, **_: object) -> None:
        """Stock has written a submission: as nbgrader's hook after each one. Whoever knows of more notes it again."""
        self.unfinished([])

    def alone(self, log: logging.Logger) -> Lock:
        """Keep other commands out as long as this process lives, from before stock touches anything; then `clear`."""
        lock = self.lock(log)
        self._clear(contextlib.nullcontext(True))
        return lock

    def clear(self) -> list[Path]:
        """Remove what a killed command has left half written: stock takes whatever is there for graded.

        Nothing is touched while a command works in the course, nor what was there before the killed one came to it.
        """
        return self._clear(self._locked_now())

    def _clear(self, locked: contextlib.AbstractContextManager[bool]) -> list[Path]:
        cleared = []
        with contextlib.suppress(OSError, ValueError, KeyError), locked as free:
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

    def lock(self, log: logging.Logger, waits: bool = True) -> Lock:
        """Keep other commands out of this course; where one works in it, that is said, and its end is waited for.

        Raises:
            CourseInUseError: one works in it, and nobody ``waits``.
        """
        return Lock(self._folder / "lock", log, waits)

    def _path(self, job: Job) -> Path:
        decided_by = job.digest, sources(), *sorted(data_in_use().items())
        return self._runs / f"{hashlib.sha256(repr(decided_by).encode()).hexdigest()}.json"

    @contextlib.contextmanager
    def _locked_now(self) -> Iterator[bool]:
        if sys.platform == "win32" or not self._unfinished.exists() or (self._folder / "lock").resolve() in _held:
            yield False  # on Windows nobody can tell whether a command works here
            return
        with (self._folder / "lock").open("a+") as file:
            yield _try(file)


class CourseInUseError(Exception):
    """Another command works in this course; one sentence says which."""


class Lock:
    """The lock of a course, from now on; a process that asks for it again has it twice."""

    def __init__(self, path: Path, log: logging.Logger, waits: bool = True) -> None:
        self._path, self._released = path.resolve(), False
        with _counting:
            if self._path in _held:
                _held[self._path][1] += 1
                return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            self._released = True  # there is nothing to release
            told = _("{file} cannot be written ({reason}): see to it that no second command works here.")
            log.warning("%s", told.format(file=path, reason=error.strerror))
            return
        if not _try(file):
            file.seek(0)
            holder = _holder(file.read())
            if not waits:
                file.close()
                told = _("{command} works in this course: grade again when it has ended.")
                raise CourseInUseError(told.format(command=holder))
            told = _("{command} works in this course: waiting for it to end; Ctrl-C ends the wait.")
            log.warning("%s", told.format(command=holder))
            _wait(file)
        with contextlib.suppress(OSError):  # a full disk: the lock holds without saying who has it
            file.truncate(0)
            holder = {"process": os.getpid(), "machine": platform.node(), "time": time.strftime("%H:%M")}
            file.write(json.dumps(holder))
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


def _holder(told: str) -> str:
    """Who has the lock, in words; the file holds no words, for it is read in other languages, too."""
    try:
        holder = json.loads(told)
        return _("Another command (process {process} on {machine}, since {time})").format(**holder)
    except (ValueError, TypeError, KeyError):  # it has just been taken, or a disk was full
        return _("Another command")


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
