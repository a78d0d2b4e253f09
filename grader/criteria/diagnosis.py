"""Criteria about a diagnosis: the problem by its name, and a number over the curves that shows it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.diagnosis import Diagnosis
from dropnorm.language import N_, _, listed
from dropnorm.symptoms import Problem
from grader import recorded
from grader.criteria.answers import judge_answer, scalar, shown
from grader.criteria.errors import shortened
from grader.criteria.shown_by import Number, distances, falls, losses, peaks_of_calm_curves, shown_by, turned_round
from grader.misconceptions import explain
from grader.rubric import Criterion, Fault

# Other forms of a name that mean the same: who writes one of them has named the problem.
FORMS = {
    "overfit": Problem.OVERFITS,
    "overfitting": Problem.OVERFITS,
    "underfit": Problem.UNDERFITS,
    "underfitting": Problem.UNDERFITS,
    "disagree": Problem.DISAGREE,
    "inference and training disagree": Problem.DISAGREE,
    "slow": Problem.TOO_SLOW,
    "diverges": Problem.UNSTABLE,
    "diverging": Problem.UNSTABLE,
    "unstable or diverging": Problem.UNSTABLE,
    "no problem": Problem.FINE,
}
NAMES = {str(problem): problem for problem in Problem} | FORMS
HALF_RIGHT = ("evidence_turned_round", "explosion_elsewhere")
AFTER_AN_EXPLOSION = (Problem.TOO_SLOW, Problem.STUCK, Problem.UNDERFITS, Problem.NOISY, Problem.DISAGREE)


def problem(number: int, right: Problem, points: float = 1.0) -> Criterion:
    """The problem's name, for the training of that number; the answer is called ``problem``."""

    def judged(name: str, given: Any) -> Fault | None:
        named = _named(given)
        if len(named) > 1:
            several = _("two problems") if len(named) == 2 else _("{count} problems").format(count=len(named))
            shown_names = listed(f"`{each}`" for each in named)
            return _fault("two_problems", name=name, count=several, given=shown_names)
        if not named:
            return _no_name(name, given)
        return None if named[0] == right else _not_this(named[0], right, recorded.curves(number))

    return _criterion("problem", N_("The problem's name"), points, judged)


def evidence(number: int, right: Problem, points: float = 1.0) -> Criterion:
    """A number that shows the problem, over the curves of that number; the answer is called ``evidence``."""

    def judged(name: str, given: Any) -> Fault | None:
        value = scalar(given)
        if value is None or isinstance(value, bool):
            return _fault("evidence_no_number", name=name, given=shown(given))
        curves, seen = recorded.curves(number), {"name": name, "value": f"{value:.4g}"}
        shows, wrong = shown_by(right, curves), list(_wrong_numbers(right, curves))
        meant = [entry for entry in wrong if entry[1].is_exactly(value)]  # an expression's value is no rounded one
        if any(each.is_exactly(value) or (not meant and each.is_given(value)) for each in shows):
            return None
        # What a number is, is said of a rounded one only where it was typed: among so many, one is near by chance.
        typed = value == float(f"{value:.4g}")
        near = meant or [entry for entry in wrong if typed and entry[1].is_given(value)]
        near.sort(key=lambda entry: abs(entry[1].value - value))
        if not near:
            return _fault("other_evidence", **seen)
        key, found = near[0]
        return _fault(key, 0.5 if key in HALF_RIGHT else 1.0, what=found.what, **seen)

    return _criterion("evidence", N_("A number that shows it"), points, judged)


def _wrong_numbers(right: Problem, curves: LearningCurves) -> Iterator[tuple[str, Number]]:
    """Numbers over the curves that do not show this problem, with the misconceptions behind them."""
    yield from (("evidence_turned_round", each) for each in turned_round(right, curves))
    if right is Problem.UNSTABLE:
        yield from (("explosion_elsewhere", each) for each in peaks_of_calm_curves(curves))
    yield from (("gap_to_logged", each) for each in distances(curves, VALIDATION, LOGGED))
    yield from (("one_loss_for_evidence", each) for each in losses(curves))
    yield from (("fall_of_all_epochs", each) for each in falls(curves))
    others = (other for other in Problem if other != right)
    yield from (("evidence_of_another", each) for other in others for each in shown_by(other, curves))


def _criterion(key: str, title: str, points: float, judged: Callable[[str, Any], Fault | None]) -> Criterion:
    """A criterion on the answer of that name."""

    def judge(evidence: Any) -> tuple[Fault, ...]:
        return judge_answer(evidence, key, lambda given: judged(key, given))

    return Criterion(key, title, points, judge)


def _named(given: Any) -> list[Problem]:
    """The problems that an answer names, each once."""
    if isinstance(given, Diagnosis):
        return [given.problem]
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, str):
        texts = given if isinstance(given, Iterable) else ()
        found = [each for text in texts if isinstance(text, str | Diagnosis) for each in _named(text)]
        return list(dict.fromkeys(found))
    said = re.sub(r"[^a-z]+", " ", given.lower()).strip()
    if said in NAMES:
        return [NAMES[said]]
    rest, found = said, []
    for name in sorted(map(str, Problem), key=len, reverse=True):  # the longest first: it may hold a shorter one
        if re.search(rf"\b{name}\b", rest):
            found.append(Problem(name))
            rest = re.sub(rf"\b{name}\b", " ", rest)
    negated = re.search(r"\b(not|no|never|isn t)\b", rest)
    return [] if negated else [each for each in Problem if each in found]


def _no_name(name: str, given: Any) -> Fault:
    if not isinstance(given, str):
        return _fault("problem_no_name", name=name, given=shown(given))
    near = difflib.get_close_matches(given.lower().strip(), list(NAMES), 1, 0.6)
    hint = _(" (the nearest on it is `{problem}`)").format(problem=NAMES[near[0]]) if near else ""
    return _fault("problem_not_listed", name=name, given=shortened(repr(given), 60), hint=hint)


def _not_this(named: Problem, right: Problem, curves: LearningCurves) -> Fault:
    """Why the curves do not show a problem that was named: what it would look like, and what stands there instead."""
    key, seen = KEYS[named], _seen(curves)
    if right is Problem.UNSTABLE and named in AFTER_AN_EXPLOSION:
        key = "explosion_overlooked"
    return _fault(key, given=named, **seen)


KEYS = {
    Problem.UNSTABLE: "not_unstable",
    Problem.OVERFITS: "not_overfitting",
    Problem.DISAGREE: "not_disagreement",
    Problem.NOISY: "not_noisy",
    Problem.TOO_SLOW: "not_too_slow",
    Problem.STUCK: "not_stuck",
    Problem.UNDERFITS: "not_underfitting",
    Problem.UNDECIDED: "can_be_told",
    Problem.FINE: "not_fine",
}


def _seen(curves: LearningCurves) -> dict[str, str]:
    """What the messages say of the curves of one run, in three digits."""
    logged, inference, validation = (getattr(curves, name)[0] for name in (LOGGED, AT_INFERENCE, VALIDATION))
    half, fifth = len(validation) // 2, len(validation) // 5
    numbers = {
        "first": logged[0],
        "largest": logged.max(),
        "logged": logged[-1],
        "logged_before": logged[-11],
        "inference": inference[-1],
        "inference_before": inference[-11],
        "validation": validation[-1],
        "before": validation[-1 - fifth],
        "best": validation.min(),
        "jump": np.median(np.abs(np.diff(validation[half:]))),
        "level": np.median(validation[-fifth:]),
    }
    return {name: f"{value:.3g}" for name, value in numbers.items()} | {"epoch": str(int(logged.argmax()) + 1)}


def _fault(key: str, cost: float = 1.0, **seen: object) -> Fault:
    return Fault(explain(key, **seen), cost, key)
