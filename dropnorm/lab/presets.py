"""Settings worth seeing, each named after what its curves show; tests/test_presets.py holds the names to the sweep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dropnorm.curves import LearningCurves
from dropnorm.diagnosis import Problem
from dropnorm.lab.reading import closes_the_gap, too_high
from dropnorm.lab.setting import Setting
from dropnorm.language import N_


@dataclass(frozen=True)
class Preset:
    """A setting and what must be true of its curves for it to have its name.

    ``shows`` takes the setting's runs and, for comparison, those of the same setting without dropout.
    """

    name: str
    setting: Setting
    shows: Callable[[LearningCurves, LearningCurves], bool]


def _in_every_run(problem: Problem) -> Callable[[LearningCurves, LearningCurves], bool]:
    def shows(curves: LearningCurves, _: LearningCurves) -> bool:
        found = curves.diagnosis()
        return found.problem == problem and found.agree == curves.runs

    return shows


PRESETS = (
    Preset(N_("overfits"), Setting(rate=0.0, batch_norm="after"), _in_every_run(Problem.OVERFITS)),
    Preset(N_("dropout closes the gap"), Setting(rate=0.2, batch_norm="after"), closes_the_gap),
    Preset(N_("rate too high"), Setting(rate=0.7), too_high),
    Preset(N_("training and inference disagree"), Setting(rate=0.5, inputs="raw"), _in_every_run(Problem.DISAGREE)),
)
