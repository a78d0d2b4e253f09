"""Many trainings at once: one process a core, one TensorFlow thread in each.

Small networks leave most of a second thread idle, so two processes finish sooner than one with two threads; and a
training on one thread gives the same numbers whatever the number of cores.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, TypeVar

from dropnorm import quiet

Job = TypeVar("Job")
Result = TypeVar("Result")


def finished(
    function: Callable[[Job], Result], jobs: Iterable[Job], processes: int | None = None
) -> Iterator[tuple[Job, Result]]:
    """Each job with its result, in the order in which they finish.

    Args:
        function: takes one job; it and the jobs must be picklable, for the processes are started anew.
        jobs: what is to be done.
        processes: how many at once; one a core by default.

    Raises what the function raises. Then, at an interrupt, and when no more results are taken, all jobs are dropped,
    those that run too.
    """
    jobs = list(jobs)
    if not jobs:
        return
    context = Uninterrupted()
    pool = ProcessPoolExecutor(
        min(processes or os.cpu_count() or 1, len(jobs)), mp_context=context, initializer=one_thread
    )
    try:
        futures = {pool.submit(function, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BaseException:
        context.end()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


class _Process(SpawnProcess):
    def start(self) -> None:
        if not hasattr(signal, "pthread_sigmask"):  # Windows, where a process cannot be started so
            super().start()
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Uninterrupted(SpawnContext):
    """Starts processes that no interrupt reaches, not while they import either: they inherit that from who starts them.

    An interrupt on the terminal is meant for the process that started them, and is sent to them too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._started: list[_Process] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # noqa: N802 (who needs a process calls it so)
        """A process of this context."""
        self._started.append(_Process(*args, **kwargs))
        return self._started[-1]

    def end(self) -> None:
        """End the processes that were started, whatever they are doing."""
        for process in self._started:
            if process.pid is not None:
                process.terminate()


def one_thread() -> None:
    """Start TensorFlow in this process, silently and on one thread. It must not have run anything yet."""
    quiet.start()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    end_with_parent()


def end_with_parent() -> None:
    """End this process when the one that started it has ended, even if that was killed: it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(0)
