"""The curves of the lab's settings, as far as they have been computed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from dropnorm.curves import LearningCurves
from dropnorm.lab.setting import SEEDS, Setting
from dropnorm.split import Split
from dropnorm.sweep import background
from dropnorm.sweep.plan import Plan


class SweptCurves:
    """Runs of all rates of a setting, computed in the background and kept by their plans.

    Args:
        on_change: called with the plan of a run that has come, from whatever thread brought it.
        on_failure: called with one sentence when runs cannot be computed.
    """

    def __init__(self, on_change: Callable[[Plan], None], on_failure: Callable[[str], None]) -> None:
        self._on_change, self._on_failure = on_change, on_failure
        self._lock = threading.Lock()
        self._runs: dict[tuple[str, Plan], LearningCurves] = {}
        self._stacked: dict[Setting, LearningCurves] = {}  # what `at` gave last
        self.failure = ""  # why nothing more comes of what was wanted last, in one sentence; empty while all is well

    def want(self, setting: Setting, split: Split) -> None:
        """Compute all rates of this setting, the one that it names first; what is known is not computed again."""
        with self._lock:
            self.failure = ""
            lacking = [plan for plan in setting.sweep() if (setting.inputs, plan) not in self._runs]
        came = partial(self._came, setting.inputs)
        background.shared.want(self, background.Wish(lacking, split, came, self._failed))

    def at(self, setting: Setting) -> LearningCurves | None:
        """The runs of a setting that are there, one a seed; None if there is not one.

        While no further run has come, it is the same object each time: who draws or reads it may keep what that gave.
        """
        with self._lock:
            wanted = ((setting.inputs, setting.plan(run=run)) for run in range(SEEDS))
            found = [self._runs[key] for key in wanted if key in self._runs]
            before = self._stacked.get(setting)
            if found and (before is None or before.runs != len(found)):
                before = self._stacked[setting] = LearningCurves.stack(found)
        return before

    def _came(self, inputs: str, plan: Plan, curves: LearningCurves) -> None:
        with self._lock:
            self._runs[inputs, plan] = curves
        self._on_change(plan)

    def _failed(self, sentence: str) -> None:
        self.failure = sentence
        self._on_failure(sentence)

    def close(self) -> None:
        """Compute nothing more."""
        background.shared.drop(self)
