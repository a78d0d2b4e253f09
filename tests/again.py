"""The tables of experiments as they are kept, and their rows trained again: another processor gives other curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dropnorm.experiments.tables import TABLES


def table(name: str, source: str) -> pd.DataFrame:
    """The table of that name, of one source."""
    return pd.read_csv(TABLES[name].path(source))


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins are what every test of a file trains on that names this fixture."""
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


def lies_with_its_seeds(row: dict[str, Any], seeds: pd.DataFrame, columns: list[str]) -> None:
    """Assert that a row lies where the rows of its seeds lie, give or take their range and 2 %.

    On another processor a seed gives another training, so the row is a new draw. Five draws reach over 2.3 standard
    deviations on the average: beyond that once more lies one of some two thousand.
    """
    assert len(seeds) >= 5
    for column in columns:
        some = np.ptp(seeds[column]) + 0.02 * seeds[column].abs().max()
        assert seeds[column].min() - some <= row[column] <= seeds[column].max() + some, column
