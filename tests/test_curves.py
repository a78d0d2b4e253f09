"""Learning curves: each statistic against a case small enough to check by hand."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from dropnorm.curves import LearningCurves

# 20 epochs, so that "the last tenth" is two of them and "a fifth" is four.
FALLING = np.array([10.0, 9, 8, 7, 6, 5, 4, 4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2, 1.5, 0.5])
VALIDATION = np.array([9.0, 8, 7, 6, 5, 4, 3, 2, 3, 4, 4, 4, 4, 4, 4, 4, 5, 5, 4.5, 6.5])
AT_INFERENCE = np.array([8.0] * 18 + [1.0, 3.0])


@pytest.fixture
def curves() -> LearningCurves:
    return LearningCurves(FALLING, VALIDATION, AT_INFERENCE, seeds=(7,))


def test_one_run_is_one_row(curves: LearningCurves) -> None:
    assert (curves.runs, curves.epochs) == (1, 20)
    assert curves.loss.shape == curves.val_loss.shape == curves.loss_at_inference.shape == (1, 20)


def test_last_is_the_mean_of_the_last_tenth(curves: LearningCurves) -> None:
    assert curves.last("loss") == pytest.approx([1.0])
    assert curves.last("val_loss") == pytest.approx([5.5])
    assert curves.last("loss_at_inference") == pytest.approx([2.0])


def test_last_of_a_short_training_is_its_last_epoch() -> None:
    assert LearningCurves([3.0, 2.0, 1.0], [3.0, 2.0, 4.0]).last("val_loss") == pytest.approx([4.0])


def test_best_epoch_is_counted_from_one(curves: LearningCurves) -> None:
    assert curves.best_epoch.tolist() == [8]
    assert curves.best_val_loss.tolist() == [2.0]
    assert LearningCurves([1.0, 1.0], [0.5, 0.9]).best_epoch.tolist() == [1]


def test_rise_after_best(curves: LearningCurves) -> None:
    assert curves.rise_after_best == pytest.approx([3.5])


def test_gap_is_taken_from_the_loss_at_inference_and_the_logged_gap_is_not(curves: LearningCurves) -> None:
    assert curves.gap == pytest.approx([3.5])
    assert curves.logged_gap == pytest.approx([4.5])


def test_no_gap_without_the_loss_at_inference() -> None:
    with pytest.raises(ValueError, match="no 'loss_at_inference'"):
        _ = LearningCurves([2.0, 1.0], [2.0, 1.0]).gap


def test_fall_is_the_share_of_the_first_loss_that_is_gone(curves: LearningCurves) -> None:
    assert curves.fall == pytest.approx([0.9])


def test_still_falling_compares_the_last_two_fifths(curves: LearningCurves) -> None:
    # epochs 13 to 16: mean 4; epochs 17 to 20: mean 5.25
    assert curves.still_falling == pytest.approx([1 - 5.25 / 4])
    halving = LearningCurves([4.0, 4, 4, 2, 1], [4.0, 4, 4, 2, 1])
    assert halving.still_falling == pytest.approx([0.5])


def test_epochs_to_a_target_is_the_first_that_reaches_it(curves: LearningCurves) -> None:
    assert curves.epochs_to(4.0).tolist() == [6]
    assert curves.epochs_to(1.9).tolist() == [0]


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_training_that_broke_down_is_told_without_a_warning(broken: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curves = LearningCurves([4.0, 3.0, broken], [4.0, 3.0, broken], [4.0, 3.0, broken])
        assert curves.finite.tolist() == [False]
        assert curves.best_epoch.tolist() == [2] and curves.best_val_loss.tolist() == [3.0]
        assert not np.isfinite([curves.gap, curves.rise_after_best, curves.fall, curves.still_falling]).any()
        never = LearningCurves([broken] * 3, [broken] * 3)
        assert never.best_epoch.tolist() == [0] and never.best_val_loss.tolist() == [np.inf]
        assert not np.isfinite([never.rise_after_best, never.fall]).any()


def test_finite_looks_at_both_losses() -> None:
    assert LearningCurves([1.0, np.nan], [1.0, 1.0]).finite.tolist() == [False]
    assert LearningCurves([1.0, 1.0], [1.0, np.inf]).finite.tolist() == [False]
    assert LearningCurves([1.0, 1.0], [1.0, 1.0]).finite.tolist() == [True]


def test_one_run_that_breaks_down_does_not_spoil_the_others() -> None:
    curves = LearningCurves([[2.0, 1.0], [2.0, np.nan]], [[2.0, 1.0], [2.0, np.nan]])
    assert curves.finite.tolist() == [True, False]
    assert curves.best_val_loss.tolist() == [1.0, 2.0]


class History:
    """What `fit` returns, as far as curves are read from it."""

    def __init__(self, logs: dict) -> None:
        self.history = logs


def test_from_a_history_its_dictionary_or_a_data_frame() -> None:
    logs = {"loss": [2.0, 1.0], "val_loss": [3.0, 2.5], "loss_at_inference": [1.5, 0.5], "mse": [4.0, 1.0]}
    for content in (History(logs), logs, pd.DataFrame(logs)):
        curves = LearningCurves.from_history(content, seed=3)
        assert curves.loss.tolist() == [[2.0, 1.0]] and curves.val_loss.tolist() == [[3.0, 2.5]]
        assert curves.loss_at_inference.tolist() == [[1.5, 0.5]]
        assert curves.metrics["mse"].tolist() == [[4.0, 1.0]] and set(curves.metrics) == {"mse"}
        assert curves.seeds == (3,)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "NoneType"),
        ([1.0, 2.0], "list"),
        ({}, "no 'loss'"),
        ({"loss": [1.0]}, "validation_data"),
        ({"loss": [], "val_loss": []}, "no epoch"),
        ({"loss": [1.0, 2.0], "val_loss": [1.0]}, "equally long"),
        ({"loss": [1.0, 2.0], "val_loss": [1.0, 2.0], "mse": [1.0]}, "'mse'"),
        ({"loss": ["low"], "val_loss": [1.0]}, "other than one number"),
        ({"loss": [[[1.0]]], "val_loss": [[[1.0]]]}, "one number an epoch|no epoch"),
    ],
)
def test_what_are_no_curves_is_told_in_one_sentence(content: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        LearningCurves.from_history(content)


def test_seeds_are_one_a_run() -> None:
    with pytest.raises(ValueError, match="2 seeds for 1 runs"):
        LearningCurves([1.0], [1.0], seeds=(1, 2))


def test_one_of_several_runs() -> None:
    two = [np.stack([series, series + n]) for n, series in enumerate((FALLING, VALIDATION, AT_INFERENCE), start=1)]
    both = LearningCurves(*two, {"mse": two[0]}, (7, 8))
    assert both.runs == 2
    assert both.best_val_loss.tolist() == [2.0, 4.0]
    assert both.gap == pytest.approx([3.5, 2.5])
    for index, seed in ((1, 8), (-1, 8), (0, 7), (-2, 7)):
        assert both.run(index).seeds == (seed,)
        assert both.run(index).runs == 1
    assert both.run(-1).loss_at_inference.tolist() == [(AT_INFERENCE + 3).tolist()]
    assert both.run(0).metrics["mse"].tolist() == [FALLING.tolist()]


def test_curves_survive_json() -> None:
    curves = LearningCurves([[2.0, np.nan]], [[2.0, np.inf]], [[1.0, 0.5]], {"mse": [[4.0, 1.0]]}, (5,))
    back = LearningCurves.from_dict(json.loads(json.dumps(curves.to_dict())))
    for name in ("loss", "val_loss", "loss_at_inference"):
        np.testing.assert_array_equal(getattr(back, name), getattr(curves, name))
    np.testing.assert_array_equal(back.metrics["mse"], curves.metrics["mse"])
    assert back.seeds == (5,)
