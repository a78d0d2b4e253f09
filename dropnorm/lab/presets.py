"""Settings worth seeing, each named after what its curves show; tests/test_presets.py holds the names to the sweep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dropnorm.curves import LOGGED, VALIDATION, LearningCurves
from dropnorm.lab.reading import disagrees
from dropnorm.lab.setting import Setting


@dataclass(frozen=True)
class Preset:
    """A setting and what must be true of its curves, run by run, for it to have its name.

    ``shows`` takes the setting's runs and, for comparison, those of the same setting without dropout.
    """

    name: str
    setting: Setting
    shows: Callable[[LearningCurves, LearningCurves], bool]


def _overfits(curves: LearningCurves, _: LearningCurves) -> bool:
    """A third of the validation loss is gap, in every run."""
    return bool((curves.gap > curves.last(VALIDATION) / 3).all())


def _closes_the_gap(curves: LearningCurves, without: LearningCurves) -> bool:
    """Less than a third of the gap without dropout is left, at a validation loss that is no worse than seeds differ."""
    same = np.median(curves.last(VALIDATION)) < 1.1 * np.median(without.last(VALIDATION))
    return bool(same and (curves.gap < without.gap / 3).all())


def _too_high(curves: LearningCurves, without: LearningCurves) -> bool:
    """The network cannot learn what it learned without dropout: both its losses are twice as high, in every run."""
    doubled = [(curves.last(name) > 2 * without.last(name)).all() for name in (LOGGED, VALIDATION)]
    return bool(all(doubled))


def _disagree(curves: LearningCurves, _: LearningCurves) -> bool:
    return disagrees(curves)


PRESETS = (
    Preset("overfits", Setting(rate=0.0, batch_norm="after"), _overfits),
    Preset("dropout closes the gap", Setting(rate=0.2, batch_norm="after"), _closes_the_gap),
    Preset("rate too high", Setting(rate=0.7), _too_high),
    Preset("training and inference disagree", Setting(rate=0.5, batch_norm="before"), _disagree),
)
