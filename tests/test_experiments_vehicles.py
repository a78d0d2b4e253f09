"""The table of vehicles: its networks and its preparations, and what is said of it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from dropnorm.experiments import vehicles
from dropnorm.experiments.tables import TABLES
from dropnorm.experiments.vehicles import BLOCKS, BY_ONE, BY_PIXEL, PLAIN, REFERENCE, SOFTMAX, TO_1, TO_255, Training
from dropnorm.places import DATA
from dropnorm.vehicles import split_vehicles

SEEDS = 5


def table() -> pd.DataFrame:
    """The one table there is: the pictures do not depend on the source of data."""
    return pd.read_csv(TABLES["vehicles"].path("official"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (SOFTMAX, ["Dense"]),
        (PLAIN, ["Dense"] * 4),
        (BLOCKS, ["Dense", "BatchNormalization", "Activation"] * 3 + ["Dense"]),
        (vehicles.DROPOUT, ["Dropout", *["Dense", "Dropout"] * 3, "Dense"]),
    ],
)
def test_networks_for_vehicles_hold_what_their_names_say(name: str, expected: list[str]) -> None:
    layers = vehicles.network(name).layers
    assert [type(layer).__name__ for layer in layers] == expected
    dense = [layer for layer in layers if type(layer).__name__ == "Dense"]
    assert [layer.units for layer in dense] == ([3] if name == SOFTMAX else [16, 32, 64, 3])
    assert [layer.use_bias for layer in dense[:-1]] == [name != BLOCKS] * (len(dense) - 1) and dense[-1].use_bias
    rates = [layer.rate for layer in layers if type(layer).__name__ == "Dropout"]
    assert rates == ([0.3, 0.5, 0.5, 0.5] if name == vehicles.DROPOUT else [])


def test_pictures_are_prepared_by_the_training_part_alone() -> None:
    parts = split_vehicles(30, 9, 3)
    X, X_valid = vehicles.prepare(parts, TO_255)
    assert X.shape == (30, 12288) and X_valid.shape == (9, 12288) and X.dtype == X_valid.dtype == np.float32
    np.testing.assert_array_equal(X[0], parts.training.pictures[0].ravel())
    np.testing.assert_allclose(vehicles.prepare(parts, TO_1)[1], X_valid / 255, rtol=1e-6)
    for inputs, mean, scale in ((BY_ONE, X.mean(), X.std()), (BY_PIXEL, X.mean(axis=0), X.std(axis=0))):
        for prepared, plain in zip(vehicles.prepare(parts, inputs), (X, X_valid), strict=True):
            np.testing.assert_allclose(prepared * scale + mean, plain, atol=1e-2)
    assert np.abs(vehicles.prepare(parts, BY_PIXEL)[0].mean(axis=0)).max() < 1e-4


def test_a_row_of_the_vehicles_tells_of_its_training() -> None:
    row = vehicles.recognise(Training(BY_PIXEL, BLOCKS, 4), epochs=2, parts=split_vehicles(30, 9, 3))
    assert (row["inputs"], row["network"], row["seed"], row["epochs"]) == (BY_PIXEL, BLOCKS, 4, 2)
    assert row["best_epoch"] in (1, 2) and row["best_val_loss"] <= row["last_val_loss"]
    assert all(0 <= row[name] <= 1 for name in row if "accuracy" in name)
    assert row == vehicles.recognise(Training(BY_PIXEL, BLOCKS, 4), epochs=2, parts=split_vehicles(30, 9, 3))


def test_the_committed_table_of_vehicles_is_complete() -> None:
    """There is one for both sources, and the reference has ten seeds."""
    assert TABLES["vehicles"].path("official") == TABLES["vehicles"].path("stand-in")
    frame = table()
    wanted = [(job.inputs, job.network, job.seed) for job in TABLES["vehicles"].trainings(SEEDS)]
    assert [*frame[list(TABLES["vehicles"].keys)].itertuples(index=False, name=None)] == wanted
    assert wanted.count((*REFERENCE, 2 * SEEDS - 1)) == 1
    assert set(frame["epochs"]) == {vehicles.EPOCHS} and frame["best_epoch"].between(1, vehicles.EPOCHS).all()
    assert (frame["best_val_loss"] <= frame["last_val_loss"] + 1e-6).all()


def test_the_vehicles_are_neither_trivial_nor_impossible() -> None:
    """The exercise stands on it: its reference beats chance (1/3) in every seed, and no network is done at once."""
    frame = table().set_index(["inputs", "network"])
    assert frame.loc[[REFERENCE], "last_val_accuracy"].min() > 0.6
    assert frame["first_val_accuracy"].max() < 0.7 and frame["last_val_accuracy"].max() < 0.99


def test_what_the_datasheet_says_of_dropout_on_vehicles_holds() -> None:
    frame = table()
    frame["gap"] = frame["last_val_loss"] - frame["loss_at_inference"]
    frame["rise"] = frame["last_val_loss"] - frame["best_val_loss"]
    elsewhere = frame[(frame["network"] == vehicles.DROPOUT) & (frame["inputs"] != BY_PIXEL)]
    assert elsewhere["last_val_accuracy"].max() < 0.36
    by_pixel = frame[frame["inputs"] == BY_PIXEL].set_index("network")
    dropped, plain = by_pixel.loc[vehicles.DROPOUT], by_pixel.loc[PLAIN]
    assert dropped["last_val_accuracy"].min() > 0.74
    at_best = by_pixel.groupby("network")["val_accuracy_at_best"].mean().round(2)
    assert (at_best[vehicles.DROPOUT], at_best[PLAIN], at_best[SOFTMAX]) == (0.81, 0.88, 0.88)
    assert dropped["gap"].max() < 0.15 and plain["gap"].min() > 0.35
    assert dropped["rise"].max() < plain["rise"].min()


def test_what_the_lesson_says_of_preparations_holds() -> None:
    accuracies = table().groupby(["network", "inputs"])["last_val_accuracy"]
    mean, least, most = (each.unstack() for each in (accuracies.mean(), accuracies.min(), accuracies.max()))
    assert most.loc[vehicles.DROPOUT, [TO_255, TO_1, BY_ONE]].max() < 0.35 < 0.7 < least.loc[vehicles.DROPOUT, BY_PIXEL]
    assert mean.loc[PLAIN].idxmax() == BY_ONE
    assert mean.loc[BLOCKS].min() > 0.8 and mean.loc[PLAIN, [TO_255, TO_1]].max() < 0.6
    assert (least.loc[PLAIN, [TO_255, TO_1]] < 0.34).all()


def test_what_the_lesson_says_of_the_plain_networks_overfitting_holds() -> None:
    """The loss rises in every seed; the accuracy falls in one of them by more than a few hundredths."""
    frame = table().query(
        "network == @PLAIN and inputs == @BY_PIXEL", local_dict={"PLAIN": PLAIN, "BY_PIXEL": BY_PIXEL}
    )
    assert len(frame) == SEEDS and (frame["best_epoch"].min(), frame["best_epoch"].max()) == (8, 25)
    rises = (frame["last_val_loss"] - frame["best_val_loss"]) / frame["best_val_loss"]
    assert rises.min() > 0.1 and (rises > 0.25).sum() == 4
    falls = frame["val_accuracy_at_best"] - frame["last_val_accuracy"]
    assert (falls < 0.05).sum() == 4 and falls.max() == pytest.approx(0.09, abs=0.005)
    assert (frame["accuracy_at_inference"] - frame["last_val_accuracy"]).between(0.09, 0.155).all()


def test_the_datasheet_of_the_vehicles_quotes_the_table() -> None:
    datasheet = (DATA / "vehicles.md").read_text(encoding="utf-8").splitlines()
    assert not [line for line in vehicles.summary(table()) if line not in datasheet]


def test_the_datasheet_of_the_vehicles_quotes_the_simple_rules() -> None:
    """To the two digits that it prints, within one: a forest is grown by the processor's own rounding."""
    datasheet = (DATA / "vehicles.md").read_text(encoding="utf-8")
    for rule, accuracy in vehicles.simple_rules().items():
        [quoted] = re.findall(rf"^\| {re.escape(rule)} \| ([\d.]+) \|$", datasheet, re.MULTILINE)
        assert float(quoted) == pytest.approx(accuracy, abs=0.011), rule
