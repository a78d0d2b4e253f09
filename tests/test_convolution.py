"""Dropout in convolutions: what neighbours tell, the networks, the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dropnorm.experiments import convolution
from dropnorm.experiments.convolution import DROPOUT, NETWORKS, NONE, RATE, SPATIAL, Convolution, told_by_neighbours
from dropnorm.experiments.tables import TABLES
from tests.again import lies_with_its_seeds

SEEDS = 5


def table() -> pd.DataFrame:
    assert TABLES["convolution"].path("official") == TABLES["convolution"].path("stand-in")
    return pd.read_csv(TABLES["convolution"].path("official"))


def test_neighbours_tell_nothing_of_noise_and_much_of_something_smooth() -> None:
    noise = np.random.default_rng(0).standard_normal((40, 20, 20, 3))
    told = told_by_neighbours(noise, seed=0)
    assert max(abs(value) for value in told.values()) < 0.05
    ramps = np.cumsum(noise, axis=1)[..., :1] + np.zeros(3)  # the three maps are one
    told = told_by_neighbours(ramps, seed=0, rate=0.0)
    assert told["by_neighbours"] == pytest.approx(told["by_neighbours_left"], abs=0.02)
    assert told["by_neighbours"] > 0.9 and told["by_maps_left"] == pytest.approx(1)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_hold_what_their_names_say(name: str) -> None:
    layers = convolution.network(name).layers
    extra = [] if name == NONE else [name]
    assert [type(layer).__name__ for layer in layers] == [*["Conv2D", *extra] * 2, "Flatten", "Dense"]
    assert all(layer.rate == RATE for layer in layers if type(layer).__name__ in (DROPOUT, SPATIAL))


def test_the_committed_table_is_complete() -> None:
    frame = table()
    wanted = [(job.network, job.seed) for job in convolution.trainings(SEEDS)]
    assert [*frame[["network", "seed"]].itertuples(index=False, name=None)] == wanted and len(wanted) == 15
    assert np.isfinite(frame.drop(columns="network").to_numpy(float)).all()


def test_what_the_lesson_says_of_neighbours_holds_in_every_seed() -> None:
    """A value is told from what dropout leaves of its neighbours; where whole maps are dropped, much less."""
    frame = table()
    assert frame["pixels_correlation"].min() > 0.9 and frame["pixels_by_neighbours"].min() > 0.9
    assert frame["pixels_by_neighbours_left"].min() > 0.75
    for what in ("pixels", "maps"):
        assert (frame[f"{what}_by_maps_left"] < frame[f"{what}_by_neighbours_left"] - 0.1).all()


def test_what_the_lesson_says_of_the_networks_holds() -> None:
    """Means over five seeds: either dropout keeps the end lower; which of the two, five seeds do not tell."""
    seeds = table().groupby("network")
    best, last = seeds["best_val_loss"].mean(), seeds["last_val_loss"].mean()
    assert max(last[DROPOUT], last[SPATIAL]) < 0.8 * last[NONE]
    assert abs(best[DROPOUT] - best[SPATIAL]) < seeds["best_val_loss"].std().min()
    assert seeds["val_accuracy"].mean().min() > 0.93


@pytest.mark.long
def test_a_row_is_trained_again() -> None:
    row = convolution.convolve(Convolution(SPATIAL, 1))
    seeds = table().query("network == @network", local_dict={"network": SPATIAL})
    lies_with_its_seeds(
        row, seeds, ["best_val_loss", "val_accuracy", "pixels_by_neighbours", "maps_by_neighbours_left"]
    )
