"""Questions about learning curves: an answer is compared with the history of the same run, in any form."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from grader.evidence import Evidence
from grader.exercises import rubric
from grader.rubric import Status, judge

# Lowest validation loss in epoch 3; the last is 5 % above it; training losses fall to the end.
LOSS = [0.300, 0.250, 0.240, 0.235, 0.230]
AT_INFERENCE = [0.260, 0.210, 0.190, 0.185, 0.1817]
VAL_LOSS = [0.270, 0.220, 0.200, 0.205, 0.2100]
GAP = VAL_LOSS[-1] - AT_INFERENCE[-1]


def history(**series: list[float]) -> keras.callbacks.History:
    logged = {"loss": LOSS, "loss_at_inference": AT_INFERENCE, "val_loss": VAL_LOSS, **series}
    found = keras.callbacks.History()
    found.history, found.epoch = logged, list(range(len(LOSS)))
    return found


def verdict(name: str, answers: dict[str, Any], of: Any = None) -> Any:
    owner, sheet = rubric(name)
    prefix = {"spotify_baseline_questions": "baseline_", "concrete_baseline_questions": "baseline_"}.get(name, "")
    prefix = "own_" if name == "spotify_own_questions" else prefix
    return judge(sheet, Evidence.of(owner.name, {f"{prefix}history": of or history(), **answers}))


@pytest.mark.parametrize(
    "best_epoch, gap",
    [
        (3, GAP),
        (np.int64(3), np.float32(GAP)),
        (3.0, round(GAP, 3)),
        (np.argmin(VAL_LOSS) + 1, round(GAP, 4)),
        (pd.Series(VAL_LOSS).idxmin() + 1, pd.Series([GAP])),
        (np.array([3]), np.array(GAP)),
        (keras.ops.convert_to_tensor(3), keras.ops.convert_to_tensor(GAP)),
    ],
)
def test_a_right_answer_counts_in_every_form(best_epoch: Any, gap: Any) -> None:
    found = verdict("spotify_questions", {"best_epoch": best_epoch, "gap": gap})
    assert (found.score, found.status, found.misconceptions) == (2.0, Status.RIGHT, ())


@pytest.mark.parametrize(
    "answer, points, misconception",
    [
        (2, 0.5, "epoch_from_zero"),
        (4, 0.5, "epoch_one_more"),
        (0.2, 0.0, "loss_for_epoch"),
        (5, 0.0, "epoch_of_training_loss"),
        (1, 0.0, "worst_epoch"),
        (17, 0.0, "other_epoch"),
        ("3", 0.0, "answer_no_value"),
        ([1, 2], 0.0, "answer_no_value"),
        (True, 0.0, "answer_no_value"),
        (min, 0.0, "answer_no_value"),
        (float("nan"), 0.0, "other_epoch"),
    ],
)
def test_a_wrong_best_epoch_is_named(answer: Any, points: float, misconception: str) -> None:
    found = verdict("spotify_questions", {"best_epoch": answer, "gap": GAP})
    assert (found.score, found.misconceptions) == (1.0 + points, (misconception,))


@pytest.mark.parametrize(
    "answer, points, misconception",
    [
        (VAL_LOSS[-1] - LOSS[-1], 0.0, "logged_gap"),
        (LOSS[-1] - VAL_LOSS[-1], 0.0, "logged_gap"),
        (-GAP, 0.5, "gap_turned_round"),
        (VAL_LOSS[2] - AT_INFERENCE[2], 0.0, "gap_at_best_epoch"),
        (VAL_LOSS[-1] / AT_INFERENCE[-1], 0.0, "gap_as_ratio"),
        (VAL_LOSS[-1], 0.0, "one_loss_for_gap"),
        (0.5, 0.0, "other_gap"),
        (float("nan"), 0.0, "other_gap"),
        (np.array(VAL_LOSS) - np.array(AT_INFERENCE), 0.0, "answer_no_value"),
        ("small", 0.0, "answer_no_value"),
    ],
)
def test_a_wrong_gap_is_named(answer: Any, points: float, misconception: str) -> None:
    found = verdict("spotify_questions", {"best_epoch": 3, "gap": answer})
    assert (found.score, found.misconceptions) == (1.0 + points, (misconception,))


def test_what_is_exactly_another_thing_is_that_one_however_close_to_the_gap() -> None:
    logged = [*LOSS[:-1], AT_INFERENCE[-1] + 2e-4]
    close = history(loss=logged)
    found = verdict("spotify_questions", {"best_epoch": 3, "gap": VAL_LOSS[-1] - logged[-1]}, close)
    assert (found.score, found.misconceptions) == (1.0, ("logged_gap",))
    for right in (GAP, np.float32(GAP), round(GAP, 3)):  # the last is both, rounded
        assert verdict("spotify_questions", {"best_epoch": 3, "gap": right}, close).score == 2.0


def test_the_gap_of_learning_curves_counts_too() -> None:
    from dropnorm.curves import LearningCurves

    rng = np.random.default_rng(0)
    series = {name: list(0.2 + 0.05 * rng.random(50)) for name in ("loss", "loss_at_inference", "val_loss")}
    curves = LearningCurves.from_history(history(**series))
    best = int(np.argmin(series["val_loss"])) + 1
    assert verdict("spotify_questions", {"best_epoch": best, "gap": curves.gap}, history(**series)).score == 2.0


@pytest.mark.parametrize("best_epoch", [2, 4])
def test_equal_lows_count_alike(best_epoch: int) -> None:
    flat = history(val_loss=[0.3, 0.2, 0.25, 0.2, 0.22])
    assert verdict("spotify_questions", {"best_epoch": best_epoch, "gap": 0.22 - AT_INFERENCE[-1]}, flat).score == 2.0


@pytest.mark.parametrize(
    "answer, points, names",
    [
        (True, 2.0, ()),
        (np.bool_(True), 2.0, ()),
        (1, 2.0, ()),
        (False, 1.0, ("overfits_other",)),
        ("yes", 1.0, ("answer_no_value",)),
        (0.7, 1.0, ("answer_no_value",)),
    ],
)
def test_a_last_loss_five_percent_above_the_lowest_is_overfitting(answer: Any, points: float, names: tuple) -> None:
    found = verdict("spotify_baseline_questions", {"baseline_best_epoch": 3, "baseline_overfits": answer})
    assert (found.score, found.misconceptions) == (points, names)


def test_a_curve_that_stays_low_does_not_overfit() -> None:
    calm = history(val_loss=[0.27, 0.22, 0.20, 0.201, 0.2015])
    answers = {"own_gap": 0.2015 - AT_INFERENCE[-1], "own_overfits": False}
    assert verdict("spotify_own_questions", answers, calm).score == 2.0
    found = verdict("spotify_own_questions", {**answers, "own_overfits": True}, calm)
    assert (found.score, found.misconceptions) == (1.0, ("overfits_other",))


@pytest.mark.parametrize(
    "series, finite, learned",
    [
        ({"loss": [40.0, float("nan")], "val_loss": [30.0, float("nan")]}, False, False),
        ({"loss": [float("inf"), 24.0], "val_loss": [30.0, 24.9]}, False, False),
        ({"loss": [40.0, 24.0], "val_loss": [30.0, 24.9]}, True, False),
        ({"loss": [40.0, 5.0], "val_loss": [30.0, 6.0]}, True, True),
    ],
)
def test_the_failing_baseline_of_concrete(series: dict, finite: bool, learned: bool) -> None:
    of = history(**series, loss_at_inference=[1.0, 1.0])
    right = {"baseline_finite": np.bool_(finite), "baseline_learned": learned}
    assert verdict("concrete_baseline_questions", right, of).score == 2.0
    wrong = verdict("concrete_baseline_questions", {name: not value for name, value in right.items()}, of)
    assert (wrong.score, wrong.misconceptions) == (0.0, ("finite_other", "learned_other"))


def test_a_training_that_diverged_has_the_answers_that_its_expressions_give() -> None:
    nan = float("nan")
    gone = history(loss=[40.0, nan, nan], loss_at_inference=[30.0, nan, nan], val_loss=[31.0, nan, nan])
    assert verdict("concrete_questions", {"best_epoch": 1, "gap": nan}, gone).score == 2.0
    assert verdict("concrete_questions", {"best_epoch": np.argmin([31.0, nan, nan]) + 1, "gap": nan}, gone).score == 2.0
    found = verdict("concrete_questions", {"best_epoch": 3, "gap": 1.0}, gone)
    assert (found.score, found.misconceptions) == (0.0, ("other_epoch", "other_gap"))


def test_nothing_is_wrong_before_it_is_begun() -> None:
    found = verdict("spotify_questions", {"best_epoch": None, "gap": None})
    assert (found.status, found.score, found.misconceptions) == (Status.NOT_STARTED, 0.0, ())
    half = verdict("spotify_questions", {"best_epoch": 3, "gap": None})
    assert (half.score, half.misconceptions) == (1.0, ())


def test_a_cell_that_raised_says_so() -> None:
    owner, sheet = rubric("spotify_questions")
    error = KeyError("val_los")
    found = judge(sheet, Evidence.of(owner.name, {"history": history(), "best_epoch": None}, error))
    assert (found.status, found.score) == (Status.RAISED, 0.0)
    assert "val_los" in found.findings[0].message


def test_a_cell_that_raised_half_way_says_so() -> None:
    owner, sheet = rubric("spotify_questions")
    names = {"history": history(), "best_epoch": 3, "gap": None}
    found = judge(sheet, Evidence.of(owner.name, names, KeyError("val_los")))
    assert (found.score, found.misconceptions) == (1.0, ("no_such_series",))
    assert "not been answered" not in found.findings[-1].message


def test_the_dots_of_a_template_are_no_answer() -> None:
    found = verdict("spotify_questions", {"best_epoch": ..., "gap": ...})
    assert (found.status, found.misconceptions) == (Status.NOT_STARTED, ())


def test_an_answer_without_a_training_waits() -> None:
    owner, sheet = rubric("spotify_questions")
    found = judge(sheet, Evidence.of(owner.name, {"history": None, "best_epoch": 3, "gap": 0.1}))
    assert (found.status, found.score) == (Status.NOT_STARTED, 0.0)


def test_a_training_without_the_callback_is_told_for_the_gap() -> None:
    bare = history()
    del bare.history["loss_at_inference"]
    found = verdict("spotify_questions", {"best_epoch": 3, "gap": GAP}, bare)
    assert (found.score, found.misconceptions) == (1.0, ("no_loss_at_inference",))
