"""How far a class is graded: a bar on a terminal, else a line in the log at each tenth, which formgrader shows."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Sequence

from tqdm import tqdm

from dropnorm.language import _

ENOUGH = 6  # submissions, before which nobody can tell how long the others will take


class Progress:
    """The progress of one command.

    Args:
        submissions: how many it will grade.
        log: nbgrader's.
    """

    def __init__(self, submissions: int, log: logging.Logger) -> None:
        self._all, self._log, self._tenths = submissions, log, 0
        self._ended: list[float] = []  # when each was written
        self._wanted, self._trainings = 0, set()
        self._bar = tqdm(total=submissions, unit=_("submission")) if sys.stderr.isatty() and submissions > 1 else None

    def trained(self, names: Iterable[str]) -> None:
        """A notebook has wanted these trainings."""
        names = tuple(names)
        self._wanted += len(names)
        self._trainings.update(names)

    def submission(self) -> None:
        """One more submission is written."""
        self._ended.append(time.monotonic())
        done = len(self._ended)
        if self._bar is not None:
            self._bar.set_postfix_str(self._shared())
            self._bar.update()
        elif done * 10 // self._all > self._tenths:
            self._tenths = done * 10 // self._all
            seconds = seconds_left(self._ended, self._all)
            many = _("{done} of {all} submissions").format(done=done, all=self._all)
            told = {"submissions": many if self._all > 1 else _("the submission"), "trainings": self._shared()}
            if seconds is None:
                said = _("Graded {submissions}; {trainings}.").format(**told)
            else:
                said = _("Graded {submissions}; {trainings}; about {time} left.").format(time=_time(seconds), **told)
            self._log.info("%s", said)

    def end(self) -> None:
        """Leave the terminal as it is."""
        if self._bar is not None:
            self._bar.close()

    def _shared(self) -> str:
        done = len(self._trainings)
        return _("{trainings} trainings, {shared} shared").format(trainings=done, shared=self._wanted - done)


def seconds_left(ended: Sequence[float], submissions: int) -> float | None:
    """How long the others will take; None where none is left, or too few are done to tell.

    The later half of those that are done tells: before the first ones the cluster starts, and most of the trainings
    that a class shares are done for them.

    Args:
        ended: when each that is done was written, in order.
        submissions: how many there are.
    """
    done = len(ended)
    if not ENOUGH <= done < submissions:
        return None
    later = done // 2
    return (ended[-1] - ended[-1 - later]) / later * (submissions - done)


def _time(seconds: float) -> str:
    if seconds < 90:
        return _("{seconds} s").format(seconds=f"{seconds:.0f}")
    return _("{minutes} min").format(minutes=f"{seconds / 60:.0f}")
