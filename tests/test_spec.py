"""Specs: equal models have equal specs to the byte, and a rebuilt model is the same model."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from spellings import CONCRETE, NOT_CONCRETE, NOT_SPOTIFY, SPOTIFY, SPOTIFY_INPUTS

from grader.facts import CompileFacts, Operation
from grader.spec import FitSettings, ModelSpec, SpecError
from grader.spec_rules import FUNCTIONS, KINDS, LIMITS, LOSSES, OPTIMIZERS
from grader.tracing import observe

X_SPOTIFY = np.random.default_rng(0).normal(size=(200, SPOTIFY_INPUTS)).astype(np.float32)
X_CONCRETE = np.random.default_rng(0).uniform(0, 500, (200, 8)).astype(np.float32)
SPELLINGS = [(build, X_SPOTIFY, "spotify " + name) for name, build in SPOTIFY.items()]
SPELLINGS += [(build, X_CONCRETE, "concrete " + name) for name, build in CONCRETE.items()]
NEAR_MISSES = [(build, X_SPOTIFY, "spotify " + name) for name, build in NOT_SPOTIFY.items()]
NEAR_MISSES += [(build, X_CONCRETE, "concrete " + name) for name, build in NOT_CONCRETE.items()]
FIT = FitSettings(epochs=50, batch_size=512)


def spec_of(model: keras.Model, X: np.ndarray) -> ModelSpec:
    return ModelSpec.of(observe(model, X), FIT)


@pytest.fixture(scope="module")
def references() -> dict[str, ModelSpec]:
    return {
        "spotify": spec_of(SPOTIFY["sequential_list"](), X_SPOTIFY),
        "concrete": spec_of(CONCRETE["sequential_list"](), X_CONCRETE),
    }


def named(cases: list[Any]) -> Any:
    return pytest.mark.parametrize(("build", "X", "name"), cases, ids=[case[-1].replace(" ", "-") for case in cases])


@named(SPELLINGS)
def test_spellings_have_one_spec_to_the_byte(
    build: Callable[[], keras.Model], X: np.ndarray, name: str, references: dict[str, ModelSpec]
) -> None:
    spec, reference = spec_of(build(), X), references[name.split()[0]]
    assert spec.to_json() == reference.to_json()
    assert spec == reference and hash(spec) == hash(reference) and spec.digest == reference.digest


@named(NEAR_MISSES)
def test_near_misses_have_another_spec_or_none(
    build: Callable[[], keras.Model], X: np.ndarray, name: str, references: dict[str, ModelSpec]
) -> None:
    facts = observe(build(), X)
    try:
        spec = ModelSpec.of(facts, FIT)
    except SpecError as error:
        assert "\n" not in str(error) and str(error).endswith(".")
        return
    assert spec != references[name.split()[0]]
    assert ModelSpec.from_json(spec.to_json()) == spec
    rebuilt = observe(spec.build(), X)
    assert ModelSpec.of(rebuilt, FIT) == spec
    assert rebuilt.deterministic == facts.deterministic


def test_the_json_is_what_it_is(references: dict[str, ModelSpec]) -> None:
    """Digests are keys of stored results: a change of this text is a change of all of them."""
    assert references["spotify"].to_json() == (
        '{"compile":{"learning_rate":0.001,"loss":"mean_absolute_error","optimizer":"adam","settings":{}},'
        '"fit":{"batch_size":512,"epochs":50},"inputs":18,"operations":['
        '{"kind":"dense","settings":{"units":128,"use_bias":true}},'
        '{"kind":"activation","settings":{"function":"relu"}},{"kind":"dropout","settings":{"rate":0.3}},'
        '{"kind":"dense","settings":{"units":64,"use_bias":true}},'
        '{"kind":"activation","settings":{"function":"relu"}},{"kind":"dropout","settings":{"rate":0.3}},'
        '{"kind":"dense","settings":{"units":1,"use_bias":true}}],"version":1}'
    )


@pytest.mark.parametrize("exercise", ["spotify", "concrete"])
def test_a_rebuilt_model_computes_the_same(exercise: str, references: dict[str, ModelSpec]) -> None:
    """Weights copied over, predictions agree, and so do they after some equal steps of training without dropout."""
    X = {"spotify": X_SPOTIFY, "concrete": X_CONCRETE}[exercise]
    model = {"spotify": SPOTIFY, "concrete": CONCRETE}[exercise]["sequential_list"]()
    rebuilt = ModelSpec.from_json(references[exercise].to_json()).build()
    rebuilt.set_weights(model.get_weights())
    np.testing.assert_array_equal(model(X, training=False), rebuilt(X, training=False))
    for each in (model, rebuilt):
        for layer in each.layers:
            if isinstance(layer, layers.Dropout):
                layer.rate = 0.0
        each.fit(X, X[:, 0], batch_size=50, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(model(X, training=False), rebuilt(X, training=False), rtol=1e-4, atol=1e-4)


def test_a_policy_left_on_does_not_reach_a_rebuilt_model(references: dict[str, ModelSpec]) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        rebuilt = references["spotify"].build()
        assert keras.config.dtype_policy().name == "mixed_float16"
        assert spec_of(rebuilt, X_SPOTIFY) == references["spotify"]
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_whole_learning_rate_comes_back(rate: float) -> None:
    """Its JSON has no point, and Keras takes no whole number for one."""
    spec = ModelSpec(
        4, (Operation("dense", "", {"units": 1, "use_bias": True}),), CompileFacts("sgd", rate, "mean_absolute_error")
    )
    assert float(ModelSpec.from_json(spec.to_json()).build().optimizer.learning_rate) == rate


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_comes_back(optimizer: str) -> None:
    model = keras.Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile(keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": 0.02}}), "mse")
    spec = spec_of(model, X_SPOTIFY[:, :4])
    assert spec.compile == CompileFacts(optimizer, 0.02, "mean_squared_error", {})
    assert spec_of(spec.build(), X_SPOTIFY[:, :4]) == spec


@pytest.mark.parametrize("loss", [*LOSSES, *(f"{loss}:sum" for loss in LOSSES)])
def test_every_loss_comes_back(loss: str) -> None:
    spec = ModelSpec(4, (Operation("dense", "", {"units": 1, "use_bias": True}),), CompileFacts("sgd", 0.01, loss))
    assert observe(spec.build(), X_SPOTIFY[:, :4]).compiled.loss == loss


EXAMPLES: dict[str, dict[str, Any]] = {
    "dense": {"units": 5, "use_bias": False},
    "activation": {"function": "elu", "alpha": 0.5},
    "dropout": {"rate": 0.25, "noise_shape": [None, 1]},
    "alpha_dropout": {"rate": 0.25},
    "gaussian_dropout": {"rate": 0.25},
    "gaussian_noise": {"stddev": 0.5},
    "batch_normalization": {"axis": -1, "momentum": 0.9, "epsilon": 0.01, "center": False, "scale": True},
    "layer_normalization": {"epsilon": 0.1},
    "rms_normalization": {"epsilon": 0.1},
    "unit_normalization": {},
    "p_re_lu": {},
    "rescaling": {"scale": 0.5, "offset": -1},
    "normalization": {"mean": [1, 2, 3, 4], "variance": [4, 9, 1, 2.5]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back(kind: str) -> None:
    operations = (Operation(kind, "", EXAMPLES[kind]), Operation("dense", "", {"units": 1, "use_bias": True}))
    spec = ModelSpec(4, operations, CompileFacts("sgd", 0.01, "mean_squared_error"))
    assert ModelSpec.of(observe(spec.build(), X_SPOTIFY[:, :4])) == spec


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_activation_comes_back(function: str) -> None:
    settings = {"leaky_relu": {"negative_slope": 0.07}}.get(function, {})
    activation = Operation("activation", "", {"function": function, **settings})
    dense = Operation("dense", "", {"units": 6, "use_bias": True})
    spec = ModelSpec(4, (dense, activation, dense), CompileFacts("sgd", 0.01, "mean_squared_error"))
    assert ModelSpec.of(observe(spec.build(), X_SPOTIFY[:, :4])) == spec


def test_initializers_regularizers_constraints_and_schedules_come_back() -> None:
    dense = layers.Dense(
        8,
        kernel_initializer=keras.initializers.VarianceScaling(2.0, mode="fan_out", seed=4),
        bias_initializer=keras.initializers.Constant(0.1),
        kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-3),
        kernel_constraint="max_norm",
        activity_regularizer="l2",
    )
    model = keras.Sequential([layers.Input((18,)), dense, layers.Dense(1)])
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([10, 20], [0.1, 0.01, 0.001])
    model.compile(keras.optimizers.RMSprop(schedule, centered=True, weight_decay=1e-4), "mse", loss_weights=0.5)
    spec = spec_of(model, X_SPOTIFY)
    assert set(spec.operations[0].settings) - {"units", "use_bias"} == {
        "kernel_initializer", "bias_initializer", "kernel_regularizer", "kernel_constraint", "activity_regularizer"
    }  # fmt: skip
    assert spec_of(ModelSpec.from_json(spec.to_json()).build(), X_SPOTIFY) == spec


def test_numbers_have_one_form() -> None:
    def made(rate: float, slow: float) -> ModelSpec:
        operations = (
            Operation("dropout", "a name", {"rate": rate}),
            Operation("dense", "", {"units": 1, "use_bias": True}),
        )
        return ModelSpec(4, operations, CompileFacts("sgd", slow, "mean_squared_error"))

    assert made(0.1 + 0.2, 1.0) == made(0.3, 1) == made(float(np.float32(0.3)), 1)
    assert made(0.3, 1) != made(0.3001, 1)
    text = made(0.3, 1).to_json()
    spaced = json.dumps(json.loads(text), indent=2).replace('"rate": 0.3', '"rate": 3.0e-1')
    assert spaced != text and ModelSpec.from_json(spaced).to_json() == text


def test_a_spec_is_read_without_keras(references: dict[str, ModelSpec]) -> None:
    code = (
        "import sys; from grader.spec import ModelSpec; spec = ModelSpec.from_json(sys.argv[1]); "
        "print(spec.digest, 'keras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    spec = references["spotify"]
    said = subprocess.run([sys.executable, "-c", code, spec.to_json()], capture_output=True, text=True, check=True)
    assert said.stdout.split() == [spec.digest, "False", "False"]


def test_limits_leave_room_for_the_course(references: dict[str, ModelSpec]) -> None:
    assert all(len(spec.to_json()) < LIMITS["characters"] / 4 for spec in references.values())
