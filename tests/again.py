"""Rows of the tables of experiments, trained again: another processor rounds otherwise, and gives other curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def lies_with_its_seeds(row: dict[str, Any], seeds: pd.DataFrame, columns: list[str], room: float = 0.3) -> None:
    """Assert that a row lies where the rows of its seeds lie, give or take that share of their range and 2 %."""
    assert len(seeds) >= 5
    for column in columns:
        some = room * np.ptp(seeds[column]) + 0.02 * seeds[column].abs().max()
        assert seeds[column].min() - some <= row[column] <= seeds[column].max() + some, column
