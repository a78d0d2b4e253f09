"""A random row of each table of experiments, trained again. ``DROPNORM_ROWS=<seed>`` chooses the rows of another run.

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

pytestmark = pytest.mark.full

SEEDS = 5  # what `make experiments` makes the tables from
CHOICE = int(os.environ.get("DROPNORM_ROWS") or np.random.default_rng().integers(10**6))
NOT_SETTLED = 1e6  # where a loss is larger than this, or no number, the next one may be anything
# Each file once: where the rows do not depend on the source, beside the stand-ins.
FILES = [(source, name) for source in SOURCES for name in TABLES if TABLES[name].sourced or source == SOURCES[-1]]
BY_MACHINE = ("seconds", "epoch")  # columns that tell of the processor, or count epochs: first crossings leap


def chosen(name: str, source: str) -> int:
    """Which training of a table is repeated; the same for every test of a run."""
    places = len(TABLES[name].trainings(SEEDS))
    return int(np.random.default_rng([CHOICE, list(TABLES).index(name), SOURCES.index(source)]).integers(places))


def repeated(asked: tuple[str, int]) -> tuple[dict[str, Any], float]:
    """The row of a table's training, and the seconds that it took."""
    name, place = asked
    start = time.perf_counter()
    row = TABLES[name].row(TABLES[name].trainings(SEEDS)[place])
    return row, time.perf_counter() - start


@cache
def rows(source: str) -> dict[str, tuple[dict[str, Any], float]]:
    """For each table of a source the row that was trained again, with its seconds; all of them at once."""
    asked = [(name, chosen(name, source)) for origin, name in FILES if origin == source]
    return {name: row for (name, _), row in jobs.finished(repeated, asked)}


@pytest.mark.parametrize(("source", "name"), FILES)
def test_a_random_row_trains_again(source: str, name: str, monkeypatch: pytest.MonkeyPatch, measured) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", source)  # the processes that train inherit it
    try:
        datasets.dataset("red-wine")
    except datasets.DataError as error:
        pytest.skip(f"NOT TRAINED AGAIN ON THE {source.upper()} DATA: {error}")
    again, seconds = rows(source)[name]
    print(f"DROPNORM_ROWS={CHOICE} chooses this row again.")
    measured(f"a row of {name}, {source}: DROPNORM_ROWS={CHOICE}", seconds)
    table, keys = pd.read_csv(TABLES[name].path(source)), list(TABLES[name].keys)
    assert len(table) == len(TABLES[name].trainings(SEEDS))
    row = table.iloc[chosen(name, source)]
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
    assert compared or not np.isfinite(seeds["last_val_loss"]).all()
