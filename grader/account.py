"""The account: what a rubric is told of a notebook, as plain values that a kernel can hand over.

`account` writes down, of the evidence in a kernel, what judging asks for; `grader.handed` reads it on the side that is
trusted. It holds no code and no points: facts about the model, the history's numbers, answers, errors. Whoever writes
one by hand has described another model, and that is what is trained anew and judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from dropnorm.diagnosis import Diagnosis
from grader.criteria.answers import scalar, shown
from grader.criteria.errors import shortened
from grader.evidence import Evidence
from grader.facts import ObservationError
from grader.fit_settings import SETTINGS
from grader.raised import Raised
from grader.rubric import Rubric, cause

VERSION = 1
TEXT = 30_000  # characters of one text, at most: TensorFlow says at the end of a long one what was wrong
EPOCHS, SERIES = 10_000, 3  # values of one series, and so many such series in all: a message has a mebibyte
NAMES = 10  # texts in one answer


def account(evidence: Evidence, rubric: Rubric) -> dict[str, Any]:
    """What a rubric is told of the notebook that this evidence is taken from, as JSON holds it.

    What cannot be looked at is left out by its reason: ``{"unseen": reason}``.
    """
    of_values = rubric.history is not None  # else the answers are a model, and perhaps its settings
    names = [name for name in rubric.answers if of_values or name == SETTINGS]
    told: dict[str, Any] = {
        "version": VERSION,
        "exercise": evidence.exercise.name,
        "rubric": rubric.name,
        "errors": {name: _raised(getattr(evidence, name)) for name in ("error", "compile_error", "fit_error")},
        "answers": {name: answer(evidence.answer(name)) for name in names if evidence.knows(name)},
        "holds": [name for name in filter(None, [rubric.history, *names]) if evidence.holds(name)],
    }
    if of_values:
        told["series"] = _seen(lambda: _series(evidence.series(rubric.history)))
        return told
    exercise = evidence.exercise
    told["known"] = [name for name in (exercise.model_name, exercise.history_name) if evidence.knows(name)]
    told["has_model"], told["has_history"] = evidence.has_model, evidence.has_history
    if not evidence.has_model:
        told["model_of_another_name"] = _seen(evidence.model_of_another_name)
        return told
    told["facts"] = _seen(lambda: _facts(evidence))
    for name in ("loss_given", "bias_given_as_text", "steps_taken", "penalty", "labels", "data_difference"):
        told[name] = _seen(lambda name=name: getattr(evidence, name))
    if SETTINGS in rubric.answers:
        told["given"] = _seen(lambda: plain(asdict(evidence.given)))
    if evidence.has_history and SETTINGS not in rubric.answers:
        told["history"] = _seen(lambda: _history(evidence))
        for name in ("history_kind", "history_of_another", "trained_before", "validated_on", "trained_as_told"):
            told[name] = _seen(lambda name=name: getattr(evidence, name))
    return told


def plain(value: Any) -> Any:
    """A value as JSON holds it: numbers, texts, lists and objects; of anything else what `str` says."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return shortened(value, TEXT) if len(value) > TEXT else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return shortened(value, TEXT)


def answer(given: Any) -> Any:
    """A learner's answer as JSON holds it: one value, a text, some texts; else how it is shown, ``{"shown": text}``."""
    if given is None:
        return None
    if isinstance(given, Diagnosis):
        return str(given.problem)
    if isinstance(given, str):
        return plain(given)
    one = scalar(given)
    if one is not None:
        return {"number": one, "shown": shown(given)}
    told: dict[str, Any] = {"shown": shown(given)}
    several = given.tolist() if isinstance(given, np.ndarray) else given
    if isinstance(several, list | tuple | set) and len(several) <= NAMES:
        told["texts"] = [answer(each) for each in several if isinstance(each, str | Diagnosis)]
    return told


def _seen(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Exception as error:  # a learner's object, a name that was shadowed: whoever asks for it hears why
        return {"unseen": shortened(cause(error), TEXT)}


def _raised(error: BaseException | Raised | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return plain(asdict(error if isinstance(error, Raised) else Raised.of(error)))


def _facts(evidence: Evidence) -> dict[str, Any]:
    try:
        return {"observed": plain(asdict(evidence.facts))}
    except ObservationError as error:
        return {"refused": {"reason": error.reason, "details": plain(error.details), "cause": _raised(error.cause)}}


def _history(evidence: Evidence) -> dict[str, Any] | None:
    told = evidence.told
    if told is None:
        return None
    kept = ("kind", "from_fit", "epochs", "asked", "steps", "began")
    return {**plain({name: getattr(told, name) for name in kept}), "series": _series(told.series)}


def _series(series: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    room, told = SERIES * EPOCHS, {}
    for name, values in series.items():
        told[str(name)[:100]] = np.asarray(values, float)[: min(EPOCHS, room)].tolist()
        room -= len(told[str(name)[:100]])
        if not room:
            break
    return told
