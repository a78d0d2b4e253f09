"""Learning curves in a sentence or two: what is seen beside the picture, and what a screen reader reads."""

from __future__ import annotations

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves

RISE = 0.03  # a validation loss that ends this share above its best has risen: seeds alone move it less
FALL = 0.02  # a validation loss whose last fifth lies this share below the fifth before is still falling
DISAGREEMENT = 1.25  # training loss at inference over the logged one; below it, dropout's noise may explain it


def reading(curves: LearningCurves) -> str:
    """What the curves show: how the validation loss ends, the gap, and whether training and inference disagree.

    Of several runs the medians are told, and the range of the last validation loss.
    """
    broken = int((~curves.finite).sum())
    if broken:
        which = "" if curves.runs == 1 else f" in {broken} of {curves.runs} runs"
        return f"The loss ceases to be a number{which}: the training breaks down."
    sentences = [f"{_course(curves)}; gap {_median(curves.gap):.2f}."]
    if disagrees(curves):
        sentences.append(
            f"Training and inference disagree: the training loss is {_median(curves.last(LOGGED)):.2f} as logged, "
            f"but {_median(curves.last(AT_INFERENCE)):.2f} at inference."
        )
    return " ".join(sentences)


def _course(curves: LearningCurves) -> str:
    last = curves.last(VALIDATION)
    end = f"{_median(last):.2f}" + ("" if curves.runs == 1 else f" ({last.min():.2f} to {last.max():.2f} by seed)")
    if rises(curves):
        return f"Validation loss rises after epoch {int(np.median(curves.best_epoch))} and ends at {end}"
    if _median(curves.still_falling) > FALL:
        return f"Validation loss is still falling and ends at {end}"
    return f"Validation loss levels off and ends at {end}"


def rises(curves: LearningCurves) -> bool:
    """Whether the validation loss ends clearly above its best, reached before the last tenth of the epochs."""
    early = _median(curves.best_epoch) < 0.9 * curves.epochs
    return early and _median(curves.rise_after_best) > RISE * _median(curves.best_val_loss)


def disagrees(curves: LearningCurves) -> bool:
    """Whether the network is clearly worse at inference than it was in training, on the same rows.

    Dropout's noise alone makes the logged loss the *higher* one.
    """
    if curves.loss_at_inference is None:
        return False
    return _median(curves.last(AT_INFERENCE)) > DISAGREEMENT * _median(curves.last(LOGGED))


def _median(values: np.ndarray) -> float:
    return float(np.median(values))
