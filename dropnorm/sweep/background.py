"""Runs in processes of their own, at low priority, while the notebook's kernel answers.

All that a kernel wants computed shares one pool. A wish replaces its owner's last one and goes before the wishes of
others: what has not begun is dropped, what runs is finished and kept. The processes end with the kernel, even with one
that was killed.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from dropnorm.curves import LearningCurves
from dropnorm.jobs import end_with_parent
from dropnorm.split import Split
from dropnorm.sweep import cache, runs
from dropnorm.sweep.plan import Plan

PRIORITY = 10  # of 19, the lowest: enough that a learner's own training beside it goes first


@dataclass(frozen=True, eq=False)
class Wish:
    """Plans to be computed on a split, in their order.

    Attributes:
        plans: what is wanted.
        split: the data.
        on_curves: called with a plan and its curves, from a thread of the pool or, for what the cache holds, from the
            thread that wishes. It must be quick and thread-safe.
        on_failure: called with one sentence when runs cannot be computed.
    """

    plans: Sequence[Plan]
    split: Split
    on_curves: Callable[[Plan, LearningCurves], None]
    on_failure: Callable[[str], None]


class Background:
    """A pool of processes and what is wanted of it.

    Args:
        processes: how many runs at once; one a core by default.
        folder: of the cache.
    """

    def __init__(self, processes: int | None = None, folder: Path = cache.FOLDER) -> None:
        self._processes, self._folder = processes or os.cpu_count() or 1, folder
        self._pool: ProcessPoolExecutor | None = None
        self._wishes: dict[object, tuple[Wish, str, deque[Plan]]] = {}  # the latest last
        self._running = 0
        self._lock = threading.RLock()

    def want(self, owner: object, wish: Wish) -> None:
        """Compute a wish in place of the one that this owner had. Returns at once.

        Plans that the cache holds are called back before this returns.
        """
        self.drop(owner)
        data = cache.digest(wish.split)
        lacking: deque[Plan] = deque()
        for plan in wish.plans:
            curves = cache.load(plan, data, self._folder)
            if curves is None:
                lacking.append(plan)
            else:
                wish.on_curves(plan, curves)
        with self._lock:
            self._wishes[owner] = (wish, data, lacking)
        self._feed()

    def drop(self, owner: object) -> None:
        """Forget what an owner wanted; what runs is finished, and still called back."""
        with self._lock:
            self._wishes.pop(owner, None)

    def close(self) -> None:
        """Forget all wishes and end the processes when what runs is finished."""
        with self._lock:
            pool, self._pool, self._wishes = self._pool, None, {}
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _feed(self) -> None:
        """Give the pool work while it has room, the latest wish first; one more than it has processes never idles."""
        while True:
            with self._lock:
                waiting = [each for each in reversed(self._wishes.values()) if each[2]]
                if not waiting or self._running > self._processes:
                    return
                wish, data, plans = waiting[0]
                plan = plans.popleft()
                try:
                    self._pool = self._pool or _started(self._processes)
                    future = self._pool.submit(computed, plan, wish.split, data, self._folder)
                    self._running += 1
                except (OSError, RuntimeError) as error:  # no process may be started, or the pool has been ended
                    self._pool, self._wishes, future, why = None, {}, None, error
            if future is None:  # said without the lock: who hears it may hold one of its own
                wish.on_failure(f"Curves cannot be computed in the background ({why}); run the cell again.")
                return
            future.add_done_callback(lambda done, plan=plan, wish=wish: self._done(plan, wish, done))

    def _done(self, plan: Plan, wish: Wish, future: Future[LearningCurves]) -> None:
        error = None if future.cancelled() else future.exception()
        with self._lock:
            self._running -= 1
            if isinstance(error, BrokenProcessPool):
                self._pool, self._wishes = None, {}
        if isinstance(error, BrokenProcessPool):
            wish.on_failure("The background processes were ended; move a control, and they are started again.")
        elif error is not None:
            wish.on_failure(f"A run in the background failed: {error}.")
        elif not future.cancelled():
            wish.on_curves(plan, future.result())
        self._feed()


shared = Background()
"""The pool of this process; nothing is started before somebody wants something."""


def _started(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=go_to_the_background
    )


def go_to_the_background() -> None:
    """Make this process one that nobody notices: low priority, gone when its parent is."""
    with contextlib.suppress(OSError, AttributeError):  # Windows has no `nice`
        os.nice(PRIORITY)
    end_with_parent()


def computed(plan: Plan, split: Split, data: str, folder: Path = cache.FOLDER) -> LearningCurves:
    """The curves of a plan, kept for the next time if the disk allows."""
    curves = runs.run(plan, split)
    with contextlib.suppress(OSError):  # read-only, full, or deleted meanwhile: the next time computes again
        cache.store(plan, data, curves, folder)
    return curves
