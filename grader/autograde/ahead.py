"""The runs of one `autograde` command: those that stock asks for, and ahead of it those that it will ask for."""

from __future__ import annotations

from collections import deque
from weakref import WeakKeyDictionary

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from grader.autograde.cluster import Cluster, Run
from grader.autograde.notebook_run import Job, Ran
from grader.autograde.pending import Place, foreseen, places

KEPT = 500  # results that wait for stock, at most


class Ahead:
    """What is sent ahead of one converter's notebooks.

    Args:
        converter: stock's; it goes through the notebooks.
        cluster: what runs them.
        now: the notebook that stock asks for first.
    """

    def __init__(self, converter: Autograde, cluster: Cluster, now: Place) -> None:
        self.cluster = cluster
        self._places = deque(places(converter, now))  # all at once: a generator would keep the converter for ever
        self._runs: dict[tuple[str, str, str], Run] = {}

    def ran(self, converter: Autograde, execute: Execute, wanted: Job) -> Ran:
        """What running a notebook has brought; meanwhile others are sent."""
        names = (wanted.assignment, wanted.student, wanted.notebook)
        run = self._runs.pop(names, None)
        if run is not None and run.job.digest != wanted.digest:
            run.forget()
            run = None
        if run is None:
            run = Run(self.cluster, wanted)
        return run.result(lambda: self._send(converter, execute))

    def _send(self, converter: Autograde, execute: Execute) -> None:
        """Send as many as there is room for."""
        running = sum(not run.done for run in self._runs.values())
        while running < self.cluster.room and len(self._runs) < KEPT:
            if not self._places:
                return
            place = self._places.popleft()
            if job := foreseen(converter, execute, place):
                self._runs[place.names] = Run(self.cluster, job)
                running += 1


_ahead: WeakKeyDictionary[Autograde, Ahead] = WeakKeyDictionary()


def ahead_of(converter: Autograde, cluster: Cluster, now: Place) -> Ahead:
    """What is sent ahead of a converter; it begins with the first notebook that is asked for."""
    found = _ahead.get(converter)
    if found is None or found.cluster is not cluster:
        found = _ahead[converter] = Ahead(converter, cluster, now)
    return found
