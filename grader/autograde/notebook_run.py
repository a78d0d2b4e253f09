"""One notebook run in a scratch folder, in a kernel of its own: what goes in, what comes out, and the run itself.

Nothing here knows a course's folder or its gradebook: a job can be run by any process, on any machine.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellExecutionError
from nbformat.notebooknode import NotebookNode

from dropnorm.language import _
from dropnorm.language.choice import VARIABLE as SPOKEN
from grader.autograde.box.layers import Box
from grader.autograde.box.outcome import WORK, lay_out, not_closed
from grader.autograde.brought_back import remove, told_of, written
from grader.autograde.scratch_execute import CAN_INHERIT, SOCKET_NAME, ScratchExecute
from grader.autograde.warm_kernels import Boxed
from grader.channel import Channel, ChannelError
from grader.languages import in_language, language_of

PATIENCE = 5  # seconds for an answer that nobody waits for any more
BOX = Box()  # all that this system has
DECIDING = ("nbgrader", "tags")  # what of a code cell's metadata decides how it is run: all else is a page's
TIMES = "execution"  # in a cell's metadata: when it was run
HERE = Path(WORK) / "notebook"  # where it runs, in its scratch folder: one that it can delete, as it could anywhere


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
    def program(self) -> bytes:
        """The notebook as its own code finds it beside itself: what of it decides a run, so no prose."""
        whole = json.loads(self.content)
        cells = [
            {
                "cell_type": "code",
                "source": cell["source"],
                "metadata": {name: cell["metadata"][name] for name in DECIDING if name in cell["metadata"]},
                "outputs": cell["outputs"],  # none, unless nbgrader is told to leave what was saved
                "execution_count": None,
            }
            for cell in whole["cells"]
            if cell["cell_type"] == "code"
        ]
        kernel = {name: value for name, value in whole["metadata"].items() if name == "kernelspec"}
        return json.dumps(
            {"nbformat": 4, "nbformat_minor": 4, "metadata": kernel, "cells": cells}, sort_keys=True
        ).encode()

    @functools.cached_property
    def code_digest(self) -> str:
        """A digest of all that a run can see, so equal for jobs whose runs may stand for each other.

        A kernel is not told whose notebook it runs, and sees no prose. So the run of one learner's notebook may be
        that of a classmate's as well, as long as both are the same to the letter wherever it is code.
        """
        parts = {
            "names": [self.assignment, self.notebook],
            "program": hashlib.sha256(self.program).hexdigest(),
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()},
            "settings": {name: repr(value) for name, value in self.settings.items()},
            "env": dict(self.env),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def digest(self) -> str:
        """Of its code, and whose it is: by this a run is kept should the command be killed."""
        return hashlib.sha256(f"{self.code_digest} {self.student}".encode()).hexdigest()


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
        name: its own, by which it is known again where it was kept.
    """

    notebook: str = field(repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    accounts: list[dict[str, Any]] | None = field(default=None, repr=False)
    trainings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    killed: bool = False
    failure: str | None = None
    name: str = field(default_factory=lambda: uuid.uuid4().hex, repr=False, compare=False)


class Answering(Protocol):
    """The trusted side of one kernel's channel."""

    def answer(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer to one message."""

    def finish(self) -> list[dict[str, Any]]:
        """What is to be said of all messages; nothing comes afterwards."""


def run_notebook(job: Job, reception: Answering, scratch: str | None = None, box: Box = BOX) -> Ran:
    """Run a notebook in a box and bring back what came of it; its folder, made in ``scratch``, is gone afterwards.

    A kernel that dies or has to be killed is no failure: the cell says so, the cells below it were not run. What its
    learner reads is in the assignment's language, wherever this runs; a failure is told to the instructor.
    """
    seconds: dict[str, float] = {}
    notebook = nbformat.reads(job.content, as_version=4)
    for cell in notebook.cells:
        cell.metadata.pop(TIMES, None)  # those of an earlier run
    try:
        with _laid(job, scratch) as folder:
            with _channel(reception) as inherited:
                execute = _execute(job, notebook, Boxed(box, folder.parents[1]), inherited, seconds)
            files, left_out = written(folder.parents[1], HERE.parts, job.files)
    except NotExecutedError as error:
        return Ran(job.content, seconds=seconds, killed=error.killed, failure=str(error))
    with _timed(seconds, "judging"), in_language(job.assignment):
        accounts = reception.finish() if CAN_INHERIT else None
        notes = (*execute.notes, *([told_of(job.notebook, left_out)] if left_out else []))
    # What no encoding holds, such as half of a character, is for a kernel to send and for nobody to write.
    content = json.dumps(notebook, ensure_ascii=False).encode(errors="replace").decode()
    return Ran(content, files, accounts, notes=notes, seconds=seconds, killed=execute.killed)


class NotExecutedError(Exception):
    """There is no executed notebook; one sentence says why."""

    killed = False


def _execute(
    job: Job, notebook: NotebookNode, boxed: Boxed, inherited: int | None, seconds: dict[str, float]
) -> ScratchExecute:
    """Run the notebook, in place. Raises NotExecutedError."""
    language = language_of(job.assignment)
    execute = ScratchExecute(job.notebook, job.settings, {**job.env, SPOKEN: language.code}, boxed, inherited)
    execute.on_notebook_start = lambda **_: seconds.update(start=time.perf_counter() - began)
    began = time.perf_counter()
    try:
        with in_language(job.assignment):
            execute.preprocess(notebook, {"metadata": {"path": str(boxed.scratch / HERE)}})
    except CellExecutionError as error:
        told = _("A cell raised {error}, and errors are not allowed.")
        raise NotExecutedError(told.format(error=error.ename)) from error
    except NoSuchKernel as error:
        told = _("There is no kernel named {kernel} where it was to be run.")
        raise NotExecutedError(told.format(kernel=error.name)) from error
    except OSError as error:  # a full disk, above all
        told = _("Its kernel's files cannot be written ({reason}).")
        raise NotExecutedError(told.format(reason=error.strerror or error)) from error
    except RecursionError as error:
        raise NotExecutedError(_("What its kernel sent is nested too deep to be read.")) from error
    except (RuntimeError, AssertionError) as error:  # of nbclient and jupyter_client, where a kernel never answers
        if why := not_closed(boxed.scratch):
            told = _("The box around its kernel could not be closed ({reason}).")
            raise NotExecutedError(told.format(reason=why)) from error
        told = _("Its kernel did not start ({reason}).")
        not_started = NotExecutedError(told.format(reason=str(error) or _("no answer")))
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
    channel, raised = Channel(own, blob=0), []

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
            made = Path(tempfile.mkdtemp(prefix="grading-", dir=_short(scratch or tempfile.gettempdir())))
            stack.callback(remove, made)
            lay_out(made)
            folder = made / HERE
            folder.mkdir()
            for name, content in {**job.files, f"{job.notebook}.ipynb": job.program}.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise NotExecutedError(
                _("Its scratch folder cannot be written ({reason}).").format(reason=reason)
            ) from error
        yield folder


def _short(folder: str) -> str:
    """A folder in which sockets have names short enough: a kernel in its box is reached by nothing else."""
    return folder if len(folder) < SOCKET_NAME - 30 or not Path("/tmp").is_dir() else "/tmp"


@contextlib.contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[part] = time.perf_counter() - began
