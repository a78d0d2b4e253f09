"""The rubric: criteria with points, findings with reasons, a verdict with a score.

Every criterion is judged, not only up to the first fault. Nothing here imports Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dropnorm.language import N_, _, sentences, spaced


class Status(StrEnum):
    """The answers that are never mixed up; they are translated where they are shown."""

    NOT_STARTED = N_("not started")
    RAISED = N_("your cell raised an error")
    WRONG = N_("wrong")
    RIGHT = N_("right")
    MANUAL = N_("a human will look at it")


@dataclass(frozen=True)
class Finding:
    """What one criterion saw.

    Attributes:
        criterion: its key (``dropout_rates``).
        points: what was given, between 0 and ``of``.
        of: what could be given. Where a criterion reports several faults, its first finding carries its points, the
            others have 0 of 0.
        message: what was seen, why it matters, one next step; it never prints the answer. Empty where all is right.
        misconception: the key of the named misconception behind it, or None.
        manual: True where a human must look: the points are open, not lost.
    """

    criterion: str
    points: float
    of: float
    message: str = ""
    misconception: str | None = None
    manual: bool = False


@dataclass(frozen=True)
class Criterion:
    """One thing that is judged: a key, a title that learners read, its points, and the function that judges it.

    The title is translated where it is shown.
    ``judge`` takes the evidence and returns the faults that it saw; none where all is right.
    """

    key: str
    title: str
    points: float
    judge: Callable[[Any], tuple[Fault, ...]]


@dataclass(frozen=True)
class Fault:
    """One independent fault: its message, the share of the criterion's points that it costs, and its name.

    A fault of cost 0 is a remark. ``manual`` marks what cannot be judged here: it costs nothing for good.
    """

    message: str
    cost: float
    misconception: str | None = None
    manual: bool = False


@dataclass(frozen=True)
class Verdict:
    """The result of a rubric: a status, the findings of all criteria, and the score as a plain float."""

    status: Status
    findings: tuple[Finding, ...]
    maximum: float

    @property
    def score(self) -> float:
        """The sum of the points, clamped to 0 … ``maximum``; a plain float, rounded to a hundredth of a point."""
        total = round(sum(finding.points for finding in self.findings), 2)
        return float(min(max(total, 0.0), self.maximum))

    @property
    def misconceptions(self) -> tuple[str, ...]:
        """The keys of the named misconceptions, in the order of the criteria, each once."""
        return tuple(dict.fromkeys(f.misconception for f in self.findings if f.misconception))


@dataclass(frozen=True)
class Rubric:
    """The criteria of one test cell (``spotify_structure``), in the order in which they are reported.

    ``gate`` is asked first. It returns None where there is something to judge; else the status and the finding that
    stand for the whole (not started, the cell raised an error, what is there is no model). ``answers`` are the names
    that the learner's cells give a value: an error in one of those cells belongs to this rubric. ``history`` is the
    name of the history that questions are about; None where a model is judged.
    """

    name: str
    criteria: tuple[Criterion, ...]
    gate: Callable[[Any], tuple[Status, Fault] | None] = lambda evidence: None
    answers: tuple[str, ...] = ()
    history: str | None = None

    @property
    def maximum(self) -> float:
        """The sum of the criteria's points."""
        return float(sum(criterion.points for criterion in self.criteria))

    def titles(self) -> Mapping[str, str]:
        """The criteria's titles by key."""
        return {criterion.key: criterion.title for criterion in self.criteria}


GATE = "begun"
HUMAN = N_("A human will look at it; nothing is lost.")


def left_to_a_human(rubric: Rubric, reason: str) -> Verdict:
    """The verdict that leaves all points open, for a reason in one sentence."""
    return Verdict(Status.MANUAL, (Finding(GATE, 0.0, rubric.maximum, reason, manual=True),), rubric.maximum)


def not_judged(error: Exception) -> str:
    """What learners read where an error kept something from being judged."""
    seen = _("This could not be judged here: {cause}.").format(cause=cause(error).rstrip(".。"))
    return spaced(sentences(seen, _(HUMAN)))


def cause(error: Exception) -> str:
    """An error in one line: what the course's own ones say is a sentence, and their names are no learner's concern."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), _("no reason given"))
    own = type(error).__module__.partition(".")[0] in ("grader", "dropnorm")
    return said if own else f"{type(error).__name__}: {said}"


def judge(rubric: Rubric, evidence: Any) -> Verdict:
    """The verdict of a rubric on the evidence: all criteria judged, or the one finding of its gate.

    A criterion that fails for a reason nobody foresaw is left to a human, with its points open; the others count.
    """
    stopped = rubric.gate(evidence)
    if stopped is not None:
        status, fault = stopped
        finding = Finding(GATE, 0.0, rubric.maximum, fault.message, fault.misconception, fault.manual)
        return Verdict(status, (finding,), rubric.maximum)
    findings = tuple(finding for criterion in rubric.criteria for finding in _findings(criterion, evidence))
    if any(finding.manual for finding in findings):
        status = Status.MANUAL
    elif all(finding.points == finding.of for finding in findings):
        status = Status.RIGHT
    else:
        status = Status.WRONG
    return Verdict(status, findings, rubric.maximum)


def _findings(criterion: Criterion, evidence: Any) -> tuple[Finding, ...]:
    try:
        faults = criterion.judge(evidence)
    except Exception as error:  # whatever a learner's object does when it is looked at, the other criteria count
        return (Finding(criterion.key, 0.0, criterion.points, not_judged(error), manual=True),)
    if not faults:
        return (Finding(criterion.key, criterion.points, criterion.points),)
    kept = max(0.0, 1.0 - sum(fault.cost for fault in faults))
    first, *others = faults
    return (
        Finding(
            criterion.key, criterion.points * kept, criterion.points, first.message, first.misconception, first.manual
        ),
        *(Finding(criterion.key, 0.0, 0.0, f.message, f.misconception, f.manual) for f in others),
    )
