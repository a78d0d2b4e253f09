"""Specs: what cannot be rebuilt, what was tampered with and what is no spec is refused in one sentence."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from spellings import NOT_SPOTIFY, SPOTIFY_INPUTS

from grader.exercises.spotify import REFERENCE
from grader.facts import CompileFacts, Operation
from grader.spec import ModelSpec, SpecError
from grader.tracing import observe

X = np.random.default_rng(0).normal(size=(200, SPOTIFY_INPUTS)).astype(np.float32)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: keras.Sequential([layers.Input((18,)), layers.Dense(1)]), "not compiled"),
        (NOT_SPOTIFY["weights_used_twice"], "no single chain"),
        (NOT_SPOTIFY["new_layer_in_each_call"], "differ from call to call"),
        (NOT_SPOTIFY["dense_of_ones_own"], "cannot be rebuilt"),
        (NOT_SPOTIFY["root_of_the_loss"], "loss 'unknown'"),
        (lambda: compiled(layers.Dense(20_000)), "units"),
        (lambda: compiled(layers.GroupNormalization(groups=2)), "'group_normalization'"),
        (lambda: compiled(layers.Dense(3, kernel_initializer=Mine())), "kernel_initializer"),
        (lambda: compiled(layers.Dense(3), optimizer=Odd()), "optimizer 'odd'"),
    ],
)
def test_what_cannot_be_rebuilt_is_said_in_one_sentence(build: Callable[[], keras.Model], words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        ModelSpec.of(observe(build(), X))
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


class Mine(keras.initializers.Initializer):
    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        return keras.ops.ones(shape)


class Odd(keras.optimizers.SGD):
    pass


def compiled(layer: layers.Layer, optimizer: Any = "sgd") -> keras.Model:
    model = keras.Sequential([layers.Input((18,)), layer])
    model.compile(optimizer, "mae")
    return model


def changed(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of one place of a spec's dictionary, named as in ``operations.0.settings.units``."""

    def change(data: dict[str, Any]) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: Any = data
        for step in way:
            place = place[step]
        place[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 2),
        ("version", True),
        ("more", 1),
        ("inputs", 0),
        ("inputs", 1.5),
        ("inputs", True),
        ("inputs", 10**9),
        ("operations", []),
        ("operations", {}),
        ("operations", [{"kind": "activation", "settings": {"function": "relu"}}] * 65),
        ("operations", [{"kind": "dense", "settings": {"units": 8000, "use_bias": True}}] * 4),
        ("operations.0", "dense"),
        ("operations.0.kind", "lambda"),
        ("operations.0.kind", ["dense"]),
        ("operations.0.layer", "x"),
        ("operations.0.trainable", True),
        ("operations.0.trainable", 0),
        ("operations.0.forced_training", None),
        ("operations.0.settings", {"units": 3}),
        ("operations.0.settings", []),
        ("operations.0.settings.units", 10**6),
        ("operations.0.settings.units", "8"),
        ("operations.0.settings.name", "x"),
        ("operations.0.settings.kernel_initializer", {"class_name": "Lambda", "config": {}}),
        (
            "operations.0.settings.kernel_initializer",
            {"class_name": "Zeros", "config": {"x": {"class_name": "Lambda"}}},
        ),
        ("operations.0.settings.kernel_initializer", {"class_name": "Zeros", "config": {}, "module": "os"}),
        ("operations.1.settings.function", "eval"),
        ("operations.2.settings.rate", 1.5),
        ("operations.2.settings.rate", True),
        ("operations.2.settings.noise_shape", [None, None, None]),
        ("compile", None),
        ("compile.optimizer", "odd"),
        ("compile.optimizer", ["adam"]),
        ("compile.loss", "lambda"),
        ("compile.learning_rate", -1),
        ("compile.learning_rate", None),
        ("compile.learning_rate", "0.1"),
        ("compile.settings.custom", 1),
        ("compile.settings.momentum", "0.9"),
        ("compile.settings.learning_rate_schedule", {"class_name": "ExponentialDecay", "config": {}}),
        ("fit.epochs", 0),
        ("fit.epochs", 10**6),
        ("fit.epochs", 2.5),
        ("fit.batch_size", True),
        ("fit", {"epochs": 3}),
        ("fit", [3, 4]),
    ],
)
def test_a_tampered_spec_is_refused(path: str, value: Any) -> None:
    data = copy.deepcopy(REFERENCE.to_dict())
    changed(path, value)(data)
    with pytest.raises(SpecError) as caught:
        ModelSpec.from_json(json.dumps(data))
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".") and len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        "[" * 10_000,
        '{"a":' * 3_000,
        " " * 20_001,
        '{"version":1,"version":1}',
        "9" * 5_000,
        b"\xff\xfe\xfa",
    ],
)
def test_what_is_no_spec_is_refused(text: str | bytes) -> None:
    with pytest.raises(SpecError):
        ModelSpec.from_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_finite(number: str) -> None:
    text = REFERENCE.to_json().replace("0.001", number)
    assert number in text
    with pytest.raises(SpecError):
        ModelSpec.from_json(text)


def test_a_spec_that_keras_cannot_build_says_so() -> None:
    operations = (Operation("dense", "", {"units": 1, "use_bias": True}),)
    spec = ModelSpec(4, operations, CompileFacts("adam", 0.01, "mean_squared_error", {"momentum": 0.9}))
    with pytest.raises(SpecError, match="Keras cannot build"):
        spec.build()
