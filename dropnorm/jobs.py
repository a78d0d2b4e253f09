"""Many trainings at once: one process a core, one TensorFlow thread in each.

Small networks leave most of a second thread idle, so two processes finish sooner than one with two threads; and a
training on one thread gives the same numbers whatever the number of cores.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.connection import wait
from typing import TypeVar

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

    Raises what the function raises; the jobs that have not begun are dropped then.
    """
    jobs = list(jobs)
    if not jobs:
        return
    pool = ProcessPoolExecutor(
        min(processes or os.cpu_count() or 1, len(jobs)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=one_thread,
    )
    try:
        futures = {pool.submit(function, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


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
