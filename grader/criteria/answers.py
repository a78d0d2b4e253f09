"""Criteria about the questions on learning curves: an answer is compared with the history of the same run.

The definitions are those of the notebooks, word for word. Answers are taken in any form that holds one value: numbers
of Python or NumPy, arrays, series and tensors of one element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import isroutine
from typing import Any

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION
from dropnorm.language import N_, _
from grader.criteria.errors import explain_error, shortened
from grader.misconceptions import explain
from grader.rubric import Criterion, Fault

OVERFITS_BY = 0.02  # the last validation loss is more than this share above the lowest: then a training overfits
Series = Mapping[str, np.ndarray]
EXACT = 1e-6  # of a loss: what floats of 32 bits tell apart
AT_BEST = {"val_accuracy": N_("`val_accuracy` in the best epoch")}  # titles, by the series that is asked for


def best_epoch(name: str, history: str, points: float = 1.0) -> Criterion:
    """The epoch of the lowest validation loss, counted from 1."""
    return _question(name, N_("Best epoch"), history, points, _best_epoch)


def overfits(name: str, history: str, points: float = 1.0) -> Criterion:
    """Whether the last validation loss is more than 2 % above the lowest."""
    return _question(name, N_("Overfits or not"), history, points, _truth(_does_overfit, "overfits_other"))


def gap(name: str, history: str, points: float = 1.0) -> Criterion:
    """The last validation loss minus the last training loss at inference."""
    return _question(name, N_("Generalization gap at the end"), history, points, _gap)


def all_finite(name: str, history: str, points: float = 1.0) -> Criterion:
    """Whether every logged loss and validation loss is a finite number."""
    return _question(name, N_("Losses all numbers or not"), history, points, _truth(_is_finite, "finite_other"))


def below(name: str, history: str, limit: float, points: float = 1.0) -> Criterion:
    """Whether the last validation loss is below a limit; False where it is no number."""
    title = N_("Learned or not")
    return _question(
        name, title, history, points, _truth(lambda series: bool(series[VALIDATION][-1] < limit), "learned_other")
    )


def at_best(name: str, history: str, series: str, points: float = 1.0) -> Criterion:
    """The value of another series in the epoch of the lowest validation loss."""

    def judged(name: str, given: Any, found: Series) -> Fault | None:
        return _at_best(name, given, found, series)

    return _question(name, AT_BEST[series], history, points, judged)


def _question(
    name: str, title: str, history: str, points: float, judged: Callable[[str, Any, Series], Fault | None]
) -> Criterion:
    def judge(evidence: Any) -> tuple[Fault, ...]:
        series = evidence.series(history)
        if VALIDATION not in series or LOGGED not in series or not len(series[VALIDATION]):
            return (Fault(explain("nothing_to_answer", history=history), 1.0, "not_trained"),)
        return judge_answer(evidence, name, lambda given: judged(name, given, series))

    return Criterion(name, title, points, judge)


def judge_answer(evidence: Any, name: str, judged: Callable[[Any], Fault | None]) -> tuple[Fault, ...]:
    """What is wrong with the answer of that name: as ``judged`` finds of its value, or that there is none."""
    given = evidence.answer(name)
    if given is None and evidence.error is not None:  # the cell has answered another question before it raised
        raised = explain_error(evidence.error, name)
        return (Fault(raised.message, 1.0, raised.misconception),)
    if given is None:
        return (Fault(_("`{name}` is still None: this question has not been answered yet.").format(name=name), 1.0),)
    fault = judged(given)
    return () if fault is None else (fault,)


def scalar(given: Any) -> Any:
    """The one value that an answer holds; None where it holds none or several, or is text."""
    if isinstance(given, str | bytes) or callable(given):
        return None
    try:
        array = np.asarray(given)
    except (TypeError, ValueError):
        return None
    if array.size != 1 or array.dtype.kind not in "biuf":
        return None
    return array.reshape(-1)[0].item()


def no_value(name: str, given: Any, wanted: str) -> Fault:
    return Fault(explain("answer_no_value", name=name, given=shown(given), wanted=wanted), 1.0, "answer_no_value")


def shown(given: Any) -> str:
    """An answer as people would name it; an address in memory tells nobody anything."""
    if isinstance(given, type):
        return _("the class {name}").format(name=given.__name__)
    if isroutine(given) or isinstance(given, np.ufunc):
        return _("a function (was it called?)")
    with np.printoptions(legacy="1.25"):  # NumPy's numbers as numbers, without the name of their kind
        text = shortened(repr(given), 60)
    return _("an object of the kind {kind}").format(kind=type(given).__name__) if " at 0x" in repr(given) else text


def _best_epoch(name: str, given: Any, series: Series) -> Fault | None:
    value, losses = scalar(given), series[VALIDATION]
    if value is None or isinstance(value, bool):
        return no_value(name, given, _("one whole number"))
    lowest = np.nanmin(losses) if np.isfinite(losses).any() else np.nan
    best = set(np.flatnonzero(np.isclose(losses, lowest, rtol=1e-6, atol=0)) + 1)  # equal lows count alike
    if value in best or (np.isnan(losses).any() and value == np.argmin(losses) + 1):  # argmin takes nan for the lowest
        return None
    if not best or not np.isfinite(series[LOGGED]).any():
        return Fault(explain("other_epoch", name=name, value=f"{value:g}"), 1.0, "other_epoch")
    if value + 1 in best:
        return Fault(explain("epoch_from_zero", name=name, value=f"{value:g}"), 0.5, "epoch_from_zero")
    if value - 1 in best:
        return Fault(explain("epoch_one_more", name=name, value=f"{value:g}"), 0.5, "epoch_one_more")
    key, what = ("loss_for_epoch", "") if np.isclose(value, lowest, rtol=1e-3) else _named_epoch(value, series)
    return Fault(explain(key, name=name, value=f"{value:g}", what=what), 1.0, key)


# What a number is where it is the position of an extreme, counted from 0, and where it is its epoch.
LOWEST = (
    N_("the position, counted from 0, at which the training loss is lowest"),
    N_("the epoch in which the training loss is lowest"),
)
LOWEST_AT_INFERENCE = (
    N_("the position, counted from 0, at which the training loss at inference is lowest"),
    N_("the epoch in which the training loss at inference is lowest"),
)
HIGHEST = (
    N_("the position, counted from 0, at which the validation loss is highest"),
    N_("the epoch in which the validation loss is highest"),
)


def _named_epoch(value: float, series: Series) -> tuple[str, str]:
    """Of which series an epoch's number, or a position in Python, is the lowest or the highest; in words."""
    extremes = [("epoch_of_training_loss", LOWEST, np.nanargmin(series[LOGGED]))]
    if np.isfinite(series.get(AT_INFERENCE, np.array([]))).any():
        extremes.append(("epoch_of_training_loss", LOWEST_AT_INFERENCE, np.nanargmin(series[AT_INFERENCE])))
    extremes.append(("worst_epoch", HIGHEST, np.nanargmax(series[VALIDATION])))
    for first in (1, 0):
        for key, words, position in extremes:
            if value == position + first:
                return key, _(words[first])
    return "other_epoch", ""


def _gap(name: str, given: Any, series: Series) -> Fault | None:
    value = scalar(given)
    if value is None or isinstance(value, bool):
        return no_value(name, given, _("one number"))
    if AT_INFERENCE not in series:
        return Fault(explain("no_loss_at_inference", name=name), 1.0, "no_loss_at_inference")
    logged, inference, validation = series[LOGGED], series[AT_INFERENCE], series[VALIDATION]
    right = validation[-1] - inference[-1]
    if not np.isfinite(right):  # a training that diverged has no gap: the expression gives nan or infinity, as asked
        same = value == right or (np.isnan(value) and np.isnan(right))
        return None if same else Fault(explain("other_gap", name=name, value=f"{value:.4g}"), 1.0, "other_gap")
    tenth = max(1, len(validation) // 10)  # `LearningCurves.gap` is the same, over the last tenth of the epochs
    rights = (right, validation[-tenth:].mean() - inference[-tenth:].mean())
    best = int(np.nanargmin(validation))
    guesses = {
        "logged_gap": validation[-1] - logged[-1],
        "gap_turned_round": -right,
        "logged_gap turned round": logged[-1] - validation[-1],
        "gap_at_best_epoch": validation[best] - inference[best],
        "gap_as_ratio": validation[-1] / inference[-1],
        "one_loss_for_gap": validation[-1],
        "one_loss_for_gap at inference": inference[-1],
        "gap_of_minima": validation[best] - np.nanmin(inference),
        "gap_of_minima logged": validation[best] - np.nanmin(logged),
        "gap_between_training_losses": inference[-1] - logged[-1],
        "gap_between_training_losses turned round": logged[-1] - inference[-1],
    }
    # An exact value, or one rounded to three significant digits of the losses that it is the difference of. What is
    # exactly another thing is that one, though it may be close to the gap.
    rounded = 0.6 * 10.0 ** (np.floor(np.log10(max(abs(validation[-1]), 1e-9))) - 2)
    for slack in (EXACT * abs(validation[-1]), rounded):
        if any(near(value, each, slack) for each in rights):
            return None
        guess = next((guess for guess, wrong in guesses.items() if near(value, wrong, slack)), None)
        if guess is not None:
            key = guess.partition(" ")[0]
            what = _("training loss at inference") if guess.endswith("at inference") else _("validation loss")
            message = explain(key, name=name, value=f"{value:.4g}", what=what)
            return Fault(message, 0.5 if key == "gap_turned_round" else 1.0, key)
    return Fault(explain("other_gap", name=name, value=f"{value:.4g}"), 1.0, "other_gap")


def _at_best(name: str, given: Any, series: Series, wanted: str) -> Fault | None:
    value, losses, found = scalar(given), series[VALIDATION], series.get(wanted, np.array([]))
    if value is None or isinstance(value, bool):
        return no_value(name, given, _("one number"))
    if len(found) != len(losses) or not np.isfinite(losses).any():
        return Fault(explain("no_series_to_read", name=name, series=wanted), 1.0, "no_series_to_read")
    best = np.flatnonzero(np.isclose(losses, np.nanmin(losses), rtol=1e-6, atol=0))
    if np.isclose(value, found[best], atol=5e-4).any():
        return None
    logged = series.get(wanted.removeprefix("val_"), np.array([np.nan]))
    guesses = {
        "in_percent": 100 * found[best],
        "of_training_rows": logged[best] if len(logged) == len(losses) else logged,
        "best_of_its_own": found.max(),
        "at_the_end": found[-1],
        "loss_for_it": losses[best],
    }
    for key, guess in guesses.items():
        if np.isclose(value, guess, atol=5e-4 if key != "in_percent" else 0.05).any():
            cost = 0.5 if key == "in_percent" else 1.0
            return Fault(explain(key, name=name, value=f"{value:.4g}", series=wanted), cost, key)
    return Fault(explain("other_value", name=name, value=f"{value:.4g}", series=wanted), 1.0, "other_value")


def near(value: float, wanted: float, slack: float) -> bool:
    return bool(abs(value - wanted) <= min(slack, 0.2 * abs(wanted)) + 1e-9)


def _truth(wanted: Callable[[Series], bool], key: str) -> Callable[[str, Any, Series], Fault | None]:
    def judged(name: str, given: Any, series: Series) -> Fault | None:
        value = scalar(given)
        if value is None or value not in (0, 1):
            return no_value(name, given, _("True or False"))
        if bool(value) == wanted(series):
            return None
        return Fault(explain(key, name=name, value=bool(value)), 1.0, key)

    return judged


def _does_overfit(series: Series) -> bool:
    losses = series[VALIDATION]
    return bool(losses[-1] > (1 + OVERFITS_BY) * np.nanmin(losses)) if np.isfinite(losses).any() else False


def _is_finite(series: Series) -> bool:
    return bool(np.isfinite(series[LOGGED]).all() and np.isfinite(series[VALIDATION]).all())
