"""Criteria about the shape of the learning curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from dropnorm.curves import VALIDATION
from grader.misconceptions import explain
from grader.rubric import Criterion, Fault


def finite(points: float) -> Criterion:
    """Every logged loss is a number."""
    return Criterion("finite", "Losses are numbers", points, _finite)


def falling(points: float) -> Criterion:
    """The training loss falls, as far as the band says."""
    return Criterion("falling", "Training loss falls", points, _falling)


def gap_closed(points: float) -> Criterion:
    """The generalization gap at the end, from the training loss at inference, is as small as the reference's."""
    return Criterion("gap_closed", "Generalization gap is closed", points, _gap_closed)


def converged(points: float) -> Criterion:
    """The validation loss at the end lies in the reference's band."""
    return Criterion("converged", "Validation loss has come down", points, _converged)


def own_loss(points: float) -> Criterion:
    """The validation loss of a network of one's own is at most the reference's."""
    return Criterion("own_loss", "Validation loss as low as the reference's", points, _own_loss)


def _finite(evidence: Any) -> tuple[Fault, ...]:
    for name in ("loss", VALIDATION):
        values = evidence.told.series.get(name, np.array([]))
        if not np.isfinite(values).all():
            epoch = int(np.flatnonzero(~np.isfinite(values))[0]) + 1
            message = explain("not_finite", series=name, value=values[epoch - 1], epoch=epoch)
            return (Fault(message, 1.0, "not_finite"),)
    return ()


NO_NUMBERS = "The losses are no numbers, so this cannot be told from them."


def _falling(evidence: Any) -> tuple[Fault, ...]:
    losses = evidence.logged_losses
    if not losses.size or not np.isfinite(losses).all():
        return (Fault(NO_NUMBERS, 1.0),)
    if len(losses) < 2:
        return ()  # one epoch cannot fall; that it was one only is told by the criterion "fit"
    last = float(losses[-max(1, len(losses) // 10) :].mean())
    fallen = 1 - last / losses[0] if losses[0] else 0.0
    limits = evidence.band("fall") if len(losses) >= evidence.reference.fit.epochs else None
    if fallen <= 0:
        return (Fault(explain("not_falling", first=_shown(losses[0]), last=_shown(last)), 1.0, "not_falling"),)
    if limits is not None and not limits.holds(fallen) and limits.low is not None and fallen < limits.low:
        return (Fault(explain("falls_little", first=_shown(losses[0]), last=_shown(last)), 1.0, "falls_little"),)
    return ()


def _gap_closed(evidence: Any) -> tuple[Fault, ...]:
    limits, gap = evidence.band("gap"), evidence.gap
    if not np.isfinite(gap):
        return (Fault(NO_NUMBERS, 1.0),)
    if limits is None or limits.holds(gap):
        return ()
    training, validation = evidence.losses_now
    message = explain("gap_open", gap=_shown(gap), training=_shown(training), validation=_shown(validation))
    return (Fault(message, 1.0, "gap_open"),)


def _converged(evidence: Any) -> tuple[Fault, ...]:
    limits, loss = evidence.band("last_val_loss"), evidence.last_val_loss
    if not np.isfinite(loss):
        return (Fault(NO_NUMBERS, 1.0),)
    if limits is None or limits.holds(loss):
        return ()
    key = "not_converged" if limits.high is not None and loss > limits.high else "too_good"
    return (Fault(explain(key, loss=_shown(loss)), 1.0, key),)


def _own_loss(evidence: Any) -> tuple[Fault, ...]:
    """Judged on the exercise's own validation part by the model as it is now: weights restored from an epoch count."""
    limits, loss = evidence.band("last_val_loss"), evidence.losses_now[1]
    if not np.isfinite(loss):
        return (Fault(NO_NUMBERS, 1.0),)
    if limits is None or limits.high is None or min(loss, evidence.last_val_loss) <= limits.high:
        return ()
    training = evidence.losses_now[0]
    key = "own_loss_overfits" if loss - training > 0.1 * loss else "own_loss_high"
    return (Fault(explain(key, loss=_shown(loss), training=_shown(training)), 1.0, key),)


def _shown(value: float) -> str:
    return f"{value:.3g}"
