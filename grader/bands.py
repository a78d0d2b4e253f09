"""The fitted bands: within which limits a statistic of the reference's learning curves lies, for each data source.

The table is `bands.csv`, written by ``python -m grader.calibration`` and small enough to be edited by hand.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dropnorm.language import _

TABLE = Path(__file__).with_name("bands.csv")


class BandError(LookupError):
    """The table is missing, cannot be read, or has no such band; the message is one sentence."""


@dataclass(frozen=True)
class Band:
    """The limits of one statistic; None where there is no limit on that side."""

    low: float | None
    high: float | None

    def holds(self, value: float) -> bool:
        """Whether a value lies within the limits; what is no number never does."""
        above = self.low is None or value >= self.low
        below = self.high is None or value <= self.high
        return value == value and above and below


def band(exercise: str, source: str, statistic: str, table: Path | None = None) -> Band | None:
    """The band of a statistic; None where none was fitted, because the statistic separates nothing.

    Args:
        exercise: ``spotify_model``, …
        source: ``official`` or ``stand-in``.
        statistic: a property of `LearningCurves` (``gap``, ``fall``, ``finite``) or ``last_val_loss``.
        table: the file, for tests; else `TABLE`.

    Raises:
        BandError: the table is not there or damaged, or holds nothing at all for this exercise and source.
    """
    path = table or TABLE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        told = _("The bands' table {file} is missing: `python -m grader.calibration` writes it.")
        raise BandError(told.format(file=path.name)) from None
    rows = _rows(path, changed)
    if not any(key[:2] == (exercise, source) for key in rows):
        told = _("{file} holds no band of {exercise} on the {source} data: calibrate it.")
        raise BandError(told.format(file=path.name, exercise=exercise, source=source))
    return rows.get((exercise, source, statistic))


@lru_cache(maxsize=4)
def _rows(path: Path, changed: int) -> dict[tuple[str, str, str], Band]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {
                (row["exercise"], row["source"], row["statistic"]): Band(_limit(row["low"]), _limit(row["high"]))
                for row in csv.DictReader(file)
            }
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        told = _("The bands' table {file} cannot be read ({reason}): restore it or calibrate.")
        raise BandError(told.format(file=path.name, reason=repr(error))) from None


def _limit(text: str) -> float | None:
    return float(text) if text.strip() else None
