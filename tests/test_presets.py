"""A preset is named after what its curves show: held to five seeds of the sweep, on stand-ins and on official data."""

from __future__ import annotations

import pytest

from dropnorm import datasets
from dropnorm.curves import LearningCurves
from dropnorm.lab.presets import PRESETS
from dropnorm.lab.setting import SEEDS, Setting
from dropnorm.split import split
from dropnorm.sweep import run


def swept(setting: Setting, rate: float) -> LearningCurves:
    data = split("red-wine", setting.inputs)
    return LearningCurves.stack([run(setting.plan(rate, number), data) for number in range(SEEDS)])


# Where the official data are, stand-ins are for the long tests.
STANDINS = pytest.mark.long if datasets.source("red-wine") == "official" else ()


@pytest.mark.parametrize(
    "source", [pytest.param("stand-in", marks=STANDINS), pytest.param("official", marks=pytest.mark.full)]
)
@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_shows_what_its_name_says(preset, source, monkeypatch):
    monkeypatch.setenv("DROPNORM_SOURCE", source)
    try:
        datasets.dataset("red-wine")
    except datasets.DataError as error:
        pytest.skip(str(error))
    curves, without = swept(preset.setting, preset.setting.rate), swept(preset.setting, 0.0)
    assert preset.shows(curves, without)
    others = [other for other in PRESETS if other is not preset]
    assert not all(other.shows(curves, without) for other in others)  # the names tell something apart
