"""Criteria about a training that was mended: what was changed, and what comes of it when it is trained anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dropnorm.curves import VALIDATION, LearningCurves
from dropnorm.language import N_, _, listed, ngettext, sentences
from grader.changes import BATCH as BATCH_SIZE
from grader.changes import EPOCHS, changes, direction
from grader.criteria.begun import model_begun
from grader.criteria.curves import rate_unusable
from grader.criteria.errors import COMPILES, explain_error
from grader.criteria.layout import counted
from grader.criteria.left import Left
from grader.fit_settings import BATCH, SETTINGS, Given
from grader.misconceptions import explain
from grader.retraining import beyond, within
from grader.rubric import HUMAN, Criterion, Fault, Status
from grader.spec import ModelSpec
from grader.spec_rules import SpecError

TOO_LONG = ("past_the_limit", "stopped_too_late")
# What grading limits, by its name in `grader.retraining`.
LIMITED = {
    "steps": N_("the steps (epochs times batches)"),
    "multiplications": N_("the work (weights times rows times epochs)"),
}
Stopped = tuple[Status, Fault] | None


@dataclass(frozen=True)
class Gone(Criterion):
    """The criterion that a problem is gone, with what tells it."""

    left: Left


def begun(evidence: Any) -> Stopped:
    """The gate of the change: there is a model that predicts one number a row."""
    stopped = model_begun(evidence)
    if stopped is not None or evidence.facts.shapes in (((1,),), ((),)):
        return stopped
    shape, *others = evidence.facts.shapes
    if others:
        seen = {"model": evidence.exercise.model_name, "count": counted(1 + len(others), "output")}
        return Status.WRONG, _fault("several_outputs", **seen)
    if len(shape) == 1:
        units = ngettext("{count} unit", "{count} units", shape[0]).format(count=shape[0])
        return Status.WRONG, _fault("other_output_units", units=units)
    return Status.WRONG, _fault("other_output_shape", shape=shape)


def trainable(evidence: Any) -> Stopped:
    """The gate of the curves: all that a training needs is there, within the limits."""
    stopped = begun(evidence)
    if stopped is not None:
        return stopped
    faults = _compile(evidence)
    if faults:
        state = Status.WRONG if faults[0].misconception == "mended_loss" else Status.NOT_STARTED
        return (Status.RAISED if evidence.compile_error is not None else state), faults[0]
    given = evidence.given
    if given.fit is None:
        missing = not evidence.holds(SETTINGS)
        return (Status.NOT_STARTED if missing else Status.WRONG), given.faults[0]
    if (unusable := rate_unusable(evidence, {})) is not None:
        return Status.WRONG, unusable
    try:
        spec = _trained_spec(evidence, given)
    except SpecError as error:
        return Status.MANUAL, Fault(_not_rebuilt(error), 1.0, "custom_layer", manual=True)
    past = beyond(spec, len(evidence.data.X_train))
    if past is None:
        return _stopped_too_late(evidence, given, spec)
    name, times = past
    return Status.WRONG, _fault("past_the_limit", times=f"{times:.2g}", what=_(LIMITED[name]))


def _stopped_too_late(evidence: Any, given: Given, spec: ModelSpec) -> Stopped:
    """Where grading breaks off after fewer epochs than were given: whether early stopping came before that."""
    if given.stop is None or given.fit is None or spec.fit.epochs == given.fit.epochs:
        return None
    try:
        if evidence.ended(spec, given.stop):
            return None
    except Exception:  # a network that cannot be trained: the criteria, which meet it again, leave it to a human
        return None
    return Status.WRONG, _fault("stopped_too_late", epochs=counted(spec.fit.epochs, "epoch"))


def compiled(points: float) -> Criterion:
    """Compiled, and with the loss that was given; the optimizer is part of the change."""
    return Criterion("compile", "Compile: the same loss", points, _compile)


def settings(points: float) -> Criterion:
    """A dictionary of settings that `fit` takes and that grading can repeat."""
    return Criterion("settings", "Settings for fit", points, lambda evidence: evidence.given.faults)


def change(points: float, *acting: str) -> Criterion:
    """One thing was changed: one of those that act on the problem, or another that mends it all the same.

    What is said of a change is held to its curves: "right" where they are mended, "it removes the problem" where they
    do not show it any more. Where they do, what acts on the problem has most of the points, and a quarter where it was
    changed in the wrong direction; what does not act on it has none.

    Args:
        points: its points; two changes cost half of them, more cost three quarters.
        acting: what acts on the problem, in the words of `grader.changes`.
    """

    def judge(evidence: Any) -> tuple[Fault, ...]:
        given = evidence.given
        if evidence.facts.compiled is None:
            return (Fault(_("What was changed shows when the network is compiled."), 1.0),)
        if (unusable := rate_unusable(evidence, {})) is not None:
            return (unusable,)
        try:
            found = changes(evidence.reference, _spec(evidence, given), given.stop)
        except SpecError as error:
            return (Fault(_not_rebuilt(error), 1.0, "custom_layer", manual=True),)
        if not found:
            return (_fault(_why_unchanged(evidence, given)),)
        if len(found) > 1:
            count = counted(len(found), "thing")
            what = listed([_named(each, given) for each in found])
            return (_fault("several_changes", 0.5 if len(found) == 2 else 0.75, count=count, what=what),)
        fault = _single_change(evidence, given, found[0], found[0] in acting)
        return () if fault is None else (fault,)

    return Criterion("change", "The change: one, and the right one", points, judge)


def _single_change(evidence: Any, given: Given, what: str, acts: bool) -> Fault | None:
    """What is to be said of the only change; nothing where it mends, or where its curves are not there to be asked."""
    stopped, left, shown = trainable(evidence), _left(evidence), _named(what, given)
    why = None if stopped is None else stopped[1].misconception
    if stopped is None and given.stop is not None and what == EPOCHS:  # else nobody could see how many they are
        shown = _("{change} (your `EarlyStopping` keeps the first {epochs})")
        shown = shown.format(change=_(what), epochs=_curves(evidence).epochs)
    if stopped is None and left(_curves(evidence)) is None:
        return None if _mended(evidence) else _fault("gone_but_high", 0.25 if acts else 0.5, what=shown)
    if acts and _backwards(evidence, given, what, left, why):
        return _fault("change_backwards", 0.75, what=shown)
    if stopped is None:
        return _fault("change_not_enough", 0.25, what=shown) if acts else _fault("change_elsewhere", what=shown)
    return _fault("change_unseen", what=shown) if why in TOO_LONG and not acts else None


def _named(what: str, given: Given) -> str:
    """A change in words; with what `fit` does where a batch size was forgotten."""
    if what != BATCH_SIZE or given.batch_given:
        return _(what)
    return _("{change} (none is given, and `fit` takes {rows} then)").format(change=_(what), rows=BATCH)


def _backwards(evidence: Any, given: Given, what: str, left: Left, why_not_trained: str | None) -> bool:
    """Whether a change goes against the direction that acts on the problem."""
    spec, toward = _spec(evidence, given), left.toward.get(what)
    if given.stop is not None and why_not_trained is None:  # what counts is the epochs that were trained
        spec = replace(spec, fit=replace(spec.fit, epochs=_curves(evidence).epochs))
    elif given.stop is not None and why_not_trained == "stopped_too_late":
        spec = _trained_spec(evidence, given)
    elif given.stop is not None and what == EPOCHS:
        return False
    way = direction(evidence.reference, spec, what)
    return None not in (way, toward) and way != toward


def gone(points: float, left: Left) -> Criterion:
    """The problem does not show any more, in the middle one of three runs."""

    def judge(evidence: Any) -> tuple[Fault, ...]:
        fault = left(_curves(evidence))
        if fault is None:
            return ()
        return (_fault("as_it_went"),) if _unchanged(evidence) else (fault,)

    return Gone("gone", N_("The problem is gone"), points, judge, left)


def reached(points: float, limit: float, told: Left, *, at_end: bool = False) -> Criterion:
    """The validation loss gets below a limit: at its lowest, or as the mean over the last tenth of the epochs.

    Where the problem is still there a low loss is luck, and has no points.
    """

    def judge(evidence: Any) -> tuple[Fault, ...]:
        curves = _curves(evidence)
        loss = float((curves.last(VALIDATION) if at_end else curves.best_val_loss)[0])
        stands = _("the validation loss ends at {loss}") if at_end else _("the validation loss gets down to {loss}")
        outcome = stands.format(loss=_shown(loss)) if np.isfinite(loss) else _("the validation loss is no number")
        if loss > limit or not np.isfinite(loss):
            key = "high_as_it_was" if _unchanged(evidence) else "mended_short"
            return (_fault(key, outcome=outcome),)
        return (_fault("low_by_luck", outcome=outcome),) if told(curves) is not None else ()

    return Criterion("reached", "The validation loss gets low", points, judge)


def _compile(evidence: Any) -> tuple[Fault, ...]:
    seen, name, error = evidence.facts.compiled, evidence.exercise.model_name, evidence.compile_error
    if error is not None:
        return (explain_error(error, name, COMPILES),)
    if seen is None:
        return (_fault("mended_not_compiled", model=name),)
    if seen.loss == evidence.reference.compile.loss:
        return ()
    loss = _("one of your own") if seen.loss == "unknown" else f"`{seen.loss.replace(':', ', the ')}`"
    return (_fault("no_loss" if seen.loss == "none" else "mended_loss", model=name, loss=loss),)


def _spec(evidence: Any, given: Given) -> ModelSpec:
    """The model as a spec, with its settings, or with those of the original where these cannot be read.

    The loss is the original's: another one is a fault by itself. Raises SpecError.
    """
    compiled = replace(evidence.facts.compiled, loss=evidence.reference.compile.loss)
    return ModelSpec.of(replace(evidence.facts, compiled=compiled), given.fit or evidence.reference.fit)


def _trained_spec(evidence: Any, given: Given) -> ModelSpec:
    """The spec as it is trained: with early stopping, the epochs that are trained count, and not those that are given.

    So it is waited for as far as the limits allow. Raises SpecError.
    """
    spec = _spec(evidence, given)
    return spec if given.stop is None else within(spec, len(evidence.data.X_train))


def _unchanged(evidence: Any) -> bool:
    given = evidence.given
    return not changes(evidence.reference, _spec(evidence, given), given.stop)


def _why_unchanged(evidence: Any, given: Given) -> str:
    if given.fit is None:
        return "change_untold"
    return "scaled_outside" if evidence.data_difference == "standardised_inputs" else "unchanged"


def _curves(evidence: Any) -> LearningCurves:
    given = evidence.given
    return evidence.retrained(_trained_spec(evidence, given), given.stop)


def _mended(evidence: Any) -> bool:
    """Whether all criteria of the exercise about the curves find nothing."""
    return not any(criterion.judge(evidence) for criterion in _about_curves(evidence))


def _about_curves(evidence: Any) -> tuple[Criterion, ...]:
    return evidence.exercise.rubrics[evidence.exercise.check[-1]].criteria


def _left(evidence: Any) -> Left:
    """What tells whether the exercise's problem is gone."""
    return next(each.left for each in _about_curves(evidence) if isinstance(each, Gone))


def _not_rebuilt(error: SpecError) -> str:
    return sentences(_("Grading cannot rebuild this network to train it anew."), str(error), _(HUMAN))


def _faults(fault: Fault | None) -> tuple[Fault, ...]:
    return () if fault is None else (fault,)


def _shown(value: float) -> str:
    return f"{float(value):.3g}"


def _fault(key: str, cost: float = 1.0, **seen: object) -> Fault:
    return Fault(explain(key, **seen), cost, key)
