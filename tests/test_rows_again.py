"""A random row of each table of experiments, trained again: of a table on two sources, on one of them, at random.

``DROPNORM_ROWS=<seed>`` chooses the rows of another run.

On the machine that made a table the row is the same; another processor rounds otherwise, and a hundred epochs make of
that what another seed would make. So it must lie within the spread of its seeds, three times as wide.
"""

from __future__ import annotations

import os
import time
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.api.types import is_numeric_dtype

from dropnorm import datasets, jobs
from dropnorm.experiments.tables import SOURCES, TABLES

pytestmark = pytest.mark.long  # some tables have a row that is trained again in a test of their own

SEEDS = 5  # what `make experiments` makes the tables from
CHOICE = int(os.environ.get("DROPNORM_ROWS") or np.random.default_rng().integers(10**6))
NOT_SETTLED = 1e6  # where a loss is larger than this, or no number, the next one may be anything
BY_MACHINE = ("seconds", "epoch")  # columns that tell of the processor, or count epochs: first crossings leap


def chosen(name: str) -> tuple[str, int]:
    """On which source a table is tried, and which of its trainings is repeated; the same for every test of a run.

    Where the rows do not depend on the source, they are tried beside the stand-ins.
    """
    draw = np.random.default_rng([CHOICE, list(TABLES).index(name)])
    place, source = int(draw.integers(len(TABLES[name].trainings(SEEDS)))), SOURCES[draw.integers(len(SOURCES))]
    return source if TABLES[name].sourced and is_here(source) else SOURCES[-1], place


@cache
def is_here(source: str) -> bool:
    """Whether the data of a source can be had without a network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DROPNORM_SOURCE", source)
        try:
            datasets.dataset("red-wine")
        except datasets.DataError:
            return False
    return True


def repeated(asked: tuple[str, int]) -> tuple[dict[str, Any], float]:
    """The row of a table's training, and the seconds that it took."""
    name, place = asked
    start = time.perf_counter()
    row = TABLES[name].row(TABLES[name].trainings(SEEDS)[place])
    return row, time.perf_counter() - start


@cache
def rows(source: str) -> dict[str, tuple[dict[str, Any], float]]:
    """For each table that is tried on a source the row that was trained again, with its seconds; all at once."""
    asked = [(name, place) for name in TABLES for origin, place in (chosen(name),) if origin == source]
    return {name: row for (name, _), row in jobs.finished(repeated, asked)}


@pytest.mark.parametrize("name", TABLES)
def test_a_random_row_trains_again(name: str, monkeypatch: pytest.MonkeyPatch, measured) -> None:
    source, place = chosen(name)
    monkeypatch.setenv("DROPNORM_SOURCE", source)  # the processes that train inherit it
    again, seconds = rows(source)[name]
    print(f"DROPNORM_ROWS={CHOICE} chooses this row again.")
    measured(f"a row of {name}, {source}: DROPNORM_ROWS={CHOICE}", seconds)
    table, keys = pd.read_csv(TABLES[name].path(source)), list(TABLES[name].keys)
    assert len(table) == len(TABLES[name].trainings(SEEDS))
    row = table.iloc[place]
    assert set(again) == set(table.columns)
    assert {key: again[key] for key in keys} == row[keys].to_dict()
    others = [key for key in keys if key != "seed"]
    seeds = table[(table[others] == row[others]).all(axis=1)]
    assert len(seeds) >= SEEDS
    compared = 0
    for column in table.columns.difference(keys):
        values = seeds[column]
        if not is_numeric_dtype(values) or any(word in column for word in BY_MACHINE) or not np.isfinite(row[column]):
            continue
        if values.isna().any() or values.abs().max() > NOT_SETTLED:
            continue
        width = float(max(3 * np.ptp(values), 0.02 * abs(row[column])))
        told = f"DROPNORM_ROWS={CHOICE}: {column} of {row[keys].to_dict()} in {TABLES[name].path(source).name}"
        assert again[column] == pytest.approx(row[column], abs=width), told
        compared += 1
    losses = seeds[[column for column in table if "loss" in column]].select_dtypes("number")
    assert compared or not (losses.abs() <= NOT_SETTLED).all(
        axis=None
    )  # a training that diverged has nothing to compare
