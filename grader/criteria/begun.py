"""The gate of a rubric: is there something to judge, has it been begun, did its cell raise an error?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dropnorm.language import listed, ngettext
from grader.criteria.errors import ANSWERS, CALLED, COMPILES, TRAINS, Where, explain_error
from grader.facts import ObservationError
from grader.misconceptions import explain
from grader.rubric import Fault, Status

# Of an error in a model's call: here the words of Python say more than an explanation of them.
SAID_AS_WELL = ("raised", "no_such_name", "not_defined")


def model_begun(evidence: Any) -> tuple[Status, Fault] | None:
    """Whether the evidence holds a Keras model that can be looked at; else what stands there in its place."""
    name = evidence.exercise.model_name
    if not evidence.has_model and evidence.error is not None:
        return Status.RAISED, _raised(evidence)
    if not evidence.has_model:
        other = evidence.model_of_another_name()
        if other is not None:  # a trial, or the answer under a wrong name: told, but nothing is wrong yet
            return Status.NOT_STARTED, Fault(explain("other_name", name=name, other=other), 1.0, "other_name")
        key = "not_begun" if evidence.knows(name) else "not_there"
        return Status.NOT_STARTED, Fault(explain(key, name=name), 1.0)
    try:
        _ = evidence.facts
    except ObservationError as error:
        if error.reason == "other_width" and evidence.data_difference == "columns_changed":
            message = explain("columns_changed", **evidence.exercise.called)
            return Status.WRONG, Fault(message, 1.0, "columns_changed")
        if error.reason == "raises":
            known = explain_error(error.cause, name, CALLED)
            if known.misconception not in SAID_AS_WELL:
                return Status.WRONG, Fault(known.message, 1.0, known.misconception)
        return Status.WRONG, Fault(error.told_of(name), 1.0, error.reason)
    return None


def _raised(evidence: Any) -> Fault:
    """The fault behind the error that keeps the model or its history from being there."""
    if evidence.error == evidence.fit_error:
        return _raised_by(evidence, evidence.error, evidence.exercise.history_name, TRAINS)
    return _raised_by(evidence, evidence.error, evidence.exercise.model_name)


def _raised_by(evidence: Any, error: Any, name: str, where: Where = ANSWERS) -> Fault:
    """The fault behind an error; a label that is no kind's number says something else where a measure is predicted."""
    fault = explain_error(error, name, where)
    if fault.misconception != "label_out_of_range" or evidence.data.kinds:
        return fault
    said = explain("loss_of_kinds", model=evidence.exercise.model_name, **where.fields())
    return Fault(said, 1.0, "loss_of_kinds")


def history_begun(evidence: Any) -> tuple[Status, Fault] | None:
    """Whether the evidence holds a model and a history of its training."""
    stopped = model_begun(evidence)
    if stopped is not None:
        return stopped
    name = evidence.exercise.history_name
    if not evidence.has_history:
        if evidence.compile_error is not None and not evidence.facts.compiled:  # then `fit` raised because of it
            return Status.RAISED, explain_error(evidence.compile_error, evidence.exercise.model_name, COMPILES)
        if evidence.fit_error is not None:
            return Status.RAISED, _raised_by(evidence, evidence.fit_error, name, TRAINS)
        if evidence.error is not None:
            return Status.RAISED, _raised(evidence)
        key = "not_trained" if evidence.facts.compiled else "not_compiled"
        key = "history_not_kept" if evidence.steps_taken else key
        message = explain(key, model=evidence.exercise.model_name, history=name)
        return Status.NOT_STARTED, Fault(message, 1.0, key)
    return None


def answers_begun(history_name: str, *answers: str) -> Callable[[Any], tuple[Status, Fault] | None]:
    """The gate of questions about curves: whether an answer is there, and the history that it is about."""

    def gate(evidence: Any) -> tuple[Status, Fault] | None:
        if evidence.fit_error is not None and not evidence.holds(history_name):
            return Status.RAISED, _raised_by(evidence, evidence.fit_error, history_name, TRAINS)
        given = [evidence.answer(answer) for answer in answers]
        if all(answer is None for answer in given):
            if evidence.error is not None:
                return Status.RAISED, explain_error(evidence.error, answers[0])
            names = listed(f"`{answer}`" for answer in answers)
            unanswered = ngettext("{answers} is still None", "{answers} are still None", len(answers))
            said = explain("not_answered", unanswered=unanswered.format(answers=names))
            return Status.NOT_STARTED, Fault(said, 1.0)
        if not evidence.holds(history_name):
            return Status.NOT_STARTED, Fault(explain("nothing_to_answer", history=history_name), 1.0, "not_trained")
        return None

    return gate
