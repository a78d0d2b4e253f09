"""A training that fails is tried once, and whoever asked for it reads why in the language of their own."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from dropnorm.language import using
from grader.autograde import tasks
from grader.exercises import exercise
from grader.facts import CompileFacts
from grader.operations import dense
from grader.spec import FitSettings, ModelSpec
from grader.spec_rules import SpecError

EXERCISE = exercise("concrete_model")
# Within the bounds of a spec, but Keras' Adam has no momentum.
REFUSED = ModelSpec(
    8, (dense(1),), CompileFacts("adam", 0.01, "mean_absolute_error", {"momentum": 0.9}), FitSettings(1, 64)
)


class OneWorker:
    """Runs a task once for each key, as a cluster does; what it raises comes as from another process."""

    def __init__(self) -> None:
        self.done: dict[str, Future[Any]] = {}

    def submit(self, task: Callable[..., Any], *given: Any, key: str, **_: Any) -> Future[Any]:
        if key not in self.done:
            self.done[key] = Future()
            try:
                self.done[key].set_result(task(*given))
            except Exception as error:
                self.done[key].set_exception(pickle.loads(pickle.dumps(error)))
        return self.done[key]


def test_a_training_that_fails_is_tried_once_and_told_in_the_language_of_each_who_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    worker, told = OneWorker(), []
    for code in ("en", "zh", "en"):
        with using(code), pytest.raises(SpecError) as raised:
            tasks.train(worker, False, REFUSED, EXERCISE, [])
        with using(code):
            told.append(str(raised.value))
    assert len(worker.done) == 1
    assert told[0] == told[2] and told[0].startswith("Keras cannot build this network anew: ")
    assert told[1].startswith("Keras 无法重新搭建这个网络：") and "momentum" in told[1]
