"""Criteria about a training: whose history it is, how long and in which batches, on which rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from dropnorm.curves import LOGGED
from dropnorm.language import N_, _, current, listed
from grader import trained
from grader.criteria.begun import history_begun
from grader.criteria.layout import counted
from grader.misconceptions import explain
from grader.rubric import Criterion, Fault, Status
from grader.spec_rules import SUM


def history_usable(evidence: Any) -> tuple[Status, Fault] | None:
    """The gate of the rubrics on curves: there is a model and a history, and the history is this model's."""
    stopped = history_begun(evidence)
    if stopped is not None:
        return stopped
    key, fields = _not_its_history(evidence)
    if key is None:
        return None
    names = {"history": evidence.exercise.history_name, "model": evidence.exercise.model_name}
    return Status.WRONG, Fault(explain(key, **names, **fields), 1.0, key)


def _not_its_history(evidence: Any) -> tuple[str | None, dict[str, Any]]:
    told = evidence.told
    kind = evidence.history_kind
    if told is None:
        return "no_history", {"kind": kind}
    if not told.series or told.lengths == {0}:
        return "history_empty", {}
    if told.lengths != {told.epochs} and not _validated_seldom(told):
        length = _("{length} of {series}")
        lengths = (length.format(length=len(values), series=name) for name, values in told.series.items())
        return "history_lengths", {"lengths": current().between_items.join(lengths)}
    if not told.from_fit:
        return (None, {}) if evidence.trained_as_told else ("history_by_hand", {"kind": kind})
    whose = evidence.history_of_another
    if whose is None:
        return None, {}
    return ("history_of_another_model", {"whose": whose}) if whose else ("history_stale", {})


def _validated_seldom(told: Any) -> bool:
    """Whether `fit` was told to validate in some epochs only: all of its other series are whole."""
    validated = {len(values) for name, values in told.series.items() if name.startswith("val_")}
    others = {len(values) for name, values in told.series.items() if not name.startswith("val_")}
    every = {told.epochs // each for each in range(2, told.epochs + 1)}  # nth epoch
    return told.from_fit and others == {told.epochs} and len(validated) == 1 and validated <= every


def history(points: float) -> Criterion:
    """The history is what ``fit`` returned, and tells of the whole training."""
    return Criterion("history", "History of this training", points, _history)


def _history(evidence: Any) -> tuple[Fault, ...]:
    names = {"history": evidence.exercise.history_name, "model": evidence.exercise.model_name}
    if not evidence.told.from_fit:
        return (Fault(explain("history_unpacked", kind=evidence.told.kind, **names), 1.0, "history_unpacked"),)
    if evidence.trained_further:
        steps, told = evidence.steps_taken, evidence.told.steps * evidence.told.epochs
        return (Fault(explain("trained_further", steps=steps, told=told, **names), 1.0, "trained_further"),)
    if _validated_seldom(evidence.told):
        epochs, seen = evidence.told.epochs, len(evidence.told.series[trained.VALIDATION])
        message = explain("validated_seldom", seen=seen, epochs=epochs, **names)
        return (Fault(message, 1.0, "validated_seldom"),)
    if evidence.trained_before:
        message = explain("trained_before", earlier=listed(map(_in_words, evidence.trained_before)), **names)
        return (Fault(message, 1.0, "trained_before"),)
    return ()


def _in_words(noted: str) -> str:
    """What `dropnorm.training` has noted of an earlier training; the note is English in whatever language it is."""
    optimizer, at, rate = noted.partition(" at the learning rate ")
    return _("{optimizer} at the learning rate {rate}").format(optimizer=optimizer, rate=rate) if at else noted


def fit(points: float) -> Criterion:
    """As many epochs and as large batches as the exercise gives; each counts one half.

    A training of less than half of the epochs shows nothing of what is asked, and loses both halves.
    """
    return Criterion("fit", "Fit: epochs and batch size", points, _fit)


def _fit(evidence: Any) -> tuple[Fault, ...]:
    told, asked = evidence.told, evidence.reference.fit
    faults = []
    diverged = not np.isfinite(told.series.get(LOGGED, np.array([]))).all()
    if told.epochs < asked.epochs and not (diverged and told.asked == asked.epochs):
        stopped = told.asked is not None and told.epochs + told.began < told.asked
        key = "stopped_early" if stopped else "began_late" if told.began else "trained_too_short"
        cost = 1.0 if 2 * told.epochs < asked.epochs else 0.5
        seen = {"epochs": counted(told.epochs, "epoch"), "first": told.began + 1}
        faults.append(Fault(explain(key, **seen), cost, key))
    elif told.epochs > asked.epochs:
        epochs = counted(told.epochs, "epoch")
        faults.append(Fault(explain("trained_longer", epochs=epochs), 0.5, "trained_longer"))
    usual = _usual_steps(evidence)
    if told.steps and told.steps != usual and not _rows_differ(evidence):
        compared = _(FEWER if told.steps < usual else MORE)
        message = explain("other_steps", steps=counted(told.steps, "step"), compared=compared)
        faults.append(Fault(message, 0.5, "other_steps"))
    return tuple(faults)


FEWER = N_("fewer than the exercise's rows make in its batches: you gave `fit` fewer rows or larger batches")
MORE = N_("more than the exercise's rows make in its batches: you gave `fit` more rows or smaller batches")


def _usual_steps(evidence: Any) -> int:
    return trained.steps_of(len(evidence.data.X_train), evidence.reference.fit.batch_size)


def _rows_differ(evidence: Any) -> bool:
    """Whether another number of steps comes from other rows, which is a matter of the criterion "rows"."""
    steps, batch = evidence.told.steps, evidence.reference.fit.batch_size
    if steps in (_on_all(evidence), trained.steps_of(len(evidence.data.X_valid), batch)):
        return True
    if (evidence.validated_on or "").startswith("split") or evidence.validated_on is None:
        shares = (trained.steps_of(int(len(evidence.data.X_train) * (1 - share)), batch) for share in trained.SPLITS)
        return steps in shares
    return evidence.data_difference in ("rows_changed", "split_not_by_group", "other_split", "inputs_and_targets")


def _on_all(evidence: Any) -> int:
    rows = len(evidence.data.X_train) + len(evidence.data.X_valid)
    return trained.steps_of(rows, evidence.reference.fit.batch_size)


def rows(points: float, *, batch_given: bool = True) -> Criterion:
    """Trained on the training part, validated on the validation part, both prepared as the exercise says.

    Where the exercise gives the batch size, fewer steps than it makes leave open whether all rows were learned from.
    Where it does not, steps that only all rows together make say that all were learned from.
    """

    def judge(evidence: Any) -> tuple[Fault, ...]:
        faults = _rows(evidence, batch_given)
        if faults or not batch_given or not _too_few_steps(evidence):
            return faults
        steps = counted(evidence.told.steps, "step")
        return (Fault(explain("rows_unknown", steps=steps), 1.0, "rows_unknown"),)

    return Criterion("rows", "Data: trained and validated on the right rows", points, judge)


def _too_few_steps(evidence: Any) -> bool:
    """Whether an epoch, in the exercise's batches, did not reach all rows of the training part."""
    steps = evidence.told.steps
    return bool(steps) and steps < _usual_steps(evidence) and not _rows_differ(evidence)


def _only_of_all(evidence: Any) -> bool:
    """Whether no batch size makes the steps of an epoch from the training rows, but a usual one does from all rows."""
    steps, train = evidence.told.steps, len(evidence.data.X_train)
    rows = train + len(evidence.data.X_valid)
    if not steps or evidence.data_difference or trained.batch_sizes(train, steps):
        return False
    usual = (size for size in trained.batch_sizes(rows, steps) if size % 8 == 0 or size % 10 == 0)
    return any(trained.steps_of(rows, size) == steps for size in usual)


GROUPS = {"track_artist": N_("artist")}  # in words, by the column


def _rows(evidence: Any, batch_given: bool) -> tuple[Fault, ...]:
    faults = []
    if evidence.data_difference:
        key = evidence.data_difference
        group = GROUPS.get(evidence.data.grouped_by, "")
        faults.append(Fault(explain(key, group=_(group), **evidence.exercise.called), 1.0, key))
    told, on = evidence.told, evidence.validated_on
    usual = trained.steps_of(len(evidence.data.X_valid), evidence.reference.fit.batch_size)
    key = None
    if trained.VALIDATION not in told.series:
        key = "validation_missing"
    elif on == "training":
        key = "parts_swapped" if told.steps == usual else "validation_on_training"
    elif on is not None and on.startswith("split"):
        key = "validation_split"
    elif on == "validation" and (told.steps == _on_all(evidence) or (not batch_given and _only_of_all(evidence))):
        key = "trained_on_all"
    elif on == "validation" and told.steps == usual and not evidence.data_difference:
        key = "trained_on_validation"
    elif on is None and not _unknowable(evidence):
        key = _not_found(evidence)
    if key:
        names = {"history": evidence.exercise.history_name, "model": evidence.exercise.model_name}
        faults.append(Fault(explain(key, **names), 1.0, key))
    return tuple(faults)


def _not_found(evidence: Any) -> str:
    """What may keep a validation loss from being found again."""
    if not evidence.facts.deterministic:
        return "predictions_vary"
    return "compiled_anew" if evidence.compiled_anew else "validation_other_rows"


def _unknowable(evidence: Any) -> bool:
    """Whether nothing can be said of the validation part: losses that are no numbers, a model trained further."""
    validation = evidence.told.series[trained.VALIDATION]
    if evidence.facts.compiled is None:
        return True
    if any(each.startswith("activity") for each in evidence.facts.penalized):
        return True  # such a penalty hangs on the rows that a batch has
    if evidence.data_difference == "data_no_numbers" or SUM in evidence.facts.compiled.loss:
        return True  # a sum hangs on how many rows a batch has
    if _validated_seldom(evidence.told):
        return True  # perhaps the last time some epochs before the end
    return not np.isfinite(validation[-1]) or evidence.trained_further
