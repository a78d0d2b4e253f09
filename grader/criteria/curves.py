"""Criteria about the shape of the learning curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dropnorm.curves import VALIDATION
from grader.bands import Band
from grader.misconceptions import explain
from grader.rubric import Criterion, Fault


def finite(points: float) -> Criterion:
    """Every logged loss is a number."""
    return Criterion("finite", "Losses are numbers", points, _finite)


def falling(points: float) -> Criterion:
    """The training loss falls, as far as the band says."""
    return Criterion("falling", "Training loss falls", points, _falling)


def gap_closed(points: float) -> Criterion:
    """The generalization gap at the end, from the training loss at inference, is as small as the reference's.

    It counts where the validation loss has come down: a network that has learned nothing yet has no gap, either.
    """
    return Criterion("gap_closed", "Generalization gap is closed", points, _gap_closed)


def converged(points: float) -> Criterion:
    """The validation loss at the end lies in the reference's band."""
    return Criterion("converged", "Validation loss has come down", points, _come_down("last_val_loss", "not_converged"))


def reached(points: float) -> Criterion:
    """The lowest validation loss lies in the reference's band: for curves that jump too much to judge their end."""
    return Criterion("reached", "Validation loss has come down", points, _come_down("best_val_loss", "not_reached"))


def own_loss(points: float) -> Criterion:
    """The validation loss of a network of one's own is at most the reference's."""
    return Criterion("own_loss", "Validation loss as low as the reference's", points, _own_loss)


def _finite(evidence: Any) -> tuple[Fault, ...]:
    """A training that broke down; all other criteria on curves give nothing for it."""
    for name in ("loss", VALIDATION):
        values = evidence.judged_series.get(name, np.array([]))
        if not np.isfinite(values).all():
            epoch = int(np.flatnonzero(~np.isfinite(values))[0]) + 1
            where = "the epochs just before it, then at " if epoch > 1 else ""
            message = explain("not_finite", series=name, value=values[epoch - 1], epoch=epoch, where=where)
            return (Fault(message, 1.0, "not_finite"),)
    return ()


NO_NUMBERS = "The losses are no numbers, so this cannot be told from them."
NO_SUCH_LOSS = "The exercise's loss cannot be taken of what your network gives: mend its output layer first."
ONE_EPOCH = "There is one epoch only, so whether the loss falls cannot be told."


def _falling(evidence: Any) -> tuple[Fault, ...]:
    losses = evidence.logged_losses
    if not losses.size or _finite(evidence):
        return (Fault(NO_NUMBERS, 1.0),)
    if len(losses) < 2:
        return (Fault(ONE_EPOCH, 1.0),)
    last = float(losses[-max(1, len(losses) // 10) :].mean())
    fallen = 1 - last / losses[0] if losses[0] else 0.0
    limits = evidence.band("fall")
    first_and_last = dict(zip(("first", "last"), _told_apart(float(losses[0]), last), strict=True))
    if fallen <= 0:
        return (Fault(explain("not_falling", **first_and_last), 1.0, "not_falling"),)
    if limits is not None and not limits.holds(fallen) and limits.low is not None and fallen < limits.low:
        return (Fault(explain("falls_little", **first_and_last), 1.0, "falls_little"),)
    return ()


def _gap_closed(evidence: Any) -> tuple[Fault, ...]:
    broken = _finite(evidence)
    if broken:
        return broken
    gap, loss = evidence.gap, evidence.last_val_loss
    if not np.isfinite(gap):
        return (Fault(NO_SUCH_LOSS, 1.0),)
    if _above(evidence.band("gap"), gap):
        training, validation = evidence.losses_now
        message = explain("gap_open", gap=_shown(gap), training=_shown(training), validation=_shown(validation))
        return (Fault(message, 1.0, "gap_open"),)
    if _above(evidence.band("last_val_loss"), loss):
        return (Fault(explain("gap_untold", gap=_shown(gap), loss=_shown(loss)), 1.0, "gap_untold"),)
    return ()


def _come_down(figure: str, too_high: str) -> Callable[[Any], tuple[Fault, ...]]:
    """Whether a figure of the validation loss lies in its band; ``too_high`` is the misconception where it does not."""

    def judge(evidence: Any) -> tuple[Fault, ...]:
        limits, loss = evidence.band(figure), getattr(evidence, figure)
        if _finite(evidence):
            return (Fault(NO_NUMBERS, 1.0),)
        if not np.isfinite(loss):
            return (Fault(NO_SUCH_LOSS, 1.0),)
        if limits is None or limits.holds(loss):
            return ()
        key = too_high if _above(limits, loss) else "too_good"
        return (Fault(explain(key, loss=_shown(loss)), 1.0, key),)

    return judge


def _own_loss(evidence: Any) -> tuple[Fault, ...]:
    """Judged on the exercise's own validation part by the model as it is now: weights restored from an epoch count.

    A loss that is too high comes from overfitting where the training loss is low enough and the gap is wider than the
    reference's ever is.
    """
    broken = _finite(evidence)
    if broken:
        return broken
    training, loss = evidence.losses_now
    if not np.isfinite(loss):
        return (Fault(NO_NUMBERS, 1.0),)
    limits = evidence.band("last_val_loss")
    if not _above(limits, min(loss, evidence.last_val_loss)):
        return ()
    too_high = _above(limits, training)
    key = "own_loss_overfits" if _above(evidence.band("gap"), loss - training) and not too_high else "own_loss_high"
    reason = "Its training loss lies above the reference's validation loss as well" if too_high else "The two are close"
    return (Fault(explain(key, loss=_shown(loss), training=_shown(training), reason=reason), 1.0, key),)


def _above(limits: Band | None, value: float) -> bool:
    return limits is not None and limits.high is not None and value > limits.high


def _shown(value: float) -> str:
    return f"{value:.3g}"


def _told_apart(first: float, last: float) -> tuple[str, str]:
    """Two losses in as many digits as it takes to see which is higher."""
    shown = ((f"{first:.{digits}g}", f"{last:.{digits}g}") for digits in range(3, 10))
    return next((pair for pair in shown if pair[0] != pair[1]), (_shown(first), _shown(last)))
