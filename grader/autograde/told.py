"""How far a class is graded: a bar on a terminal, else a line in the log at each tenth, which formgrader shows."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable

from tqdm import tqdm


class Told:
    """The progress of one command.

    Args:
        submissions: how many it will grade.
        log: nbgrader's.
    """

    def __init__(self, submissions: int, log: logging.Logger) -> None:
        self._all, self._log, self._done, self._tenths = submissions, log, 0, 0
        self._began, self._wanted, self._trainings = time.monotonic(), 0, set()
        self._bar = tqdm(total=submissions, unit="submission") if sys.stderr.isatty() and submissions > 1 else None

    def trained(self, names: Iterable[str]) -> None:
        """A notebook has wanted these trainings."""
        names = tuple(names)
        self._wanted += len(names)
        self._trainings.update(names)

    def submission(self) -> None:
        """One more submission is written."""
        self._done += 1
        if self._bar is not None:
            self._bar.set_postfix_str(self._shared())
            self._bar.update()
        elif self._all > 1 and self._done * 10 // self._all > self._tenths:
            self._tenths = self._done * 10 // self._all
            seconds = (time.monotonic() - self._began) / self._done * (self._all - self._done)
            left = "" if self._done >= self._all else f"; about {_time(seconds)} left"
            self._log.info("Graded %s of %s submissions; %s%s.", self._done, self._all, self._shared(), left)

    def end(self) -> None:
        """Leave the terminal as it is."""
        if self._bar is not None:
            self._bar.close()

    def _shared(self) -> str:
        return f"{len(self._trainings)} trainings, {self._wanted - len(self._trainings)} shared"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
