"""The stand-ins by themselves: few numbers, the same table on every machine, invented names, nothing lost to damage."""

import importlib.util
import json
import re
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_datasets_sources import official

from dropnorm import datasets, places
from dropnorm.datasets import drawing, sources, standins


def script(name: str) -> ModuleType:
    """A script of data/ as a module."""
    spec = importlib.util.spec_from_file_location(name, places.DATA / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def numbers_in(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(numbers_in, value.values()))
    if isinstance(value, list):
        return sum(map(numbers_in, value))
    return int(isinstance(value, int | float) and not isinstance(value, bool))


@pytest.mark.parametrize("name", datasets.NAMES)
def test_a_stand_in_is_few_numbers_in_a_short_file(name: str) -> None:
    text = (places.STANDINS / f"{name}.json").read_text(encoding="utf-8")
    assert 500 < numbers_in(json.loads(text)) <= 5_000
    assert text.count("\n") < 400


@pytest.mark.parametrize("name", datasets.NAMES)
def test_the_table_is_the_one_that_was_fitted(name: str) -> None:
    """The bands of the exercises were fitted on these very bytes."""
    noted = json.loads((places.STANDINS / f"{name}.json").read_text(encoding="utf-8"))["sha256"]
    assert sources.digest(sources.course_csv(standins.draw(name))) == noted


@pytest.mark.parametrize("name", datasets.NAMES)
def test_columns_types_and_ranges_are_the_courses(name: str) -> None:
    source = sources.find(name)
    table = standins.draw(name)
    assert list(table) == [column.name for column in source.columns]
    assert len(table) in source.rows
    for column in source.columns:
        values = table[column.name]
        assert values.notna().all()
        if column.type == "text":
            assert pd.api.types.is_string_dtype(values)
        else:
            assert values.dtype.kind == column.type[0], column.name
            assert values.between(column.min, column.max).all(), column.name


def test_artists_are_invented() -> None:
    assert standins.draw("spotify")["track_artist"].str.fullmatch(r"Artist \d{5}").all()


def test_an_artists_tracks_resemble_each_other() -> None:
    table = standins.draw("spotify").drop_duplicates(["track_artist", "danceability", "tempo", "duration_ms"])
    means = table.groupby("track_artist")
    for column in ("danceability", "loudness", "track_popularity"):
        scattered = table[column].sample(frac=1, random_state=0).set_axis(table.index)
        shared = means[column].transform("mean").var() / table[column].var()
        by_chance = scattered.groupby(table["track_artist"]).transform("mean").var() / table[column].var()
        assert shared > by_chance + 0.1, column


def test_red_wines_twins_stand_close_together() -> None:
    table = standins.draw("red-wine")
    assert table.duplicated().sum() == 240
    rows = pd.Series(range(len(table)))
    apart = rows.groupby([table[c] for c in table]).diff().dropna()
    assert apart.median() <= 3


@pytest.mark.parametrize("name", datasets.NAMES)
def test_no_row_is_an_official_one(name: str) -> None:
    real = set(official(name).drop(columns="track_artist", errors="ignore").itertuples(index=False, name=None))
    drawn = standins.draw(name).drop(columns="track_artist", errors="ignore")
    assert not [row for row in drawn.itertuples(index=False, name=None) if row in real]


def test_marginals_are_drawn_as_written() -> None:
    middle = (np.arange(1000) + 0.5) / 1000
    half_zero = drawing.at(middle, {"quantiles": [0, 0, 1], "decimals": 2})
    assert (half_zero == 0).mean() == pytest.approx(0.5, abs=0.01) and half_zero.max() == 1
    few = drawing.at(np.array([0.25, 0.75]), {"quantiles": [0, 4.66e-05, 0.5], "digits": 3})
    assert few.tolist() == [2.33e-05, 0.25], "as upstream writes them"
    dice = drawing.at(middle, {"values": [1, 6], "shares": [0.25, 0.75]})
    assert (dice == 6).mean() == 0.75


def test_correlations_come_out_exactly() -> None:
    drawn = drawing.normals(np.random.default_rng(0), 50, [1, 0.6, 1, -0.3, 0.2, 1])
    assert np.allclose(np.corrcoef(drawn.T), [[1, 0.6, -0.3], [0.6, 1, 0.2], [-0.3, 0.2, 1]])


@pytest.mark.parametrize("damage", ["{", "{}", '{"seed": 1, "copies": 3}'])
def test_damaged_numbers_are_said_in_one_sentence(damage: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "STANDINS", tmp_path)
    with pytest.raises(datasets.DataError, match=r"cannot be read .*; restore it with `git checkout -- data/standins`"):
        standins.draw("red-wine")
    (tmp_path / "red-wine.json").write_text(damage)
    with pytest.raises(datasets.DataError, match=r"is damaged .*; restore it with `git checkout -- data/standins`"):
        standins.draw("red-wine")


@pytest.mark.parametrize("name", datasets.NAMES)
def test_the_datasheet_names_every_column_and_the_licence(name: str) -> None:
    sheet = (places.DATA / f"{name}.md").read_text(encoding="utf-8")
    source = sources.find(name)
    for column in source.columns:
        assert re.search(rf"^\| `{re.escape(column.name)}` \|.*{re.escape(column.unit)}", sheet, re.M), column.name
    assert source.url in sheet and source.citation in sheet and source.licence in sheet
