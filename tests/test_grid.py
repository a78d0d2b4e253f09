"""The grid of dropout rates: its data, its tables, and what the lesson says of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dropnorm.experiments import grid
from dropnorm.experiments.grid import ALL_ROWS, RATES, SETTINGS, WIDTH, Cell, parts_of
from dropnorm.experiments.tables import SOURCES, TABLES
from dropnorm.split import STANDARDISED, WITHOUT_TWINS, split
from tests import again
from tests.again import lies_with_its_seeds, table

SEEDS = 5
stand_in = again.stand_in


def test_one_thing_at_a_time_is_changed() -> None:
    centre = SETTINGS[0]
    assert all(sum(a != b for a, b in zip(centre, each, strict=True)) == 1 for each in SETTINGS[1:])


def test_the_data_of_a_cell() -> None:
    centre, whole = parts_of(Cell(*SETTINGS[0], 0.0, 3)), split("red-wine", STANDARDISED)
    assert sorted(centre.X_train.sum(axis=1)) == pytest.approx(sorted(whole.X_train.sum(axis=1)), abs=1e-4)
    np.testing.assert_allclose(centre.X_valid, whole.X_valid, atol=1e-3)
    few = parts_of(Cell(WIDTH, 250, 0.0, False, 0.0, 3))
    assert few.X_train.shape == (250, 11) and few.X_valid.shape == whole.X_valid.shape
    np.testing.assert_allclose(few.X_train.std(axis=0), 1, atol=1e-4)
    noisy = parts_of(Cell(WIDTH, ALL_ROWS, 0.5, False, 0.3, 3))
    for part, quiet in ((noisy.X_train, centre.X_train), (noisy.X_valid, centre.X_valid)):
        assert (part - quiet).std() == pytest.approx(0.5, rel=0.05)
    np.testing.assert_array_equal(noisy.X_train, parts_of(Cell(WIDTH, ALL_ROWS, 0.5, False, 0.0, 3)).X_train)
    alone = parts_of(Cell(WIDTH, ALL_ROWS, 0.0, True, 0.0, 3))
    assert len(alone.X_valid) == len(split("red-wine", WITHOUT_TWINS).X_valid) < len(whole.X_valid)


def test_a_small_training_set_is_given_as_many_steps() -> None:
    job = Cell(WIDTH, 250, 0.0, False, 0.0, 0)
    assert grid.fill(job, steps=8)["epochs"] == 2


def test_the_best_rate_is_that_of_the_lowest_mean() -> None:
    rows = [
        {"width": 1, "rows": 0, "noise": 0.0, "without_twins": False, "rate": rate, "seed": seed, "best_val_loss": loss}
        for rate, losses in ((0.0, (3, 5, 3)), (0.3, (4, 1, 4)))
        for seed, loss in enumerate(losses)
    ]
    found = grid.best_rates(pd.DataFrame(rows)).iloc[0]
    assert (found["best_rate"], found["of_seeds"], found[0.3]) == (0.3, 1, 3)


@pytest.mark.parametrize("source", SOURCES)
def test_the_committed_table_is_complete(source: str) -> None:
    frame, keys = table("grid", source), list(TABLES["grid"].keys)
    wanted = {(*setting, rate, seed) for setting in SETTINGS for rate in RATES for seed in range(SEEDS)}
    assert set(frame[keys].itertuples(index=False, name=None)) == wanted
    assert len(frame) == len(wanted) == len(grid.trainings(SEEDS))
    assert np.isfinite(frame.to_numpy(float)).all() and (frame["best_val_loss"] <= frame["last_val_loss"] + 1e-9).all()


@pytest.mark.parametrize("source", SOURCES)
def test_what_the_lesson_says_of_rates_holds(source: str) -> None:
    frame = table("grid", source)
    names = {(16, 0, 0.0): "narrow", (64, 0, 0.0): "centre", (256, 0, 0.0): "wide"}
    names |= {(64, 500, 0.0): "500 rows", (64, 250, 0.0): "250 rows", (64, 0, 0.5): "noise"}
    frame["setting"] = [
        "twins removed" if row.without_twins else names[row.width, row.rows, row.noise] for row in frame.itertuples()
    ]
    for loss in ("best_val_loss", "last_val_loss"):
        mean = frame.pivot_table(loss, "setting", "rate")
        best = mean.idxmin(axis=1)
        # Some dropout is better than none everywhere, in every seed; a wider network takes more of it.
        every = frame.pivot_table(loss, ["setting", "seed"], "rate")
        gain = pd.Series({key: every.loc[key, 0.0] - every.loc[key, best[key[0]]] for key in every.index})
        assert gain.min() > 0
        assert best["narrow"] <= best["centre"] <= best["wide"] and best["narrow"] < best["wide"]
        # Fewer rows take more, and gain more by it, in every seed; noise as well, on the average.
        assert best["centre"] <= best["250 rows"] and best["centre"] <= best["noise"]
        assert (gain["250 rows"] > gain["centre"]).all()
        assert gain["250 rows"].mean() > gain["500 rows"].mean() > gain["centre"].mean()
        assert gain["noise"].mean() > gain["centre"].mean()


@pytest.mark.parametrize("source", SOURCES)
def test_the_losses_carry_what_the_lesson_says_of_rates(source: str) -> None:
    """The rate of the lowest loss alone does not: it is the next one for 250 rows and for noise."""
    mean = (
        table("grid", source)
        .query("not without_twins")
        .pivot_table("best_val_loss", ["width", "rows", "noise"], "rate")
    )
    to_third, to_half = mean[0.3] - mean[0.2], mean[0.5] - mean[0.2]
    narrow, centre, wide = (to_half[width, ALL_ROWS, 0.0] for width in (16, WIDTH, 256))
    assert narrow > 0.015 > centre > 0.0135 and wide < 0.005
    assert to_half[WIDTH, 250, 0.0] < 0 < to_half[WIDTH, 500, 0.0] < 0.006
    assert -0.001 < to_third[WIDTH, ALL_ROWS, 0.5] < 0 and to_third[WIDTH, 250, 0.0] < -0.008


def test_a_row_is_trained_again() -> None:
    row = grid.fill(Cell(*SETTINGS[0], 0.3, 2))
    seeds = table("grid", "stand-in").query(
        "width == 64 and rows == 0 and noise == 0 and not without_twins and rate == 0.3"
    )
    lies_with_its_seeds(row, seeds, ["best_val_loss", "last_val_loss", "loss_at_inference"])
