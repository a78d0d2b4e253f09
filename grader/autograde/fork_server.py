"""A process that has imported TensorFlow and built nothing: the kernels of notebooks are forked from it.

    python -m grader.autograde.fork_server FD

``FD`` is one end of a socket pair. Over it comes a message of JSON for each kernel that is wanted, with the descriptor
that it alone inherits, if any, and for each question whether one has ended; each has one answer. When the other end is
closed, however its process ended, the kernels that still run are killed and this process ends. It has one thread when
it forks, or says how many it has and is not used: what other threads hold at that moment stays locked in the child for
ever.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import sys
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from dropnorm.language import LanguageError, use
from grader.autograde.box.layers import Box, Layer, lacking
from grader.autograde.box.outcome import WORK
from grader.channel import VARIABLE

# Set for this process before it starts, for its first import brings NumPy, whose libraries would start their threads. A
# kernel has as many as it would have by itself.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
BACKEND = "module://matplotlib_inline.backend_inline"  # what a kernel chooses, and matplotlib reads when it is imported
IMPORTED = (
    "ipykernel.debugger",  # first: it looks at whatever is imported by then
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_svg",
    "matplotlib.pyplot",
    "pandas.io.formats.html",
    "pooch",
    "py_landlock",  # of the walls: behind them the superuser's own Python may not be readable any more
    "pyseccomp",
    "sklearn.compose",
    "sklearn.model_selection",
    "sklearn.neighbors",
    "sklearn.preprocessing",
    "dropnorm.figures",
    "dropnorm.lab.live_curves",
    "grader.answered_fits",
    "grader.autograde.box.keeper",
    "grader.cells",
    "grader.exercises",
    "grader.tracing",
    "tqdm.auto",
)
GARBAGE = 20_000  # new objects before a kernel looks for unreachable ones: building a network makes thousands that stay
MESSAGE = 2**20  # bytes, at most: a whole environment goes in one


def serve(channel: socket.socket) -> None:
    """Fork what is asked for until the other end is closed."""
    running: dict[int, int | None] = {}  # process -> exit code, None while it runs
    answer(channel, {"threads": threads()})
    while True:
        try:
            message, inherited, *_ = socket.recv_fds(channel, MESSAGE, 1)
        except ConnectionResetError:  # the other end's process was killed with an answer unread
            break
        if not message:
            break
        asked = json.loads(message)
        if "fork" in asked:
            pid = os.fork()
            if not pid:
                become_kernel(channel, inherited, **asked["fork"])
            for descriptor in inherited:
                os.close(descriptor)
            running[pid] = None
            answer(channel, {"pid": pid})
        else:
            answer(channel, {"code": ended(running, asked["poll"])})
    for pid in running:
        if ended(running, pid) is None:
            with contextlib.suppress(ProcessLookupError):  # it may not have come as far as its own group
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def ended(running: dict[int, int | None], pid: int) -> int | None:
    """A kernel's exit code as `subprocess` counts it, a signal below 0; None while it runs.

    What it has started and left is ended with it: a process of a learner's would run on beside the next notebooks.
    """
    if running[pid] is None and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        with contextlib.suppress(ProcessLookupError):  # the number is still its own: it has not been waited for
            os.killpg(pid, signal.SIGKILL)
        running[pid] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return running[pid]


def become_kernel(
    channel: socket.socket,
    inherited: list[int],
    argv: list[str],
    cwd: str,
    env: dict[str, str],
    boxed: dict[str, Any] | None,
) -> NoReturn:
    """In the child: what a kernel that was started by itself would be, in its box, and its whole life."""
    code = 1
    try:
        os.setsid()  # a process group of its own: an interrupt reaches what the kernel has started, and nobody else
        channel.close()
        os.environ.clear()
        os.environ.update(env)
        with contextlib.suppress(LanguageError):  # a kernel of another language than this server's
            use(None)
        for descriptor in inherited:
            os.set_inheritable(descriptor, False)  # for this kernel, not for what it starts
            os.environ[VARIABLE] = str(descriptor)
        os.chdir(cwd)
        own_randomness_and_threads()
        if boxed is None:
            code = run_kernel(argv)
        else:
            from grader.autograde.box.keeper import run_boxed

            box, scratch = Box.from_dict(boxed["box"]).without(lacking()), Path(boxed["scratch"])
            if Layer.FILES not in box.layers:  # what there is instead bars the folders that are everybody's
                os.environ |= dict.fromkeys(("HOME", "TMPDIR"), str(scratch / WORK))
            run_boxed(box, scratch, inherited, partial(run_kernel, argv, Layer.NETWORK in box.layers))
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(code)  # never back into the server's loop


def own_randomness_and_threads() -> None:
    """Undo what children of one process would share: the state of random generators, and one thread for matrices."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    np.random.seed()  # Python's own generator does so itself
    if not any(name in os.environ for name in THREADS):
        threadpool_limits(len(os.sched_getaffinity(0)))


def run_kernel(argv: list[str], network: bool = True) -> int:
    """IPython's kernel, with the arguments that its launcher would get; returns when it is shut down.

    It has a socket of the network for what its child processes print; where there is no ``network``, it does without.
    """
    from ipykernel.iostream import IOPubThread
    from ipykernel.kernelapp import IPKernelApp

    from grader.answered_fits import begin

    if not network:
        IOPubThread._setup_pipe_in = lambda _: None
    begin()
    sys.argv = [str(find_spec("ipykernel_launcher").origin), *argv]
    app = IPKernelApp.instance()
    app.initialize([*argv, f"--IPKernelApp.parent_handle={os.getppid()}"])  # it ends when that process is gone
    app.start()
    return 0


def preload() -> None:
    """Import what the course's notebooks import, and prepare their data; TensorFlow computes nothing yet."""
    os.environ |= {"MPLBACKEND": BACKEND, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # else it warns of a debugger
    from dropnorm import quiet

    quiet.start()
    for module in IMPORTED:
        import_module(module)
    from dropnorm.curves import LearningCurves
    from dropnorm.datasets import DataError
    from dropnorm.figures import drawn_curves, svg
    from grader.exercises import EXERCISES

    svg(drawn_curves({"": LearningCurves([[2.0, 1.0]], [[2.0, 1.0]])}), "fonts are found and measured")
    with contextlib.suppress(DataError):  # then each kernel says what is missing
        for exercise in EXERCISES.values():
            if exercise.data_set is not None:
                exercise.data()  # every kernel would prepare it anew, to compare the learner's own with it
    from grader.autograde.box.view import view

    view()  # found before anything is out of sight
    lacking()
    gc.collect()
    gc.freeze()  # what is there by now is for good: no kernel goes through it, nor copies the memory that it lies in
    gc.set_threshold(GARBAGE)


def threads() -> int:
    """How many threads this process has, those of compiled libraries counted."""
    return len(list(Path("/proc/self/task").iterdir()))


def answer(channel: socket.socket, told: dict[str, Any]) -> None:
    """Send one answer; where nobody listens any more, the next message says so."""
    with contextlib.suppress(BrokenPipeError):
        channel.send(json.dumps(told).encode())


if __name__ == "__main__":
    preload()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asked; the channel's end is for this one
    with socket.socket(fileno=int(sys.argv[1])) as own_end:
        serve(own_end)
    os._exit(0)  # taking down what was imported takes a second
