"""The curves of the lab's settings, as far as they have been computed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from dropnorm.curves import LearningCurves
from dropnorm.lab.setting import SEEDS
from dropnorm.split import Split
from dropnorm.sweep import background
from dropnorm.sweep.plan import Plan


class Swept(Protocol):
    """A setting of a lab whose runs are swept; two that are equal are the same, and have the same hash."""

    @property
    def inputs(self) -> str:
        """How the inputs are prepared."""

    def plan(self, *, run: int = 0) -> Plan:
        """The plan of one of its runs, from 0."""

    def sweep(self) -> list[Plan]:
        """The runs that are wanted while the lab shows it, the most wanted first."""


class SweptCurves:
    """Runs of a setting and of those near it, computed in the background and kept by their plans.

    Args:
        on_change: called with the plan of a run that has come, from whatever thread brought it.
        on_failure: called with one sentence when runs cannot be computed.
    """

    def __init__(self, on_change: Callable[[Plan], None], on_failure: Callable[[str], None]) -> None:
        self._on_change, self._on_failure = on_change, on_failure
        self._lock = threading.Lock()
        self._runs: dict[tuple[str, Plan], LearningCurves] = {}
        self._stacked: dict[Swept, LearningCurves] = {}  # what `at` gave last
        self.failure = ""  # why nothing more comes of what was wanted last, in one sentence; empty while all is well

    def want(self, setting: Swept, split: Split) -> None:
        """Compute what the setting's sweep asks for; what is known is not computed again."""
        with self._lock:
            self.failure = ""
            lacking = [plan for plan in setting.sweep() if (setting.inputs, plan) not in self._runs]
        came = partial(self._came, setting.inputs)
        background.shared.want(self, self._wish(lacking, split, came))

    def at(self, setting: Swept) -> LearningCurves | None:
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

    def _wish(self, plans: list[Plan], split: Split, came: Callable[[Plan, Any], None]) -> background.Wish:
        return background.Wish(plans, split, came, self._failed)

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
