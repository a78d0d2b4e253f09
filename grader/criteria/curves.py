"""Criteria about the shape of the learning curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dropnorm.curves import VALIDATION
from dropnorm.language import N_, _, listed
from grader.bands import Band
from grader.criteria.layout import BATCH_NORM, DENSE
from grader.misconceptions import explain
from grader.rubric import Criterion, Fault
from grader.spec_rules import LEARNING_RATE

UPHILL = N_("Below 0 each step leads up the slope of the loss, not down.")
TOO_LONG = N_("It multiplies every step, and steps that long end nowhere near where their gradient was taken.")
NO_RATE = N_("It multiplies every step, so no weight stays a number.")


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


def rate_unusable(evidence: Any, series: Mapping[str, np.ndarray]) -> Fault | None:
    """A learning rate with which nothing can be learned and nothing is trained anew: negative, huge or no number.

    Args:
        evidence: of a model.
        series: what the notebook's own training logged, where there was one.
    """
    rate = None if evidence.facts.compiled is None else evidence.facts.compiled.learning_rate
    if rate is None or 0 <= rate <= LEARNING_RATE:
        return None
    reason = NO_RATE if not np.isfinite(rate) else TOO_LONG if rate > 0 else UPHILL
    gone = [(name, _gone(series[name])) for name in ("loss", VALIDATION) if name in series]
    and_lost = _(", and `{series}` is {value} in epoch {epoch}")
    seen = (and_lost.format(series=name, value=value, epoch=epoch) for name, (value, epoch) in gone if epoch)
    message = explain("rate_unusable", rate=f"{rate:.4g}", seen=next(seen, ""), reason=_(reason))
    return Fault(message, 1.0, "rate_unusable")


def _gone(values: np.ndarray) -> tuple[float, int]:
    """The first value that is no finite number, and its epoch; epoch 0 where all are."""
    gone = np.flatnonzero(~np.isfinite(values))
    return (float(values[gone[0]]), int(gone[0]) + 1) if gone.size else (0.0, 0)


def _broken(evidence: Any) -> tuple[Fault, str] | None:
    """A training that broke down, for which no criterion on curves gives anything; and what the others say of it."""
    unusable = rate_unusable(evidence, evidence.told.series)
    if unusable is not None:
        return unusable, _(NO_RATE_TO_LEARN)
    broken = _not_finite(evidence)
    return None if broken is None else (broken, _(NO_NUMBERS))


def _finite(evidence: Any) -> tuple[Fault, ...]:
    broken = _broken(evidence)
    return () if broken is None else (broken[0],)


def _not_finite(evidence: Any) -> Fault | None:
    for name in ("loss", VALIDATION):
        value, epoch = _gone(evidence.judged_series.get(name, np.array([])))
        if epoch:
            where = _("the epochs just before it, then at ") if epoch > 1 else ""
            message = explain("not_finite", series=name, value=value, epoch=epoch, where=where)
            return Fault(message, 1.0, "not_finite")
    return None


NO_RATE_TO_LEARN = N_("With such a learning rate the curves tell nothing of your network.")
NO_NUMBERS = N_("The losses are no numbers, so this cannot be told from them.")
NO_SUCH_LOSS = N_("The exercise's loss cannot be taken of what your network gives: mend its output layer first.")
NO_PREDICTION = N_("Some of what your network predicts at the end is no number, so this cannot be told.")
BELOW_ZERO = N_("The losses lie below 0, which the exercise's loss never does: how far they fall cannot be compared.")
ONE_EPOCH = N_("There is one epoch only, so whether the loss falls cannot be told.")


def _falling(evidence: Any) -> tuple[Fault, ...]:
    if broken := _broken(evidence):
        return (Fault(broken[1], 1.0),)
    losses = evidence.logged_losses
    if not losses.size:
        return (Fault(_(NO_NUMBERS), 1.0),)
    if len(losses) < 2:
        return (Fault(_(ONE_EPOCH), 1.0),)
    if losses[0] < 0:
        return (Fault(_(BELOW_ZERO), 1.0),)
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
        return (Fault(_(NO_SUCH_LOSS if evidence.data.kinds else NO_PREDICTION), 1.0),)
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
        if broken := _broken(evidence):
            return (Fault(broken[1], 1.0),)
        limits, loss = evidence.band(figure), getattr(evidence, figure)
        if not np.isfinite(loss):
            return (Fault(_(NO_SUCH_LOSS if evidence.data.kinds else NO_PREDICTION), 1.0),)
        if limits is None or limits.holds(loss):
            return _penalized(evidence)
        key = too_high if _above(limits, loss) else "too_good"
        beside = _uncentred_end(evidence) if key == too_high else ()
        return (Fault(explain(key, loss=_shown(loss)), 1.0, key), *beside, *_penalized(evidence))

    return judge


def _uncentred_end(evidence: Any) -> tuple[Fault, ...]:
    """A remark where the output layer gets inputs of mean 0: then its bias alone lifts predictions to the targets."""
    steps = evidence.facts.operations
    last = next((place for place in reversed(range(len(steps))) if steps[place].kind == DENSE), 0)
    before = steps[last - 1] if last else None
    if before is None or before.kind != BATCH_NORM or before.settings.get("center", True):
        return ()
    return (Fault(explain("uncentred_end"), 0.0, "uncentred_end"),)


def _penalized(evidence: Any) -> tuple[Fault, ...]:
    """A remark where layers add a penalty to the loss: the curves that a learner sees are not those of the error."""
    if not evidence.facts.penalized or not evidence.penalty:
        return ()
    seen = {"model": evidence.exercise.model_name, "setting": listed(evidence.facts.penalized)}
    return (Fault(explain("penalized", penalty=_shown(evidence.penalty), **seen), 0.0, "penalized"),)


ABOVE_AS_WELL = N_("Its training loss lies above the reference's validation loss as well")
CLOSE = N_("The two are close")


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
        return (Fault(_(NO_NUMBERS), 1.0),)
    limits = evidence.band("last_val_loss")
    if not _above(limits, min(loss, evidence.last_val_loss)):
        return ()
    too_high = _above(limits, training)
    key = "own_loss_overfits" if _above(evidence.band("gap"), loss - training) and not too_high else "own_loss_high"
    reason = _(ABOVE_AS_WELL if too_high else CLOSE)
    return (Fault(explain(key, loss=_shown(loss), training=_shown(training), reason=reason), 1.0, key),)


def _above(limits: Band | None, value: float) -> bool:
    return limits is not None and limits.high is not None and value > limits.high


def _shown(value: float) -> str:
    return f"{value:.3g}"


def _told_apart(first: float, last: float) -> tuple[str, str]:
    """Two losses in as many digits as it takes to see which is higher."""
    shown = ((f"{first:.{digits}g}", f"{last:.{digits}g}") for digits in range(3, 10))
    return next((pair for pair in shown if pair[0] != pair[1]), (_shown(first), _shown(last)))
