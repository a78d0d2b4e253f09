"""nbgrader's ``Execute`` for one notebook in a scratch folder and in a box, outside of any converter.

What a cell costs, it costs its own notebook: a cell that ends the kernel, does not stop, or takes more than it may says
so, the results above it stay, and the cells below it say that they were not run.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import nbformat
import zmq
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import ValidationError, validate
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute

from dropnorm.language import N_, _
from grader.autograde.box.layers import MIB, Box, Layer
from grader.autograde.box.outcome import RUN, Ended, too_much
from grader.autograde.fork_server import THREADS
from grader.autograde.limits_told import what_to_do
from grader.autograde.nested import depth
from grader.autograde.warm_kernels import TENSORFLOW, Boxed, WarmKernelManager

PRINTED, PRINTED_IN_ALL = 8 * MIB, 32 * MIB  # bytes that a cell, and a notebook, print or display, at most
FLOOD = 256 * MIB  # bytes after which a cell is not waited for any more
MESSAGE = 100 * MIB  # bytes of one message of a kernel's, at most: a longer one ends its connection
A_MESSAGE = 200  # bytes that a message costs beside its content
MANY = 10**6  # cells that a kernel counts, at most
DEEP = 64  # levels of an output, at most
WHOLE = 3  # times what a cell may take, for a whole notebook
STOPPED = "stopped"  # in a graded notebook's metadata: the sentences that say what stopped it, and in which cell
CAN_INHERIT = sys.platform != "win32"  # there no process hands on a socket by its number
HIDDEN = ("DASK_", "__DASK_", "GRADER_", "PYTHONHASHSEED", "MALLOC_TRIM_THRESHOLD_")  # a worker's own
# Beginnings of what a kernel needs of the environment. What else is there, such as an instructor's tokens, is nothing
# for a learner's code.
NEEDED = (
    *("PATH", "HOME", "LANG", "LC_", "TZ", "LD_LIBRARY_PATH", "PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX", "MPL"),
    *("DROPNORM_", "KERAS_", "XLA_", "CUDA_", "OPENBLAS_", "OMP_", "MKL_", *TENSORFLOW),
)
# Several kernels run at once: more threads than cores would wait for each other. And sums whose order hangs on the
# number of threads are the same on every machine.
ONE_THREAD = dict.fromkeys((*THREADS, "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
SOCKET_NAME = 90  # characters of a folder in which sockets have names short enough for every system
# Why a cell was not run, as the name of the error that stands in it: what is decided is decided by these.
KERNEL_GONE, TIME_GONE = "NotRun", "NoTime"
ENDED = N_(
    "This cell ended the kernel's process: it has no result, and no cell below it was run. Look for what ends it, such "
    "as `os._exit`."
)
TIMED_OUT = N_(
    "This cell took more time than it has ({seconds} seconds) and was stopped: look for a loop that never ends, or "
    "train for fewer epochs."
)
STUCK = N_(
    "This cell ran out of time and did not stop when it was interrupted, so the kernel was killed: look for a loop "
    "that never ends and goes on after every exception."
)
EXITED = N_("This cell calls `exit` or `quit`, which ends the kernel, and no cell below it was run: take the call out.")
NO_MESSAGE = N_("This cell sent messages that no kernel sends: the kernel was ended, and no cell below it was run.")
NOT_RUN = N_("This cell was not run: a cell above it ended the kernel.")
NO_TIME = N_(
    "This cell was not run: the cells above it took all the time that a notebook has ({minutes} minutes). Let them do "
    "less, such as fewer epochs."
)
CUT = N_("(More than {size} MB in a cell, or {in_all} MB in all: the rest is left out.)")
FLOODED = N_(
    "This cell printed or displayed more than {size} MB, so the kernel was ended: print less, and look for a loop that "
    "never ends."
)


class ScratchExecute(Execute):
    """One notebook's run; results outlive its kernel. What it says to the notebook it says in the language spoken.

    Args:
        name: the notebook's.
        settings: traits of nbgrader's ``Execute``, its timeouts above all.
        env: environment variables that the kernel gets beside those of this process.
        boxed: the kernel's box, and the scratch folder with what a box needs.
        inherited: the kernel's end of its channel, if it has one.

    Attributes:
        notes: what an instructor should know of it, each one sentence.
        killed: a signal ended the kernel: that may be no doing of the notebook's.
    """

    def __init__(
        self, name: str, settings: Mapping[str, Any], env: Mapping[str, str], boxed: Boxed, inherited: int | None
    ) -> None:
        super().__init__(**{"kernel_manager_class": WarmKernelManager, "store_widget_state": False} | dict(settings))
        self.notes: list[str] = []
        self.killed = False
        self._name = name
        self._rest: tuple[str, str] | None = None  # what stands in the cells below: an error's name, and its sentence
        self._env, self._boxed, self._inherited = env, boxed, inherited
        self._printed, self._printed_in_all, self._exits = 0, 0, False
        self._ends: float | None = None  # when the notebook has to end, from its first cell on
        self._allowed: int | None = None  # seconds that the running cell has
        if self._bounded:
            self.timeout_func = self._left

    def create_kernel_manager(self) -> Any:
        """A manager whose kernel inherits the channel, and whose sockets are files: no two take one port."""
        manager = super().create_kernel_manager()
        manager.inherited, manager.boxed = self._inherited, self._boxed
        manager.context.setsockopt(zmq.MAXMSGSIZE, MESSAGE)
        folder = self._boxed.scratch / RUN
        if CAN_INHERIT and len(str(folder)) < SOCKET_NAME:
            manager.transport, manager.ip = "ipc", str(folder / "kernel")
            manager.connection_file = str(folder / "kernel.json")
        return manager

    def setup_kernel(self, **kwargs: Any) -> Any:
        """As ever, with an environment of its own."""
        return super().setup_kernel(**{"env": environment(self._boxed.box) | dict(self._env)} | kwargs)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Run one cell; where the kernel or the time is gone, say so in it."""
        self._printed = 0
        if cell.cell_type != "code" or not cell.source.strip():
            return cell, resources
        if self._ends is None and self._bounded:
            self._ends = time.monotonic() + WHOLE * self.timeout
        if self._rest is None and self._ends is not None and time.monotonic() > self._ends:
            self._rest = TIME_GONE, _(NO_TIME).format(minutes=f"{WHOLE * self.timeout / 60:.0f}")
            self._note(cell, self._rest[1])
        if self._rest is not None:
            cell.outputs = [_error(*self._rest)]
            return cell, resources
        try:
            cell, resources = super().preprocess_cell(cell, resources, index)
            if self._exits:  # the kernel ends soon after its reply, perhaps in the midst of the next cell
                run_sync(self.km.shutdown_kernel)(now=True)
                self._end(cell, "KernelDied", _(EXITED))
        except DeadKernelError:
            self._end(cell, "KernelDied", self._why_it_died())
        except CellTimeoutError:
            run_sync(self.km.shutdown_kernel)(now=True)
            self._end(cell, "CellTimeoutError", _(STUCK))
        except CellExecutionError:
            raise
        except Exception:  # whatever reading a message raises that a learner's code has written by itself
            run_sync(self.km.shutdown_kernel)(now=True)
            self._end(cell, "NoMessage", _(NO_MESSAGE))
        count = cell.get("execution_count")
        cell.execution_count = count if isinstance(count, int) and 0 < count < MANY else None
        cell.outputs = [output if _is_one(output) else _error("NoMessage", _(NO_MESSAGE)) for output in cell.outputs]
        return cell, resources

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take one message of the kernel's; a flood is cut, what a score is read from is not."""
        if msg["msg_type"].startswith("comm_"):  # of widgets, which nobody moves here: what they keep has no bound
            return None
        printed = len(json.dumps(msg["content"], default=repr)) + A_MESSAGE
        self._printed += printed
        if self._printed > FLOOD:
            self._kill()
            return None
        if msg["msg_type"] in ("stream", "display_data", "update_display_data", "error"):
            self._printed_in_all += printed
            beyond = max(self._printed - PRINTED, self._printed_in_all - PRINTED_IN_ALL)
            if beyond > 0:
                if beyond > printed:  # it was said with an earlier one
                    return None
                msg = _in_its_place(msg, "stream", {"name": "stdout", "text": _cut()})
            elif msg["msg_type"] == "error":
                msg = {**msg, "content": self._with_what_to_do(msg["content"])}
        elif msg["msg_type"] == "execute_result" and printed > PRINTED:  # larger than any score
            msg = _in_its_place(msg, "error", _too_long())
        return super().process_message(msg, cell, cell_index)

    @property
    def _bounded(self) -> bool:
        return self.timeout is not None and self.timeout > 0

    def on_cell_executed(self, **told: Any) -> None:
        """nbgrader's own, which notes a timeout, here with its reason; and whether the cell asked its kernel to end."""
        content = told["execute_reply"]["content"]
        if content["status"] == "error":  # it says once more what was displayed, and perhaps cut
            if self._allowed and content["traceback"] == (self.error_on_timeout or {}).get("traceback"):
                sentence = _(TIMED_OUT).format(seconds=self._allowed)
                content |= _error("CellTimeoutError", sentence)
                self._note(told["cell"], sentence)
            size = len(json.dumps(content, default=repr))
            if size > PRINTED or self._printed_in_all > PRINTED_IN_ALL:
                content |= _too_long()
        super().on_cell_executed(**told)
        self._exits = any(each.get("source") == "ask_exit" for each in content.get("payload") or [])

    def _left(self, _: NotebookNode) -> int:
        self._allowed = max(1, min(self.timeout, int(self._ends - time.monotonic())))
        return self._allowed

    def _with_what_to_do(self, content: dict[str, Any]) -> dict[str, Any]:
        """An error's content; where Python says of a limit that it was met, and no more, with what that means."""
        sentence = what_to_do(str(content["ename"]), str(content["evalue"]), self._boxed.box)
        if sentence is None:
            return content
        said = f"{content['evalue'].rstrip('.')}. {sentence}"
        return {**content, "evalue": said, "traceback": [*content["traceback"], sentence]}

    def _kill(self) -> None:
        process = self.km.provisioner.process if self.km.provisioner is not None else None
        if process is not None:
            process.kill()

    def _why_it_died(self) -> str:
        """One sentence for the cell that a kernel died in."""
        process = self.km.provisioner.process
        code = None if process is None else process.poll()
        if self._printed > FLOOD:
            return _(FLOODED).format(size=FLOOD // MIB)
        if code in set(Ended):
            return too_much(Ended(code), self._boxed.box)
        self.killed = code is None or code < 0
        return _(ENDED)

    def _end(self, cell: NotebookNode, name: str, sentence: str) -> None:
        cell.outputs = [*cell.get("outputs", []), _error(name, sentence)]
        self._rest = KERNEL_GONE, _(NOT_RUN)
        self._note(cell, sentence)

    def _note(self, cell: NotebookNode, sentence: str) -> None:
        place = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "")
        told = _("Cell '{cell}' of {notebook}: {sentence}")
        self.notes.append(told.format(cell=place, notebook=self._name, sentence=sentence))


def environment(box: Box) -> dict[str, str]:
    """The environment of a kernel in a box."""
    if Layer.ENVIRONMENT in box.layers:
        own = {name: value for name, value in os.environ.items() if name.startswith(NEEDED)}
    else:
        own = dict(os.environ)
    return {name: value for name, value in own.items() if not name.startswith(HIDDEN)} | ONE_THREAD


def _cut() -> str:
    return f"\n{_(CUT).format(size=PRINTED // MIB, in_all=PRINTED_IN_ALL // MIB)}\n"


def _too_long() -> dict[str, Any]:
    return {"ename": "TooLong", "evalue": _cut(), "traceback": [_cut()]}


def _in_its_place(message: dict[str, Any], kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {**message, "msg_type": kind, "header": {**message["header"], "msg_type": kind}, "content": content}


def _is_one(output: NotebookNode) -> bool:
    """Whether an output is one that a notebook may hold."""
    try:
        validate(output, ref="output", version=4)
    except (ValidationError, ValueError, TypeError, KeyError, RecursionError):
        return False
    return depth(output, DEEP) <= DEEP  # steps that copy a deeper one would end


def _error(name: str, sentence: str) -> NotebookNode:
    return nbformat.v4.new_output(
        "error", ename=name, evalue=sentence, traceback=[f"\x1b[0;31m{name}\x1b[0m: {sentence}"]
    )
