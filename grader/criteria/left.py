"""What is left of a problem in the curves of a training that was to be mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.language import ngettext
from dropnorm.symptoms import Problem
from grader.changes import DROPPED, EPOCHS, RATE, WIDTHS, Direction
from grader.misconceptions import explain
from grader.rubric import Fault


@dataclass(frozen=True)
class Left:
    """What is left of a problem in the curves of one run.

    Attributes:
        told: the fault, or None where the problem is gone.
        toward: of what acts on the problem and has an amount, the direction in which it does.
    """

    told: Callable[[LearningCurves], Fault | None]
    toward: Mapping[str, Direction] = field(default_factory=dict)

    def __call__(self, curves: LearningCurves) -> Fault | None:
        return self.told(curves)


def no_gap(most: float) -> Left:
    """The validation loss lies at most so far above the training loss at inference, at the end."""

    def told(curves: LearningCurves) -> Fault | None:
        if curves.gap[0] <= most:
            return None
        inference, validation = curves.last(AT_INFERENCE)[0], curves.last(VALIDATION)[0]
        return _fault("still_overfits", inference=_shown(inference), validation=_shown(validation))

    return Left(told, {DROPPED: Direction.MORE, EPOCHS: Direction.LESS, WIDTHS: Direction.LESS})


def agrees(most: float) -> Left:
    """The training loss at inference lies at most so large a share above the logged one, at the end."""

    def told(curves: LearningCurves) -> Fault | None:
        logged, inference = float(curves.last(LOGGED)[0]), float(curves.last(AT_INFERENCE)[0])
        if inference <= (1 + most) * logged:
            return None
        return _fault("still_disagrees", logged=_shown(logged), inference=_shown(inference))

    return Left(told, {DROPPED: Direction.LESS})


def quick(target: float, most: int) -> Left:
    """The validation loss gets to a target within so many epochs."""

    def told(curves: LearningCurves) -> Fault | None:
        epochs = int(curves.epochs_to(target)[0])
        if 0 < epochs <= most:
            return None
        there = ngettext("{count} epoch", "{count} epochs", epochs).format(count=epochs)
        never = ngettext("more than {count} epoch", "more than {count} epochs", curves.epochs)
        return _fault("still_too_slow", epochs=there if epochs else never.format(count=curves.epochs))

    return Left(told, {RATE: Direction.MORE})


def _steady(curves: LearningCurves) -> Fault | None:
    """No loss explodes on the way, and all are numbers."""
    if curves.diagnosis().problem is not Problem.UNSTABLE:
        return None
    numbers = np.isfinite(curves.loss[0])
    if not numbers.all():
        return _fault("no_number_anew", epoch=int(np.argmin(numbers)) + 1)
    return _fault("still_unstable", largest=_shown(curves.loss.max()), last=_shown(curves.loss[0, -1]))


steady = Left(_steady, {RATE: Direction.LESS})


def _shown(value: float) -> str:
    return f"{float(value):.3g}"


def _fault(key: str, **seen: object) -> Fault:
    return Fault(explain(key, **seen), 1.0, key)
