"""The rubric: criteria with points, findings with reasons, a verdict with a score.

Every criterion is judged, not only up to the first fault. Nothing here imports Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The answers that are never mixed up."""

    NOT_STARTED = "not started"
    RAISED = "your cell raised an error"
    WRONG = "wrong"
    RIGHT = "right"
    MANUAL = "a human will look at it"


@dataclass(frozen=True)
class Finding:
    """What one criterion saw.

    Attributes:
        criterion: its key (``dropout_rates``).
        points: what was given, between 0 and ``of``.
        of: what could be given.
        message: what was seen, why it matters, one next step; it never prints the answer.
        misconception: the key of the named misconception behind it, or None.
        manual: True where a human must look: the points are open, not lost.
    """

    criterion: str
    points: float
    of: float
    message: str
    misconception: str | None = None
    manual: bool = False


@dataclass(frozen=True)
class Criterion:
    """One thing that is judged: a key, a title that learners read, its points, and the function that judges it.

    ``judge`` takes the evidence and the points, and returns one finding or several that share the points.
    """

    key: str
    title: str
    points: float
    judge: Callable[[Any, float], Finding | tuple[Finding, ...]]


@dataclass(frozen=True)
class Verdict:
    """The result of a rubric: a status, the findings of all criteria, and the score as a plain float."""

    status: Status
    findings: tuple[Finding, ...]
    maximum: float

    @property
    def score(self) -> float:
        """The sum of the points, clamped to 0 … ``maximum``; a plain float."""
        return float(min(max(sum(finding.points for finding in self.findings), 0.0), self.maximum))

    @property
    def misconceptions(self) -> tuple[str, ...]:
        """The keys of the named misconceptions, in the order of the criteria, each once."""
        return tuple(dict.fromkeys(f.misconception for f in self.findings if f.misconception))


@dataclass(frozen=True)
class Rubric:
    """The criteria of one test cell (``spotify_structure``), in the order in which they are reported."""

    name: str
    criteria: tuple[Criterion, ...]

    @property
    def maximum(self) -> float:
        """The sum of the criteria's points."""
        return float(sum(criterion.points for criterion in self.criteria))

    def titles(self) -> Mapping[str, str]:
        """The criteria's titles by key."""
        return {criterion.key: criterion.title for criterion in self.criteria}
