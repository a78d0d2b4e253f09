"""What was changed between two specs, early stopping as Keras does it, and the limits of what is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from dropnorm.curves import LearningCurves
from grader import changes as c
from grader.changes import Direction, changes, direction
from grader.criteria.layout import BATCH_NORM
from grader.exercises.gone_wrong import TRAININGS
from grader.facts import CompileFacts, Operation
from grader.fit_settings import read
from grader.operations import BATCH_NORM as NORM
from grader.operations import RELU
from grader.retraining import Stop, beyond, within
from grader.spec import FitSettings, ModelSpec

WENT = TRAININGS[4].spec  # 3 x (Dense 64, relu), Dense 1; SGD
DROPPED = TRAININGS[2].spec


def dense(units: int = 64, **settings: Any) -> Operation:
    return Operation("dense", "", {"units": units, "use_bias": True, **settings})


def dropout(rate: float) -> Operation:
    return Operation("dropout", "", {"rate": rate})


L2 = {"class_name": "L2", "config": {"l2": 0.01}}
HE = {"class_name": "HeNormal", "config": {}}
FALLING = {
    "class_name": "ExponentialDecay",
    "config": {"initial_learning_rate": 0.1, "decay_steps": 9, "decay_rate": 0.5},
}
TANH = Operation("activation", "", {"function": "tanh"})


def hidden(*block: Operation, times: int = 3, first: tuple[Operation, ...] = ()) -> ModelSpec:
    return replace(WENT, operations=(*first, *block * times, dense(1)))


def compiled(optimizer: str, rate: float | None, **settings: Any) -> ModelSpec:
    return replace(WENT, compile=CompileFacts(optimizer, rate, "mean_absolute_error", settings))


@pytest.mark.parametrize(
    "mended, found",
    [
        (WENT, ()),
        (hidden(dense(), RELU, dropout(0.2)), (c.DROPPED,)),
        (hidden(dense(), RELU, first=(NORM,)), (c.NORMALIZED,)),
        (hidden(NORM, dense(), RELU), (c.NORMALIZED,)),
        (hidden(dense(use_bias=False), NORM, RELU), (c.NORMALIZED,)),  # the bias in front of it does nothing
        (hidden(dense(use_bias=False), RELU), (c.BIAS,)),
        (hidden(dense(), RELU, first=(Operation("layer_normalization", ""),)), (c.NORMALIZED,)),
        (hidden(dense(32), RELU), (c.WIDTHS,)),
        (hidden(dense(), RELU, times=2), (c.WIDTHS,)),
        (hidden(dense(), RELU, times=5), (c.WIDTHS,)),
        (hidden(dense(), RELU, NORM, times=2), (c.NORMALIZED, c.WIDTHS)),
        (hidden(dense(), TANH), (c.FUNCTIONS,)),
        (hidden(dense(kernel_regularizer=L2), RELU), (c.PENALTY,)),
        (hidden(dense(kernel_initializer=HE), RELU), (c.WEIGHTS,)),
        (hidden(replace(dense(), trainable=False), RELU), (c.FROZEN,)),
        (hidden(dense(), RELU, first=(Operation("unit_normalization", ""),)), (c.NORMALIZED,)),
        (compiled("sgd", 0.001), (c.RATE,)),
        (compiled("adam", 0.001), (c.OPTIMIZER,)),
        (compiled("adam", 0.01), (c.OPTIMIZER,)),  # the learning rate of before
        (compiled("adam", 0.3), (c.OPTIMIZER, c.RATE)),
        (compiled("sgd", 0.01, momentum=0.9), (c.TUNED,)),
        (compiled("sgd", 0.001, momentum=0.9), (c.TUNED, c.RATE)),
        (replace(WENT, fit=FitSettings(10, 64)), (c.EPOCHS,)),
        (replace(WENT, fit=FitSettings(50, 16)), (c.BATCH,)),
        (replace(WENT, fit=FitSettings(10, 16)), (c.EPOCHS, c.BATCH)),
    ],
)
def test_what_was_changed_is_counted_once(mended: ModelSpec, found: tuple[str, ...]) -> None:
    assert changes(WENT, mended) == found


def test_dropout_is_one_thing_wherever_it_was_and_is() -> None:
    bare = replace(DROPPED, operations=tuple(each for each in DROPPED.operations if each.kind != "dropout"))
    assert changes(DROPPED, bare) == (c.DROPPED,)
    shorter = replace(DROPPED, operations=(dense(), RELU, dropout(0.3), dense(1)))
    assert changes(DROPPED, shorter) == (c.WIDTHS,)  # the dropout went with its layer
    assert changes(DROPPED, replace(DROPPED, operations=(*DROPPED.operations[:-1], NORM, dense(1)))) == (c.NORMALIZED,)
    assert NORM.kind == BATCH_NORM


def test_early_stopping_is_a_change_of_the_epochs() -> None:
    assert changes(WENT, WENT, Stop(patience=3)) == (c.EPOCHS,)


@pytest.mark.parametrize(
    "mended, what, way",
    [
        (hidden(dense(), RELU, dropout(0.2)), c.DROPPED, Direction.MORE),
        (replace(WENT, fit=FitSettings(10, 64)), c.EPOCHS, Direction.LESS),
        (replace(WENT, fit=FitSettings(60, 64)), c.EPOCHS, Direction.MORE),
        (hidden(dense(32), RELU), c.WIDTHS, Direction.LESS),
        (hidden(dense(), RELU, times=2), c.WIDTHS, Direction.LESS),
        (hidden(dense(65), RELU), c.WIDTHS, Direction.MORE),
        (compiled("sgd", 0.1), c.RATE, Direction.MORE),
        (compiled("sgd", 1e-7), c.RATE, Direction.LESS),
        (compiled("sgd", None, learning_rate_schedule=FALLING), c.RATE, None),
        (compiled("adam", 0.001), c.OPTIMIZER, None),
        (hidden(dense(), RELU, first=(NORM,)), c.NORMALIZED, None),
        (hidden(dense(), RELU, Operation("gaussian_noise", "", {"stddev": 0.2})), c.DROPPED, None),
        (hidden(dense(), RELU, dropout(0.2), times=2), c.DROPPED, None),
    ],
)
def test_an_amount_was_changed_one_way_or_the_other(mended: ModelSpec, what: str, way: Direction | None) -> None:
    assert direction(WENT, mended, what) == way


def test_dropout_that_goes_up_in_one_place_and_down_in_another_has_no_direction() -> None:
    def rates(*each: float) -> ModelSpec:
        steps = (step for rate in each for step in (dense(), RELU, dropout(rate)))
        return replace(DROPPED, operations=(*steps, dense(1)))

    assert direction(DROPPED, rates(0.3, 0.3, 0.5), c.DROPPED) == Direction.MORE
    assert direction(DROPPED, rates(0.0, 0.3, 0.3), c.DROPPED) == Direction.LESS
    assert direction(DROPPED, rates(0.1, 0.3, 0.5), c.DROPPED) is None
    twice = tuple(step for _ in range(3) for step in (dense(), RELU, dropout(0.2), dropout(0.2)))
    assert direction(DROPPED, replace(DROPPED, operations=(*twice, dense(1))), c.DROPPED) == Direction.MORE


# Early stopping

LOSSES = np.array([5.0, 4.0, 4.2, 3.9, 3.95, 4.1, 4.0, 4.4, 3.5, 6.0])
SETTINGS: list[dict[str, Any]] = [
    {},
    {"patience": 1},
    {"patience": 2},
    {"patience": 2, "restore_best_weights": True},
    {"patience": 5},
    {"patience": 5, "restore_best_weights": True},
    {"patience": 1, "min_delta": 0.5},
    {"patience": 2, "start_from_epoch": 3},
    {"patience": 2, "baseline": 3.0},
    {"patience": 30, "restore_best_weights": True},
    {"monitor": "loss", "patience": 1},
]


class Epoch:
    """A model for a callback: its weights are the number of the epoch."""

    def __init__(self) -> None:
        self.number, self.stop_training, self.metrics = 0, False, []

    def get_weights(self) -> int:
        return self.number

    def set_weights(self, number: int) -> None:
        self.number = number


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_early_stopping_leaves_the_weights_of_the_epoch_that_keras_leaves(settings: dict[str, Any]) -> None:
    falling = np.linspace(2, 1, len(LOSSES))
    callback, model = keras.callbacks.EarlyStopping(mode="min", **settings), Epoch()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, (loss, val_loss) in enumerate(zip(falling, LOSSES, strict=True)):
        model.number = epoch + 1
        callback.on_epoch_end(epoch, {"loss": loss, "val_loss": val_loss})
        if model.stop_training:
            break
    callback.on_train_end()
    stop = read({"epochs": 10, "callbacks": [keras.callbacks.EarlyStopping(**settings)]}).stop
    curves = LearningCurves(falling, LOSSES, falling)
    assert stop.cut(curves).epochs == model.number
    assert stop.ends(curves) == model.stop_training


# Limits


def test_what_trains_within_the_limits_is_not_held_back() -> None:
    for training in TRAININGS.values():
        assert beyond(training.spec, 3000) is None


@pytest.mark.parametrize(
    "spec, what",
    [
        (replace(WENT, fit=FitSettings(1000, 64)), "steps"),
        (replace(WENT, fit=FitSettings(50, 1)), "steps"),
        (hidden(dense(1024), RELU), "multiplications"),
        (hidden(dense(), RELU, times=14), None),
    ],
)
def test_what_trains_too_long_is_told_by_what_makes_it_long(spec: ModelSpec, what: str | None) -> None:
    found = beyond(spec, 721)
    assert (found and found[0]) == what
    assert found is None or found[1] > 1


def test_early_stopping_is_waited_for_as_far_as_the_limits_allow_and_no_further() -> None:
    assert within(WENT, 721) == WENT
    endless = replace(WENT, fit=FitSettings(1000, 64))
    waited = within(endless, 721)
    assert beyond(endless, 721) is not None and beyond(waited, 721) is None
    longer = replace(waited, fit=replace(waited.fit, epochs=waited.fit.epochs + 1))
    assert beyond(longer, 721) is not None
    huge = replace(hidden(dense(2048), RELU), fit=FitSettings(7, 64))
    assert within(huge, 721).fit.epochs == 1
