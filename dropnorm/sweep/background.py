"""Runs in processes of their own, at the lowest priority, while the notebook's kernel answers.

A wish replaces the one before: what has not begun is dropped, what runs is finished and kept. The processes end with
the kernel, even with one that was killed.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

from threadpoolctl import threadpool_limits

from dropnorm.curves import LearningCurves
from dropnorm.split import Split
from dropnorm.sweep import cache, runs
from dropnorm.sweep.plan import Plan

PRIORITY = 10  # of 19, the lowest: enough that a learner's own training beside it goes first


class Background:
    """Trains plans and calls back with their curves.

    Args:
        on_curves: called with a plan and its curves, from a thread of the pool or, for what the cache holds, from the
            thread that wishes; it must be quick and thread-safe.
        on_failure: called with one sentence when runs cannot be computed at all.
        processes: how many runs at once; one a core by default.
    """

    def __init__(
        self,
        on_curves: Callable[[Plan, LearningCurves], None],
        on_failure: Callable[[str], None],
        processes: int | None = None,
    ) -> None:
        self._on_curves, self._on_failure = on_curves, on_failure
        self._processes = processes or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: list[Future[LearningCurves]] = []
        self._wish = 0
        self._lock = threading.Lock()

    def want(self, plans: Sequence[Plan], split: Split) -> None:
        """Compute these plans, in this order, in place of what was wanted before. Returns at once."""
        data = cache.digest(split)
        kept = {plan: cache.load(plan, data) for plan in plans}
        with self._lock:
            self._wish += 1
            for future in self._waiting:
                future.cancel()
            self._waiting = []
        for plan, curves in kept.items():
            if curves is not None:
                self._on_curves(plan, curves)
        lacking = [plan for plan, curves in kept.items() if curves is None]
        if lacking:
            self._submit(lacking, split, data)

    def _submit(self, plans: Sequence[Plan], split: Split, data: str) -> None:
        with self._lock:
            wish = self._wish
            try:
                self._pool = self._pool or self._started()
                futures = [self._pool.submit(computed, plan, split, data) for plan in plans]
            except (OSError, RuntimeError) as error:  # no process may be started, or the pool has broken
                self._pool = None
                self._on_failure(f"Curves cannot be computed in the background: {error}. Run the cell again.")
                return
            self._waiting = futures
        for plan, future in zip(plans, futures, strict=True):
            future.add_done_callback(lambda future, plan=plan: self._done(plan, future, wish))

    def _done(self, plan: Plan, future: Future[LearningCurves], wish: int) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._on_curves(plan, future.result())
        elif isinstance(error, BrokenProcessPool):
            with self._lock:
                first, self._pool = self._pool is not None and wish == self._wish, None
            if first:
                self._on_failure("The background processes have ended: move a control to start them again.")
        else:
            self._on_failure(f"A background run failed: {error}.")

    def _started(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._processes, mp_context=multiprocessing.get_context("spawn"), initializer=humble)

    def close(self) -> None:
        """Drop what has not begun, and end the processes when what runs is finished."""
        with self._lock:
            pool, self._pool, self._waiting = self._pool, None, []
            self._wish += 1
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def humble() -> None:
    """Make this process one that nobody notices: low priority, one BLAS thread, gone when its parent is."""
    with contextlib.suppress(OSError, AttributeError):  # Windows has no `nice`
        os.nice(PRIORITY)
    threadpool_limits(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(0)


def computed(plan: Plan, split: Split, data: str) -> LearningCurves:
    """The curves of a plan, kept for the next time if the disk allows."""
    curves = runs.run(plan, split)
    with contextlib.suppress(OSError):  # read-only, full, or deleted meanwhile: the next time computes again
        cache.store(plan, data, curves)
    return curves
