"""The models that the bands are fitted on: each exercise's reference and what a class would plausibly hand in.

They are data for `grader.calibration`, named by their difference from the reference; nothing here is shown to learners.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.exercises import exercise
from grader.facts import Operation
from grader.operations import BATCH_NORM, RELU, SOFTMAX, dense, dropout, hidden
from grader.prepared import Data
from grader.spec import FitSettings, ModelSpec

REFERENCE = "reference"


@dataclass(frozen=True)
class Candidate:
    """A network with its training, and what was done to the split before it began.

    ``right`` marks a design that deserves full marks though it is not the reference.
    """

    spec: ModelSpec
    data: Callable[[Data], Data] = lambda data: data
    right: bool = False


def standardised(data: Data) -> Data:
    """Inputs scaled to mean 0 and standard deviation 1 of the training part."""
    mean, scale = data.X_train.mean(axis=0), data.X_train.std(axis=0)
    return replace(data, X_train=(data.X_train - mean) / scale, X_valid=(data.X_valid - mean) / scale)


def trained_on_all(data: Data) -> Data:
    """The validation rows among the training rows."""
    everything = np.concatenate([data.X_train, data.X_valid]), np.concatenate([data.y_train, data.y_valid])
    return replace(data, X_train=everything[0], y_train=everything[1])


def _spotify(**changes: object) -> Candidate:
    return Candidate(replace(exercise("spotify_model").reference, **changes))


def _stack(widths: Sequence[int], *rates: float, before: bool = False) -> tuple[Operation, ...]:
    """Hidden layers, each with a dropout of its rate behind it (or before it); rate 0 stands for none."""
    steps: list[Operation] = []
    for units, rate in zip(widths, rates, strict=True):
        steps += (dropout(rate), *hidden(units)) if before else hidden(units, rate)
    return (*steps, dense(1))


def _with(*extra: Operation) -> tuple[Operation, ...]:
    """The hidden layers of the exercise, with these steps behind each."""
    return (*hidden(128), *extra, *hidden(64), *extra, dense(1))


SPOTIFY = {
    REFERENCE: _spotify(),
    "no dropout": _spotify(operations=_with()),
    "rate 0.5": _spotify(operations=_with(dropout(0.5))),
    "rate 0.7": _spotify(operations=_with(dropout(0.7))),
    "only after the first": _spotify(operations=_stack((128, 64), 0.3, 0)),
    "only after the second": _spotify(operations=_stack((128, 64), 0, 0.3)),
    "before each hidden layer": _spotify(operations=_stack((128, 64), 0.3, 0.3, before=True)),
    "on the output as well": _spotify(operations=(*_with(dropout(0.3)), dropout(0.3))),
    "twice in a row": _spotify(operations=_with(dropout(0.3), dropout(0.3))),
    "AlphaDropout": _spotify(operations=_with(dropout(0.3, "alpha_dropout"))),
    "batch normalization instead": _spotify(operations=_with(BATCH_NORM)),
    "no activation": _spotify(operations=(dense(128), dropout(0.3), dense(64), dropout(0.3), dense(1))),
    "sgd": _spotify(compile=replace(exercise("spotify_model").reference.compile, optimizer="sgd", learning_rate=0.01)),
    "10 epochs": _spotify(fit=FitSettings(epochs=10, batch_size=512)),
    "own: 192 at 0.4, 64 at 0.2": replace(_spotify(operations=_stack((192, 64), 0.4, 0.2)), right=True),
    "own: 256 at 0.5, 128 at 0.5": replace(_spotify(operations=_stack((256, 128), 0.5, 0.5)), right=True),
}


def _concrete(data: Callable[[Data], Data] = lambda data: data, **changes: object) -> Candidate:
    return Candidate(replace(exercise("concrete_model").reference, **changes), data)


def _before(
    *places: int, step: Operation = BATCH_NORM, units: int = 512, relu: tuple[Operation, ...] = (RELU,)
) -> tuple[Operation, ...]:
    """Three hidden layers and the output; ``step`` stands before those Dense layers whose places (0 to 3) are named."""
    steps: list[Operation] = []
    for place in range(4):
        steps += [step] if place in places else []
        steps += [dense(units), *relu] if place < 3 else [dense(1)]
    return tuple(steps)


ALL = (0, 1, 2, 3)
LAYER_NORM = Operation("layer_normalization", "")
CONCRETE = {
    REFERENCE: _concrete(),
    "no batch normalization": _concrete(operations=_before()),
    "standardised, no batch normalization": _concrete(standardised, operations=_before()),
    "standardised as well": _concrete(standardised),
    "not first": _concrete(operations=_before(1, 2, 3)),
    "first alone": _concrete(operations=_before(0)),
    "not before the output": _concrete(operations=_before(0, 1, 2)),
    "frozen": _concrete(operations=_before(*ALL, step=replace(BATCH_NORM, trainable=False))),
    "LayerNormalization": _concrete(operations=_before(*ALL, step=LAYER_NORM)),
    "dropout instead": _concrete(operations=_before(*ALL, step=dropout(0.3))),
    "no activation": _concrete(operations=_before(*ALL, relu=())),
    "adam": _concrete(
        compile=replace(exercise("concrete_model").reference.compile, optimizer="adam", learning_rate=0.001)
    ),
    "20 epochs": _concrete(fit=FitSettings(epochs=20, batch_size=64)),
    "trained on all rows": _concrete(trained_on_all),
}


def _placement(data: Callable[[Data], Data] = lambda data: data, **changes: object) -> Candidate:
    return Candidate(replace(exercise("placement_model").reference, **changes), data)


def _blocks(*block: Operation, before: tuple[Operation, ...] = (), output: Operation | None = None) -> tuple:
    """Three equal blocks and the output."""
    return (*before, *block * 3, output or dense(1))


def _unbiased(units: int) -> Operation:
    return dense(units, use_bias=False)


UNCENTRED = replace(BATCH_NORM, settings={**BATCH_NORM.settings, "center": False})
PLACEMENT = {
    REFERENCE: _placement(),
    "with bias": _placement(operations=_blocks(dense(512), BATCH_NORM, RELU)),
    "no bias at the output": _placement(operations=_blocks(_unbiased(512), BATCH_NORM, RELU, output=_unbiased(1))),
    "after the activation": _placement(operations=_blocks(dense(512), RELU, BATCH_NORM)),
    "after the activation, without bias": _placement(operations=_blocks(_unbiased(512), RELU, BATCH_NORM)),
    "before each Dense": _placement(operations=_blocks(BATCH_NORM, dense(512), RELU)),
    "on the inputs as well": _placement(operations=_blocks(_unbiased(512), BATCH_NORM, RELU, before=(BATCH_NORM,))),
    "no batch normalization": _placement(operations=_blocks(dense(512), RELU)),
    "neither batch normalization nor bias": _placement(operations=_blocks(_unbiased(512), RELU)),
    "in the first block only": _placement(
        operations=(_unbiased(512), BATCH_NORM, RELU, *(_unbiased(512), RELU) * 2, dense(1))
    ),
    "not centred": _placement(operations=_blocks(_unbiased(512), UNCENTRED, RELU)),
    "LayerNormalization": _placement(operations=_blocks(_unbiased(512), LAYER_NORM, RELU)),
    "no activation": _placement(operations=_blocks(_unbiased(512), BATCH_NORM)),
    "standardised": _placement(standardised),
    "20 epochs": _placement(fit=FitSettings(epochs=20, batch_size=64)),
    "trained on all rows": _placement(trained_on_all),
}


def _vehicles(data: Callable[[Data], Data] = lambda data: data, **changes: object) -> Candidate:
    return Candidate(replace(exercise("vehicles_model").reference, **changes), data)


def _recognising(
    inputs: float = 0.3, rates: Sequence[float] = (0.5, 0.5, 0.5), behind: Sequence[Operation] = (SOFTMAX,)
) -> tuple[Operation, ...]:
    """The three hidden layers and the output, dropout at the inputs and behind each at its rate; 0 stands for none."""
    steps = [dropout(inputs)] if inputs else []
    for units, rate in zip((16, 32, 64), rates, strict=True):
        steps += hidden(units, rate)
    return (*steps, dense(3), *behind)


VEHICLES = {
    REFERENCE: _vehicles(),
    "no dropout": _vehicles(operations=_recognising(0, (0, 0, 0))),
    "not on the inputs": _vehicles(operations=_recognising(0)),
    "on the inputs only": _vehicles(operations=_recognising(0.3, (0, 0, 0))),
    "after the last only": _vehicles(operations=_recognising(0, (0, 0, 0.5))),
    "rates swapped": _vehicles(operations=_recognising(0.5, (0.3, 0.3, 0.3))),
    "0.7 on the inputs": _vehicles(operations=_recognising(0.7)),
    "0.1 everywhere": _vehicles(operations=_recognising(0.1, (0.1, 0.1, 0.1))),
    "on the output as well": _vehicles(operations=_recognising(behind=(SOFTMAX, dropout(0.5)))),
    "on the scores as well": _vehicles(operations=_recognising(behind=(dropout(0.5), SOFTMAX))),
    "no softmax": _vehicles(operations=_recognising(behind=())),
    "sigmoid": _vehicles(operations=_recognising(behind=(Operation("activation", "", {"function": "sigmoid"}),))),
    "sgd": _vehicles(
        compile=replace(exercise("vehicles_model").reference.compile, optimizer="sgd", learning_rate=0.01)
    ),
    "5 epochs": _vehicles(fit=FitSettings(epochs=5, batch_size=64)),
    "trained on all rows": _vehicles(trained_on_all),
}
CANDIDATES: dict[str, dict[str, Candidate]] = {
    "spotify_model": SPOTIFY,
    "concrete_model": CONCRETE,
    "placement_model": PLACEMENT,
    "vehicles_model": VEHICLES,
}
