"""The table of placement: complete, made of the networks that it names, and of rows that can be trained again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dropnorm.experiments import placement
from dropnorm.experiments.placement import (
    AT_THE_END,
    BEFORE,
    DROPOUT_FIRST,
    NETWORKS,
    NORM_FIRST,
    TRAININGS,
    WITHOUT,
    Placement,
    layers_of,
    place,
)
from dropnorm.experiments.tables import SOURCES, TABLES
from dropnorm.split import STANDARDISED
from dropnorm.sweep.plan import BatchNorm, Dense, Dropout, Relu
from tests.again import lies_with_its_seeds

SHIFTS = [f"variance_shift_{number}" for number in (1, 2, 3)]


def table(source: str) -> pd.DataFrame:
    return pd.read_csv(TABLES["placement"].path(source))


def test_networks_hold_what_their_names_say() -> None:
    norm, dropped, relu = BatchNorm(), Dropout(0.3), Relu()
    assert layers_of(BEFORE) == (*(Dense(128, use_bias=False), norm, relu) * 3, Dense(1))
    assert layers_of(DROPOUT_FIRST) == (*(Dense(128), relu, dropped, norm) * 3, Dense(1))
    assert layers_of(NORM_FIRST) == (*(Dense(128), relu, norm, dropped) * 3, Dense(1))
    assert layers_of(AT_THE_END) == (*(Dense(128), relu, norm) * 3, dropped, Dense(1))
    assert all(each[-1] == Dense(1) for each in map(layers_of, NETWORKS))  # nothing stands behind the output


@pytest.mark.parametrize("source", SOURCES)
def test_the_committed_table_is_complete(source: str) -> None:
    frame = table(source)
    wanted = {(*setting, network, seed) for setting in TRAININGS for network in NETWORKS for seed in range(10)}
    assert set(frame[list(TABLES["placement"].keys)].itertuples(index=False, name=None)) == wanted
    assert len(frame) == len(wanted) == len(placement.trainings(5))
    normalized = frame["network"].map(lambda name: BatchNorm() in NETWORKS[name])
    assert frame[normalized][SHIFTS].notna().all().all() and frame[~normalized][SHIFTS].isna().all().all()


@pytest.mark.parametrize("source", SOURCES)
def test_dropout_in_front_shifts_the_variance_and_dropout_behind_it_does_not(source: str) -> None:
    """Li et al. (2018), on the first batch normalization of the network, in every one of ten seeds."""
    frame = table(source).set_index("network")
    assert frame.loc[DROPOUT_FIRST, "variance_shift_1"].max() < 0.75
    assert frame.loc[NORM_FIRST, "variance_shift_1"].between(0.9, 1.15).all()


def test_a_row_is_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    row = place(Placement("red-wine", STANDARDISED, "adam", DROPOUT_FIRST, 3))
    frame = table("stand-in")
    wine = (frame["data"] == "red-wine") & (frame["inputs"] == STANDARDISED)
    seeds = frame[wine & (frame["network"] == DROPOUT_FIRST)]
    lies_with_its_seeds(row, seeds, ["last_val_loss", "best_val_loss", "loss_at_inference", "logged_loss", *SHIFTS])
    plain = place(Placement("red-wine", STANDARDISED, "adam", WITHOUT, 3), epochs=2)
    assert np.isnan([plain[name] for name in SHIFTS]).all()
