"""Runs in processes of their own, at low priority, while the notebook's kernel answers.

All that a kernel wants computed shares one pool. A wish replaces its owner's last one and goes before the wishes of
others: what has not begun is dropped, what runs is finished and kept. The processes end with the kernel, even with one
that was killed; an interrupt is meant for the kernel, which sends it to them too, and they ignore it. What processes
were computing that are lost all the same, other processes compute again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dropnorm.curves import LearningCurves
from dropnorm.jobs import Uninterrupted, end_with_parent
from dropnorm.language import _
from dropnorm.split import Split
from dropnorm.sweep import cache, runs
from dropnorm.sweep.plan import Plan

PRIORITY = 10  # of 19, the lowest: enough that a learner's own training beside it goes first
LOSSES = 3  # so many times in a row processes may be lost; then it is said, and nothing is computed until somebody asks


@dataclass(frozen=True, eq=False)
class Wish:
    """Plans to be computed on a split, in their order.

    Attributes:
        plans: what is wanted.
        split: the data.
        on_curves: called with a plan and its curves, from a thread of the pool or, for what the cache holds, from the
            thread that wishes. It must be quick and thread-safe.
        on_failure: called with one sentence when runs cannot be computed.
        load: reads from the cache what is wanted of a plan, from the plan, the split's digest and the folder; None
            where it is not kept. Without it, curves; whatever it gives is what ``on_curves`` is called with.
        compute: computes the same in another process, from the plan, the split, its digest and the folder, and keeps
            it there. It must be picklable.
    """

    plans: Sequence[Plan]
    split: Split
    on_curves: Callable[[Plan, Any], None]
    on_failure: Callable[[str], None]
    load: Callable[[Plan, str, Path], Any] = cache.load
    compute: Callable[[Plan, Split, str, Path], Any] = field(default_factory=lambda: computed)


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
        self._running = self._losses = 0  # runs in the pool; pools lost since a run came
        self._lock = threading.RLock()

    def want(self, owner: object, wish: Wish) -> None:
        """Compute a wish in place of the one that this owner had. Returns at once.

        Plans that the cache holds are called back before this returns.
        """
        self.drop(owner)
        data = cache.digest(wish.split)
        lacking: deque[Plan] = deque()
        for plan in wish.plans:
            curves = wish.load(plan, data, self._folder)
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
                waiting = [each for each in reversed(self._wishes.items()) if each[1][2]]
                if not waiting or self._running > self._processes:
                    return
                owner, (wish, data, plans) = waiting[0]
                plan, future, failed = plans.popleft(), None, ""
                try:
                    pool = self._pool = self._pool or _started(self._processes)
                    future = pool.submit(wish.compute, plan, wish.split, data, self._folder)
                    self._running += 1
                except BrokenProcessPool:
                    plans.appendleft(plan)
                    failed = self._lost(pool)
                except (OSError, RuntimeError) as error:  # no process may be started, or the pool has been ended
                    self._pool = None
                    failed = _("Curves cannot be computed in the background ({reason}); run the cell again.").format(
                        reason=_reason(error)
                    )
            if failed:
                self._give_up(failed)
            elif future is not None:
                future.add_done_callback(
                    lambda done, owner=owner, wish=wish, plan=plan, pool=pool: self._done(owner, wish, plan, pool, done)
                )

    def _done(self, owner: object, wish: Wish, plan: Plan, pool: ProcessPoolExecutor, future: Future[Any]) -> None:
        error, failed = None if future.cancelled() else future.exception(), ""
        with self._lock:
            self._running -= 1
            if isinstance(error, BrokenProcessPool):
                failed = self._lost(pool)
                standing = self._wishes.get(owner)
                if standing is not None and standing[0] is wish:
                    standing[2].appendleft(plan)
            elif not future.cancelled():
                self._losses = 0
        if failed:
            self._give_up(failed)
        elif error is None and not future.cancelled():
            wish.on_curves(plan, future.result())
        elif error is not None and not isinstance(error, BrokenProcessPool):
            wish.on_failure(_("A run in the background failed: {reason}.").format(reason=_reason(error)))
        self._feed()

    def _lost(self, pool: ProcessPoolExecutor) -> str:
        """Note that a pool's processes are gone; what there is to say if that has happened too often."""
        if self._pool is not pool:  # several runs tell of the same loss
            return ""
        self._pool, self._losses = None, self._losses + 1
        if self._losses < LOSSES:
            return ""
        self._losses = 0
        return _(
            "The background processes were ended {times} times, perhaps for lack of memory; move a control, and they "
            "are started again."
        ).format(times=LOSSES)

    def _give_up(self, sentence: str) -> None:
        """Forget all wishes and say why. Called without the lock: who hears it may hold one of its own."""
        with self._lock:
            wishes, self._wishes = self._wishes, {}
        for wish, _data, _plans in wishes.values():
            wish.on_failure(sentence)


shared = Background()
"""The pool of this process; nothing is started before somebody wants something."""


def _started(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=Uninterrupted(), initializer=go_to_the_background)


def go_to_the_background() -> None:
    """Make this process one that nobody notices: low priority, deaf to interrupts, gone when its parent is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):  # Windows has no `nice`
        os.nice(PRIORITY)
    end_with_parent()


def _reason(error: BaseException) -> str:
    """What an error says, or its name where it says nothing; without a full stop."""
    return str(error).rstrip(".") or type(error).__name__


def computed(plan: Plan, split: Split, data: str, folder: Path = cache.FOLDER) -> LearningCurves:
    """The curves of a plan, kept for the next time if the disk allows."""
    curves = runs.run(plan, split)
    with contextlib.suppress(OSError):  # read-only, full, or deleted meanwhile: the next time computes again
        cache.store(plan, data, curves, folder)
    return curves
