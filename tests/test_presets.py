"""A preset is named after what its curves show: held to five seeds of the sweep, on stand-ins and on official data."""

from __future__ import annotations

import numpy as np
import pytest

from dropnorm import datasets
from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.lab.presets import PRESETS
from dropnorm.lab.setting import SEEDS, Setting
from dropnorm.split import split
from dropnorm.sweep import run


def swept(setting: Setting, rate: float) -> LearningCurves:
    data = split("red-wine", setting.inputs)
    return LearningCurves.stack([run(setting.plan(rate, number), data) for number in range(SEEDS)])


@pytest.mark.parametrize("source", ["stand-in", pytest.param("official", marks=pytest.mark.full)])
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


@pytest.mark.parametrize("source", ["stand-in", pytest.param("official", marks=pytest.mark.full)])
def test_what_the_lesson_says_of_its_labs_holds(source, monkeypatch):
    monkeypatch.setenv("DROPNORM_SOURCE", source)
    try:
        datasets.dataset("red-wine")
    except datasets.DataError as error:
        pytest.skip(str(error))
    raw = Setting(0.5, inputs="raw")
    dropped, plain = swept(raw, 0.5), swept(raw, 0.0)
    for name in (AT_INFERENCE, VALIDATION):
        assert (dropped.last(name) > 2 * dropped.last(LOGGED)).all()
        assert (np.abs(plain.last(name) - plain.last(LOGGED)) < 0.1).all()
    after = Setting(0.2, batch_norm="after")
    losses = [np.median(swept(after, rate).last(VALIDATION)) for rate in (0.2, 0.6, 0.9)]
    assert losses == sorted(losses)  # more dropout costs
    assert (np.abs(swept(after, 0.9).gap) < 0.05).all()  # and the curves stay together
