"""Learning curves in a sentence or two: what is seen beside the picture, and what a screen reader reads."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.diagnosis import Problem
from dropnorm.lab.numerals import signed
from dropnorm.language import _, current, ngettext, sentences

RISE = 0.03  # a validation loss that ends this share above the best tenth of its epochs has risen: noise is averaged
FALL = 0.02  # a validation loss whose last fifth lies this share below the fifth before is still falling


def reading(curves: LearningCurves, without: LearningCurves | None = None) -> str:
    """What the curves show: how the validation loss ends, the gap, and which problem they show, if any.

    Of several runs the medians are told, and the range of the last validation loss.

    Args:
        curves: of one setting.
        without: of the same setting at rate 0, to compare with.
    """
    return _read(curves, without, current().code)


@lru_cache(256)  # a slider goes to and fro over the same curves
def _read(curves: LearningCurves, without: LearningCurves | None, language: str) -> str:
    broken = int((~curves.finite).sum())
    if broken and curves.runs == 1:
        return _("The loss becomes not a number (NaN): the training breaks down.")
    if broken:
        return _("The loss becomes not a number (NaN) in {broken} of {runs} runs: the training breaks down.").format(
            broken=broken, runs=curves.runs
        )
    said = [_("{course}; gap {gap}.").format(course=_course(curves), gap=signed(_median(curves.gap)))]
    problem = curves.diagnosis().problem
    if problem in (Problem.OVERFITS, Problem.DISAGREE):
        logged, inference = (f"{_median(curves.last(name)):.2f}" for name in (LOGGED, AT_INFERENCE))
    if problem == Problem.OVERFITS:
        said.append(
            _("The network overfits: its training loss at inference is {inference}.").format(inference=inference)
        )
    if problem == Problem.DISAGREE:
        said.append(
            _(
                "Training and inference disagree: the training loss is {logged} as logged, but {inference} at "
                "inference."
            ).format(logged=logged, inference=inference)
        )
    if without is not None and without.finite.all():
        said.append(_comparison(curves, without))
    return sentences(*said)


def reading_of_part(curves: LearningCurves, epochs: int) -> str:
    """What the curves of a training show that has come to ``curves.epochs`` of ``epochs``."""
    if not curves.finite.all():
        return _("Epoch {epoch} of {epochs}: the loss is not a number (NaN).").format(
            epoch=curves.epochs, epochs=epochs
        )
    validation, at_inference = curves.val_loss[0, -1], curves.loss_at_inference[0, -1]
    return _(
        "Epoch {epoch} of {epochs}: validation loss {validation}, training loss {inference} at inference; gap {gap}."
    ).format(
        epoch=curves.epochs,
        epochs=epochs,
        validation=f"{validation:.2f}",
        inference=f"{at_inference:.2f}",
        gap=signed(validation - at_inference),
    )


def runs_and_seeds(curves: LearningCurves) -> str:
    """How many runs these are, and from which seeds."""
    return ngettext("{runs} run (seed {seeds})", "{runs} runs (seeds {seeds})", curves.runs).format(
        runs=curves.runs, seeds=current().between_items.join(map(str, curves.seeds))
    )


def too_high(curves: LearningCurves, without: LearningCurves) -> bool:
    """Whether a rate keeps the network from learning what it learns at rate 0: both its losses are twice as high."""
    return all((curves.last(name) > 2 * without.last(name).max()).all() for name in (LOGGED, VALIDATION))


def closes_the_gap(curves: LearningCurves, without: LearningCurves) -> bool:
    """Whether less than a third of the gap at rate 0 is left, at a validation loss no worse than seeds differ.

    By the medians of the seeds: in single seeds it is near a third on some processors.
    """
    same = _median(curves.last(VALIDATION)) < 1.1 * _median(without.last(VALIDATION))
    return bool(same and _median(curves.gap) < _median(without.gap) / 3)


def _comparison(curves: LearningCurves, without: LearningCurves) -> str:
    if too_high(curves, without):
        logged, validation = (_median(curves.last(n)) / _median(without.last(n)) for n in (LOGGED, VALIDATION))
        return _(
            "The rate is too high: the logged loss is {logged} times that at rate 0, the validation loss {validation} "
            "times."
        ).format(logged=f"{logged:.1f}", validation=f"{validation:.1f}")
    said = _("At rate 0 it ends at {validation}, gap {gap}.")
    if closes_the_gap(curves, without):
        said = _("Dropout closes the gap: at rate 0 the validation loss ends at {validation}, gap {gap}.")
    return said.format(validation=f"{_median(without.last(VALIDATION)):.2f}", gap=signed(_median(without.gap)))


def _course(curves: LearningCurves) -> str:
    last = curves.last(VALIDATION)
    end = f"{_median(last):.2f}"
    if curves.runs > 1:
        end = _("{loss} ({low} to {high} by seed)").format(loss=end, low=f"{last.min():.2f}", high=f"{last.max():.2f}")
    risen, falling = _median(_rise(curves)) > RISE, _median(curves.still_falling) > FALL
    if risen and falling:
        return _("Validation loss goes up and down and ends at {end}").format(end=end)
    if risen:
        best = int(np.median(curves.best_epoch))
        return _("Validation loss rises after epoch {epoch} and ends at {end}").format(epoch=best, end=end)
    if falling:
        return _("Validation loss is still falling and ends at {end}").format(end=end)
    return _("Validation loss levels off and ends at {end}").format(end=end)


def _rise(curves: LearningCurves) -> np.ndarray:
    """By which share the validation loss of the last tenth of the epochs lies above the best tenth in a row, a run."""
    tenth = max(1, curves.epochs // 10)
    means = np.lib.stride_tricks.sliding_window_view(curves.val_loss, tenth, axis=1).mean(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return means[:, -1] / means.min(axis=1) - 1


def _median(values: np.ndarray) -> float:
    return float(np.median(values))
