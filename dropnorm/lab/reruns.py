"""What the cells of a page show: one that is run again ends what it showed before, and goes on where that stood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dropnorm.lab import front_end

Shown = TypeVar("Shown")


@dataclass
class _Run:
    """One run of a cell: what it has shown, in order, and what its run before had shown."""

    request: str
    before: list
    shown: list = field(default_factory=list)


class Reruns(Generic[Shown]):
    """What each cell shows of one kind; a cell may show several.

    Args:
        end: called with each thing that a cell showed, as soon as the cell is run again.
    """

    def __init__(self, end: Callable[[Shown], None]) -> None:
        self._end = end
        self._runs: dict[str, _Run] = {}

    def show(self, new: Shown) -> Shown | None:
        """Note what the running cell shows; returns what stood at the same place before the cell was run again."""
        cell, request = front_end.running_cell()
        run = self._runs.get(cell)
        if run is None or run.request != request:
            for old in run.shown if run else ():
                if old is not new:  # another cell may show it as well
                    self._end(old)
            run = self._runs[cell] = _Run(request, run.shown if run else [])
        place = len(run.shown)
        run.shown.append(new)
        return run.before[place] if place < len(run.before) else None
