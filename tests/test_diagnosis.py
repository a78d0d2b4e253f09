"""A diagnosis names what curves show: made-up curves, each with a near miss."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest

from dropnorm.curves import LearningCurves
from dropnorm.diagnosis import Diagnosis
from dropnorm.symptoms import Problem

EPOCHS = 100
T = np.linspace(0, 1, EPOCHS)


def decay(start: float, end: float, speed: float = 12.0) -> np.ndarray:
    """From start towards end; at speed 12 it has all but arrived in the middle."""
    return end + (start - end) * np.exp(-speed * T)


def shaken(series: np.ndarray, by: float, seed: int = 0) -> np.ndarray:
    """A series whose epochs scatter by a share of it."""
    return series * (1 + by * np.random.default_rng(seed).standard_normal(len(series)))


LEARNS = shaken(decay(5, 0.5), 0.02, 1)
MEMORISES = shaken(decay(5, 0.5) - 0.4 * T, 0.02, 2)
WORKS = shaken(decay(5, 0.55), 0.02, 3)
WILD_THEN_CALM = np.where(T < 0.5, shaken(decay(11, 3, 3), 0.5, 4).clip(0.6), shaken(WORKS, 0.05, 9))
FOLLOWED, ARRIVED = shaken(decay(5, 0.35, 8), 0.005, 2), shaken(decay(5, 0.5), 0.004, 1) - 0.05 * T
JUMPS = shaken(LEARNS + 0.5, 0.25, 7)
HIGH = decay(5, 1.5, 40) - 0.2 * T
LEVEL = np.full(EPOCHS, 2.0)
FORGETS = 4 * (T > 0.7)
EARLY = (decay(5, 0.66, 60), decay(5, 0.67, 60), decay(5, 0.66, 60))  # logged, validation, at inference
EARLY_AND_LOW = (decay(5, 0.3, 60), decay(5, 0.31, 60), decay(5, 0.3, 60))
APART = "training and inference disagree"


def late(series: np.ndarray, value: float, epoch: int) -> np.ndarray:
    """A series with another value in one epoch, counted from 1."""
    return np.where(np.arange(1, len(series) + 1) == epoch, value, series)


# name: (problem, logged, validation, at inference or None, what else is given)
MADE_UP = {
    "works": ("fine", LEARNS, WORKS, LEARNS, {}),
    "training falls, validation rises": ("overfits", MEMORISES, WORKS + 0.3 * T, MEMORISES, {}),
    "training falls, validation stays": ("overfits", MEMORISES, WORKS, MEMORISES, {}),
    "knows the training rows twice as well": ("overfits", decay(5, 0.2, 6), decay(5, 0.55, 6), decay(5, 0.2, 6), {}),
    "a gap that was there from the start": ("fine", LEARNS, LEARNS + 0.8, LEARNS, {}),
    "a gap, and validation follows": ("fine", FOLLOWED, shaken(decay(5, 0.55, 8), 0.005, 3), FOLLOWED, {}),
    "a gap within the noise": ("noisy", LEARNS - 0.3 * T, shaken(WORKS, 0.3, 5), LEARNS - 0.3 * T, {}),
    "dropout on raw inputs": (APART, LEARNS, WORKS + 1, LEARNS + 1, {}),
    "an inference a little worse": ("fine", LEARNS, WORKS + 0.1, LEARNS + 0.1, {}),
    "the logged loss is the higher one": ("fine", LEARNS + 0.5, WORKS, LEARNS, {}),
    "nothing but jumps at inference": ("noisy", LEARNS, JUMPS + 0.05, JUMPS, {}),
    "both, the gap is larger": ("overfits", MEMORISES - 0.02, WORKS + 1.5 * T, MEMORISES + 0.7 * T, {}),
    "both, the disagreement is larger": (APART, LEARNS, WORKS + 4 * T, LEARNS + 2.3 * T, {}),
    "validation jumps": ("noisy", LEARNS, shaken(WORKS, 0.2, 8), LEARNS, {}),
    "validation jumps a little": ("fine", LEARNS, shaken(WORKS, 0.05, 9), LEARNS, {}),
    "wild at first, as with batch normalization": ("fine", LEARNS, WILD_THEN_CALM, WILD_THEN_CALM - 0.02, {}),
    "a straight line down": ("too slow", 5 - T, 5.1 - T, 5 - T, {}),
    "hardly down, but steadily": ("too slow", 5 - 0.01 * T, 5.1 - 0.01 * T, 5 - 0.01 * T, {}),
    "steadily down, far from its end": ("too slow", decay(5, 0.5, 3), decay(5, 0.55, 3), decay(5, 0.5, 3), {}),
    "falls a little, all but arrived": ("fine", ARRIVED, ARRIVED + 0.02, ARRIVED, {}),
    "never moves": ("stuck", LEVEL, LEVEL + 0.1, LEVEL, {}),
    "flat early, where a constant is": ("stuck", *EARLY, {"baseline": 0.665}),
    "flat early, nothing to compare": ("cannot be told", *EARLY, {}),
    "flat early, far below a constant": ("fine", *EARLY_AND_LOW, {"baseline": 0.665}),
    "as high as a constant, dropout at work": ("underfits", HIGH, WORKS + 0.15, LEARNS + 0.15, {"baseline": 0.665}),
    "lower than a constant": ("fine", LEARNS, WORKS, LEARNS, {"baseline": 0.665}),
    "another network got lower": ("underfits", LEARNS, WORKS, LEARNS, {"reached": 0.4}),
    "another network got as low": ("fine", LEARNS, WORKS, LEARNS, {"reached": 0.5}),
    "explodes in the first epoch": ("unstable", late(LEARNS, 1e6, 1), WORKS, LEARNS, {}),
    "explodes later": ("unstable", late(LEARNS, 1e4, 20), WORKS, LEARNS, {}),
    "starts high": ("fine", late(LEARNS, 60, 1), WORKS, LEARNS, {}),
    "one spike": ("fine", late(LEARNS, 0.9, 70), late(WORKS, 1.5, 80), LEARNS, {}),
    "loses what it had learned": ("unstable", LEARNS + FORGETS, WORKS + FORGETS, LEARNS + FORGETS, {}),
    "far above a constant": ("unstable", 1e7 - 1e5 * T, 1e7 - 1e5 * T, 1e7 - 1e5 * T, {"baseline": 13.0}),
    "no loss at inference, a gap opens": ("cannot be told", MEMORISES, WORKS + 0.3 * T, None, {}),
    "no loss at inference, no gap": ("fine", LEARNS, WORKS, None, {}),
    "nothing left to learn": ("cannot be told", 0 * T, 0 * T, 0 * T, {}),
    "too few epochs": ("cannot be told", LEARNS[:9], WORKS[:9], LEARNS[:9], {}),
    "one epoch": ("cannot be told", LEARNS[:1], WORKS[:1], None, {}),
    "not a number from some epoch on": ("unstable", np.where(T > 0.5, np.nan, LEARNS), WORKS, None, {}),
    "infinite at first": ("unstable", late(LEARNS, np.inf, 1), WORKS, LEARNS, {}),
    "one epoch without a number": ("unstable", [np.nan], [np.nan], None, {}),
}


def diagnosed(name: str, factor: float = 1.0) -> Diagnosis:
    """The diagnosis of made-up curves, with all losses in another unit; nothing may be warned of."""
    _, logged, validation, inference, given = MADE_UP[name]
    series = [None if each is None else factor * np.asarray(each) for each in (logged, validation, inference)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return LearningCurves(*series).diagnosis(**{key: factor * value for key, value in given.items()})


@pytest.mark.parametrize("factor", [1, 1000, 1e-3])
@pytest.mark.parametrize("name", MADE_UP)
def test_a_problem_is_told_from_its_near_miss_in_any_unit(name: str, factor: float) -> None:
    found = diagnosed(name, factor)
    assert found.problem == MADE_UP[name][0], found
    assert found.sentence.endswith(".") and found.evidence
    assert all(np.isfinite(value) for value in found.evidence.values())


def test_every_problem_is_made_up_and_no_other() -> None:
    assert {row[0] for row in MADE_UP.values()} == set(Problem)


def test_the_evidence_is_what_the_curves_say() -> None:
    curves = LearningCurves(MEMORISES, WORKS + 0.3 * T, MEMORISES)
    evidence = curves.diagnosis().evidence
    assert evidence["gap"] == pytest.approx(curves.gap[0])
    assert evidence["rise_after_best"] == pytest.approx(curves.rise_after_best[0])
    assert evidence["best_epoch"] == curves.best_epoch[0]
    assert f"{curves.last('val_loss')[0]:.3g}" in curves.diagnosis().sentence


def test_of_a_gap_and_a_disagreement_the_other_is_told_as_well() -> None:
    assert diagnosed("both, the gap is larger").also == (APART,)
    assert diagnosed("both, the disagreement is larger").also == ("overfits",)


def test_without_the_loss_at_inference_it_says_what_is_lacking() -> None:
    assert "training loss at inference would tell" in diagnosed("no loss at inference, a gap opens").sentence
    assert "training loss at inference would tell" in diagnosed("no loss at inference, no gap").sentence
    assert "would tell (`baseline`)" in diagnosed("works").sentence
    assert "would tell" not in diagnosed("lower than a constant").sentence


def test_a_loss_at_inference_that_was_not_measured_in_every_epoch_counts_as_none() -> None:
    partly = late(MEMORISES, np.nan, 50)
    assert LearningCurves(MEMORISES, WORKS + 0.3 * T, partly).diagnosis().problem == "cannot be told"


@pytest.mark.parametrize(
    ("problem", "training", "validation"),
    [
        ("overfits", MEMORISES - 3, WORKS + 0.5 * T - 3),
        ("too slow", -T, 0.1 - T),
        ("stuck", LEVEL - 5, LEVEL - 5),
        ("cannot be told", LEARNS - 3, WORKS - 3),
    ],
)
def test_of_a_loss_below_zero_only_what_needs_no_share_is_told(problem, training, validation) -> None:
    assert LearningCurves(training, validation, training).diagnosis().problem == problem


@pytest.mark.parametrize("name", ["accuracy", "sparse_categorical_accuracy", "acc"])
@pytest.mark.parametrize(
    ("problem", "training", "validation"),
    [
        ("overfits", 0.95 + 0.0 * T, 0.75 + 0.0 * T),
        ("overfits", 0.75 + 0.2 * T, 0.76 - 0.02 * T),
        ("fine", 0.75 + 0.02 * T, 0.72 + 0.01 * T),
        ("fine", 0.65 + 0.3 * T, 0.54 + 0.25 * T),  # apart, but validation follows
        ("fine", 0.75 + 0.0 * T, 0.95 + 0.0 * T),
    ],
)
def test_accuracy_is_a_sign_of_overfitting_too(name, problem, training, validation) -> None:
    metrics = {name: training, f"val_{name}": validation}
    found = LearningCurves(LEARNS, WORKS, LEARNS, metrics).diagnosis()
    assert found.problem == problem
    assert (name in found.evidence) == (problem == "overfits")
    without = LearningCurves(LEARNS, WORKS, None, metrics).diagnosis()
    assert without.problem == ("cannot be told" if problem == "overfits" else "fine")


def test_an_accuracy_without_its_validation_is_passed_over() -> None:
    metrics = {"accuracy": 0.9 + 0 * T, "val_mse": 0.1 + 0 * T, "val_acc": 0.2 + 0 * T}
    assert LearningCurves(LEARNS, WORKS, LEARNS, metrics).diagnosis().problem == "fine"


def several(*names: str) -> Diagnosis:
    rows = [MADE_UP[name] for name in names]
    return LearningCurves(*(np.stack([row[column] for row in rows]) for column in (1, 2, 3))).diagnosis()


def test_of_several_runs_most_decide_and_the_others_are_counted() -> None:
    overfits, jumps = "training falls, validation rises", "validation jumps"
    found = several(overfits, jumps, overfits, "infinite at first", overfits)
    assert (found.problem, found.agree, found.runs) == ("overfits", 3, 5)
    assert found.sentence.endswith("So in 3 of 5 runs; unstable in 1; noisy in 1.")
    assert dataclasses.replace(several(jumps), sentence="") == dataclasses.replace(diagnosed(jumps), sentence="")
    assert several(*[jumps] * 3).sentence.endswith("So in 3 of 3 runs.")


FORGETFUL, OVERFITTED, STILL = "loses what it had learned", "training falls, validation stays", "never moves"


@pytest.mark.parametrize(
    ("names", "problem", "agree"),
    [
        ((FORGETFUL, OVERFITTED, STILL), "stuck", 1),  # 4.5, 0.55, 2.1
        ((STILL, OVERFITTED, "dropout on raw inputs", FORGETFUL, OVERFITTED), "overfits", 2),
    ],
    ids=["where as many show one problem as another it decides", "it does not outvote the most"],
)
def test_the_median_end(names: tuple[str, ...], problem: str, agree: int) -> None:
    found = several(*names)
    assert (found.problem, found.agree) == (problem, agree)


def test_the_numbers_are_those_of_the_median_run_among_those_that_show_the_problem() -> None:
    _, logged, validation, inference, _ = MADE_UP["training falls, validation stays"]
    stacked = (np.stack([factor * series for factor in (3, 1, 2)]) for series in (logged, validation, inference))
    found = LearningCurves(*stacked).diagnosis()
    assert found.evidence["gap"] == pytest.approx(2 * diagnosed("training falls, validation stays").evidence["gap"])


def test_what_cannot_be_told_is_not_told_beside_a_problem() -> None:
    flat = decay(5, 0.66, 60)
    found = LearningCurves(late(flat, 1e4, 1), flat, flat).diagnosis()
    assert (found.problem, found.also) == ("unstable", ())


@pytest.mark.parametrize("name", ["baseline", "reached"])
@pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf])
def test_what_is_no_loss_to_compare_with_is_told(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"'{name}'.*positive number"):
        LearningCurves(LEARNS, WORKS).diagnosis(**{name: value})
