"""Learning curves in a sentence or two: what is seen beside the picture, and what a screen reader reads."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.diagnosis import Problem
from dropnorm.lab.numerals import signed

RISE = 0.03  # a validation loss that ends this share above the best tenth of its epochs has risen: noise is averaged
FALL = 0.02  # a validation loss whose last fifth lies this share below the fifth before is still falling


@lru_cache(256)  # a slider goes to and fro over the same curves
def reading(curves: LearningCurves, without: LearningCurves | None = None) -> str:
    """What the curves show: how the validation loss ends, the gap, and which problem they show, if any.

    Of several runs the medians are told, and the range of the last validation loss.

    Args:
        curves: of one setting.
        without: of the same setting at rate 0, to compare with.
    """
    broken = int((~curves.finite).sum())
    if broken:
        which = "" if curves.runs == 1 else f" in {broken} of {curves.runs} runs"
        return f"The loss becomes not a number (NaN){which}: the training breaks down."
    sentences = [f"{_course(curves)}; gap {signed(_median(curves.gap))}."]
    problem = curves.diagnosis().problem
    if problem == Problem.OVERFITS:
        sentences.append(
            f"The network overfits: its training loss at inference is {_median(curves.last(AT_INFERENCE)):.2f}."
        )
    if problem == Problem.DISAGREE:
        sentences.append(
            f"Training and inference disagree: the training loss is {_median(curves.last(LOGGED)):.2f} as logged, "
            f"but {_median(curves.last(AT_INFERENCE)):.2f} at inference."
        )
    if without is not None and without.finite.all():
        sentences.append(_comparison(curves, without))
    return " ".join(sentences)


def reading_of_part(curves: LearningCurves, epochs: int) -> str:
    """What the curves of a training show that has come to ``curves.epochs`` of ``epochs``."""
    start = f"Epoch {curves.epochs} of {epochs}: "
    if not curves.finite.all():
        return f"{start}the loss is not a number (NaN)."
    validation, at_inference = curves.val_loss[0, -1], curves.loss_at_inference[0, -1]
    return (
        f"{start}validation loss {validation:.2f}, training loss {at_inference:.2f} at inference; "
        f"gap {signed(validation - at_inference)}."
    )


def runs_and_seeds(curves: LearningCurves) -> str:
    """How many runs these are, and from which seeds."""
    seeds, plural = ", ".join(map(str, curves.seeds)), "s" * (curves.runs > 1)
    return f"{curves.runs} run{plural} (seed{plural} {seeds})"


def too_high(curves: LearningCurves, without: LearningCurves) -> bool:
    """Whether a rate keeps the network from learning what it learns at rate 0: both its losses are twice as high."""
    return all((curves.last(name) > 2 * without.last(name).max()).all() for name in (LOGGED, VALIDATION))


def closes_the_gap(curves: LearningCurves, without: LearningCurves) -> bool:
    """Whether less than a third of the gap at rate 0 is left, at a validation loss no worse than seeds differ."""
    same = _median(curves.last(VALIDATION)) < 1.1 * _median(without.last(VALIDATION))
    return bool(same and (curves.gap < without.gap.min() / 3).all())


def _comparison(curves: LearningCurves, without: LearningCurves) -> str:
    if too_high(curves, without):
        logged, validation = (_median(curves.last(n)) / _median(without.last(n)) for n in (LOGGED, VALIDATION))
        return (
            f"The rate is too high: the logged loss is {logged:.1f} times that at rate 0, the validation loss "
            f"{validation:.1f} times."
        )
    before = f"{_median(without.last(VALIDATION)):.2f}, gap {signed(_median(without.gap))}"
    if closes_the_gap(curves, without):
        return f"Dropout closes the gap: at rate 0 the validation loss ends at {before}."
    return f"At rate 0 it ends at {before}."


def _course(curves: LearningCurves) -> str:
    last = curves.last(VALIDATION)
    end = f"{_median(last):.2f}" + ("" if curves.runs == 1 else f" ({last.min():.2f} to {last.max():.2f} by seed)")
    risen, falling = _median(_rise(curves)) > RISE, _median(curves.still_falling) > FALL
    if risen and falling:
        return f"Validation loss goes up and down and ends at {end}"
    if risen:
        return f"Validation loss rises after epoch {int(np.median(curves.best_epoch))} and ends at {end}"
    return f"Validation loss {'is still falling' if falling else 'levels off'} and ends at {end}"


def _rise(curves: LearningCurves) -> np.ndarray:
    """By which share the validation loss of the last tenth of the epochs lies above the best tenth in a row, a run."""
    tenth = max(1, curves.epochs // 10)
    means = np.lib.stride_tricks.sliding_window_view(curves.val_loss, tenth, axis=1).mean(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return means[:, -1] / means.min(axis=1) - 1


def _median(values: np.ndarray) -> float:
    return float(np.median(values))
