"""One notebook run in a scratch folder, in a kernel of its own: what goes in, what comes out, and the run itself.

Nothing here knows a course's folder or its gradebook: a job can be run by any process, on any machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute

from grader.autograde.warm_kernels import WarmKernelManager
from grader.channel import Channel, ChannelError

KEPT = 2**28  # bytes of files that a run wrote, at most: they go through the memory of the process that wants them
PRINTED = 2**23  # bytes that one cell prints or displays, at most
CAN_INHERIT = sys.platform != "win32"  # there no process hands on a socket by its number
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")  # a worker of Dask's has one of each
HIDDEN = ("DASK_", "__DASK_", "GRADER_", "PYTHONHASHSEED", "MALLOC_TRIM_THRESHOLD_", *THREADS)  # none of a kernel's
SOCKET_NAME = 90  # characters of a folder in which sockets have names short enough for every system
PATIENCE = 5  # seconds for an answer that nobody waits for any more
ENDED = "This cell ended the kernel's process: it has no result, and no cell below it was run."
STUCK = "This cell ran out of time and did not stop when it was interrupted: the kernel was killed."
NOT_RUN = "This cell was not run: a cell above it ended the kernel."
CUT = f"\n(This cell prints more than {PRINTED >> 20} MB: the rest is left out.)\n"


@dataclass(frozen=True)
class Job:
    """A notebook to run, complete: whoever has it needs nothing else.

    Attributes:
        assignment, student, notebook: their names.
        content: the notebook as JSON, sanitized.
        files: what stands beside the notebook, by relative path.
        settings: traits of nbgrader's ``Execute``, its timeouts above all.
        env: environment variables that the kernel gets beside those of the process that runs it.
    """

    assignment: str
    student: str
    notebook: str
    content: str = field(repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Equal for jobs whose runs may stand for each other: same cells, surroundings and settings."""
        notebook = json.loads(self.content)
        parts = {
            "names": [self.assignment, self.student, self.notebook],
            "kernel": notebook["metadata"].get("kernelspec"),
            "cells": [[cell["cell_type"], cell["source"], cell["metadata"]] for cell in notebook["cells"]],
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()},
            "settings": {name: repr(value) for name, value in self.settings.items()},
            "env": dict(self.env),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Ran:
    """What a run has brought.

    Attributes:
        notebook: the executed notebook as JSON; as it was where the run failed.
        files: what the run wrote or changed beside the notebook, by relative path.
        accounts: what `Reception.finish` said of what the kernel handed over; None where it had no channel.
        trainings: names of those that it wanted, one for each time.
        notes: what an instructor should know of it, each one sentence.
        seconds: by part of the run.
        killed: a signal ended its kernel, or it did not start: that may be no doing of the notebook's.
        failure: why there is no executed notebook, one sentence; None where there is one.
    """

    notebook: str = field(repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    accounts: list[dict[str, Any]] | None = field(default=None, repr=False)
    trainings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    killed: bool = False
    failure: str | None = None


class Answering(Protocol):
    """The trusted side of one kernel's channel."""

    def answer(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer to one message."""

    def finish(self) -> list[dict[str, Any]]:
        """What is to be said of all messages; nothing comes afterwards."""


def run_notebook(job: Job, reception: Answering, scratch: str | None = None) -> Ran:
    """Run a notebook and bring back what came of it; its folder, made in ``scratch``, is gone afterwards.

    A kernel that dies or has to be killed is no failure: the cell says so, the cells below it were not run.
    """
    seconds: dict[str, float] = {}
    notebook = nbformat.reads(job.content, as_version=4)
    try:
        with _laid(job, scratch) as folder:
            with _channel(reception) as inherited:
                execute = _execute(job, notebook, folder, inherited, seconds)
            files, left_out = _written(folder, job)
    except NotExecutedError as error:
        return Ran(job.content, seconds=seconds, killed=error.killed, failure=str(error))
    with _timed(seconds, "judging"):
        accounts = reception.finish() if CAN_INHERIT else None
    notes, killed = (*execute.notes, *left_out), execute.killed
    return Ran(nbformat.writes(notebook), files, accounts, notes=notes, seconds=seconds, killed=killed)


class NotExecutedError(Exception):
    """There is no executed notebook; one sentence says why."""

    killed = False


class ScratchExecute(Execute):
    """nbgrader's ``Execute`` for one notebook, outside of any converter; results outlive its kernel."""

    def __init__(self, job: Job, scratch: Path, inherited: int | None) -> None:
        super().__init__(**{"kernel_manager_class": WarmKernelManager} | dict(job.settings))
        self.notes: list[str] = []
        self.killed = False
        self._job, self._scratch, self._inherited = job, scratch, inherited
        self._printed = 0

    def create_kernel_manager(self) -> Any:
        """A manager whose kernel inherits the channel, and whose sockets are files: no two take one port."""
        manager = super().create_kernel_manager()
        manager.inherited = self._inherited
        if CAN_INHERIT and len(str(self._scratch)) < SOCKET_NAME:
            manager.transport, manager.ip = "ipc", str(self._scratch / "kernel")
            manager.connection_file = str(self._scratch / "kernel.json")
        return manager

    def setup_kernel(self, **kwargs: Any) -> Any:
        """As ever, with the job's environment."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
        return super().setup_kernel(**{"env": own | dict(self._job.env)} | kwargs)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Run one cell; where the kernel is gone, say so in it."""
        self._printed = 0
        if self.notes:
            if cell.cell_type == "code" and cell.source.strip():
                cell.outputs = [_error("NotRun", NOT_RUN)]
            return cell, resources
        try:
            return super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            process = self.km.provisioner.process
            self.killed = process is None or (process.poll() or 0) < 0
            self._end(cell, "KernelDied", ENDED)
        except CellTimeoutError:
            run_sync(self.km.shutdown_kernel)(now=True)
            self._end(cell, "CellTimeoutError", STUCK)
        return cell, resources

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take one message of the kernel's; a flood is cut, what a score is read from is not."""
        if msg["msg_type"] in ("stream", "display_data", "update_display_data"):
            before = self._printed
            self._printed += len(json.dumps(msg["content"], default=repr))
            if self._printed > PRINTED:
                if before > PRINTED:
                    return None
                msg = {**msg, "msg_type": "stream", "content": {"name": "stdout", "text": CUT}}
                msg["header"] = {**msg["header"], "msg_type": "stream"}
        return super().process_message(msg, cell, cell_index)

    def _end(self, cell: NotebookNode, name: str, sentence: str) -> None:
        cell.outputs = [*cell.get("outputs", []), _error(name, sentence)]
        place = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "")
        self.notes.append(f"Cell '{place}' of {self._job.notebook}: {sentence}")


def _execute(
    job: Job, notebook: NotebookNode, folder: Path, inherited: int | None, seconds: dict[str, float]
) -> ScratchExecute:
    """Run the notebook, in place. Raises NotExecutedError."""
    execute = ScratchExecute(job, folder.parent, inherited)
    execute.on_notebook_start = lambda **_: seconds.update(start=time.perf_counter() - began)
    began = time.perf_counter()
    try:
        execute.preprocess(notebook, {"metadata": {"path": str(folder)}})
    except CellExecutionError as error:
        raise NotExecutedError(f"A cell raised {error.ename}, and errors are not allowed.") from error
    except NoSuchKernel as error:
        raise NotExecutedError(f"There is no kernel named {error.name} where it was to be run.") from error
    except (RuntimeError, AssertionError) as error:  # of nbclient and jupyter_client, where a kernel never answers
        not_started = NotExecutedError(f"Its kernel did not start ({error or 'no answer'}).")
        not_started.killed = True
        raise not_started from error
    seconds["cells"] = time.perf_counter() - began - seconds["start"]
    return execute


@contextlib.contextmanager
def _channel(reception: Answering) -> Iterator[int | None]:
    """The kernel's end of a channel whose other end is answered by a thread.

    What the reception raises closes the channel, so that no kernel waits for its answer, and is raised at the end.
    """
    if not CAN_INHERIT:
        yield None
        return
    own, kernels = socket.socketpair()
    channel, raised = Channel(own), []

    def serve() -> None:
        try:
            for message, _ in channel:
                channel.send(*reception.answer(message))
        except ChannelError:
            pass  # the kernel has ended, or sends what is none of its messages: nothing more is taken from it
        except BaseException as error:
            raised.append(error)
        finally:
            channel.close()

    thread = threading.Thread(target=serve, daemon=True, name="channel")
    thread.start()
    try:
        with kernels:
            yield kernels.fileno()
    finally:
        channel.close()
        thread.join(PATIENCE)
    if raised:
        raise raised[0]


@contextlib.contextmanager
def _laid(job: Job, scratch: str | None) -> Iterator[Path]:
    """A folder with the job's files, for as long as it is needed. Raises NotExecutedError."""
    with contextlib.ExitStack() as stack:
        try:
            made = tempfile.TemporaryDirectory(prefix="grading-", dir=scratch, ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(made)) / "work"
            for name, content in {**job.files, f"{job.notebook}.ipynb": job.content.encode()}.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise NotExecutedError(f"Its scratch folder cannot be written ({reason}).") from error
        yield folder


def _written(folder: Path, job: Job) -> tuple[dict[str, bytes], list[str]]:
    """What the run wrote or changed beside its notebook; a sentence where it is more than is kept."""
    files: dict[str, bytes] = {}
    room = KEPT
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        try:
            if path.is_symlink() or not path.is_file() or name == f"{job.notebook}.ipynb":
                continue
            if path.stat().st_size > room:
                return files, [f"{job.notebook} wrote more than {KEPT >> 20} MB: not all of it is kept."]
            content = path.read_bytes()
        except OSError:  # made unreadable by the notebook: then nobody can keep it
            continue
        if content != job.files.get(name):
            files[name] = content
            room -= len(content)
    return files, []


def _error(name: str, sentence: str) -> NotebookNode:
    return nbformat.v4.new_output(
        "error", ename=name, evalue=sentence, traceback=[f"\x1b[0;31m{name}\x1b[0m: {sentence}"]
    )


@contextlib.contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[part] = time.perf_counter() - began
