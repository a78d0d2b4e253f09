"""Facts about models: the same for every spelling of a model, other for near misses; and nothing is disturbed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from spellings import CONCRETE, NOT_CONCRETE, NOT_SPOTIFY, SPOTIFY, SPOTIFY_INPUTS

from grader.activations import name_of_values
from grader.compiling import compile_facts
from grader.facts import CompileFacts, ModelFacts, Operation
from grader.tracing import observe

DENSE, NORM = {"use_bias": True}, {"axis": -1, "momentum": 0.99, "epsilon": 0.001, "center": True, "scale": True}
RELU, DROPOUT = ("activation", {"function": "relu"}), ("dropout", {"rate": 0.3})


def dense(units: int) -> tuple[str, dict[str, Any]]:
    return "dense", {"units": units, "use_bias": True}


SPOTIFY_STEPS = [dense(128), RELU, DROPOUT, dense(64), RELU, DROPOUT, dense(1)]
CONCRETE_STEPS = [*3 * [("batch_normalization", NORM), dense(512), RELU], ("batch_normalization", NORM), dense(1)]


@pytest.fixture(scope="module")
def standardised() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(300, SPOTIFY_INPUTS)).astype(np.float32)


@pytest.fixture(scope="module")
def raw() -> np.ndarray:
    """Columns of the sizes of Concrete's: all positive, some in the hundreds."""
    return np.random.default_rng(0).uniform(0, [540, 360, 200, 250, 32, 1150, 990, 365], (300, 8)).astype(np.float32)


def steps(facts: ModelFacts) -> list[tuple[str, Any]]:
    return [(operation.kind, dict(operation.settings)) for operation in facts.operations]


def sequential(*steps: layers.Layer) -> keras.Model:
    return keras.Sequential([layers.Input((SPOTIFY_INPUTS,)), *steps])


@pytest.mark.parametrize("name", SPOTIFY)
def test_spotify_spellings_have_the_same_facts(name: str, standardised: np.ndarray) -> None:
    facts = observe(SPOTIFY[name](), standardised)
    assert steps(facts) == SPOTIFY_STEPS
    assert (facts.inputs, facts.chain, facts.deterministic) == (18, True, True)
    assert facts.compiled == CompileFacts("adam", 0.001, "mean_absolute_error", {})
    assert facts.unjudged == ()
    assert all(op.trainable and op.forced_training is None for op in facts.operations)
    assert all(share == pytest.approx(0.3, abs=0.06) for share in facts.zeros.values()) and facts.zeros


@pytest.mark.parametrize("name", CONCRETE)
def test_concrete_spellings_have_the_same_facts(name: str, raw: np.ndarray) -> None:
    facts = observe(CONCRETE[name](), raw)
    assert steps(facts) == CONCRETE_STEPS
    assert (facts.inputs, facts.chain, facts.deterministic) == (8, True, True)
    assert facts.compiled == CompileFacts("sgd", 0.01, "mean_absolute_error", {})
    assert facts.unjudged == ()
    assert len(facts.moving) == 4 and all(facts.moving.values())


@pytest.mark.parametrize("name", NOT_SPOTIFY)
def test_spotify_near_misses_have_other_facts(name: str, standardised: np.ndarray) -> None:
    same = observe(SPOTIFY["sequential_list"](), standardised)
    assert essence(observe(NOT_SPOTIFY[name](), standardised)) != essence(same)


@pytest.mark.parametrize("name", NOT_CONCRETE)
def test_concrete_near_misses_have_other_facts(name: str, raw: np.ndarray) -> None:
    same = observe(CONCRETE["sequential_list"](), raw)
    assert essence(observe(NOT_CONCRETE[name](), raw)) != essence(same)


def essence(facts: ModelFacts) -> tuple[Any, ...]:
    modes = [(operation.trainable, operation.forced_training) for operation in facts.operations]
    return steps(facts), modes, facts.chain, facts.deterministic, facts.compiled, facts.unjudged


def of_kind(facts: ModelFacts, kind: str) -> Operation:
    return facts.of_kind(kind)[0]


def test_forced_training_shows_in_the_layer_and_in_the_predictions(standardised: np.ndarray) -> None:
    for name in ("dropout_forced", "monte_carlo_dropout"):
        facts = observe(NOT_SPOTIFY[name](), standardised)
        assert [operation.forced_training for operation in facts.of_kind("dropout")] == [True, True]
        assert not facts.deterministic
    off = observe(NOT_SPOTIFY["dropout_never_on"](), standardised)
    assert [operation.forced_training for operation in off.of_kind("dropout")] == [False, False]
    assert set(off.zeros.values()) == {0.0}


def test_forced_training_in_a_functional_graph_is_heeded_in_plain_calls_only(standardised: np.ndarray) -> None:
    inputs = keras.Input((SPOTIFY_INPUTS,))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.5)(inputs, training=True)))
    predictions = [model.predict(standardised, verbose=0) for _ in range(2)]
    assert np.array_equal(*predictions) and not np.array_equal(model(standardised), model(standardised))
    dropout = of_kind(observe(model, standardised), "dropout")
    assert dropout.forced_training is None and dropout.forced_in_plain_calls
    plain = observe(SPOTIFY["functional"](), standardised)
    assert not any(operation.forced_in_plain_calls for operation in plain.operations)


def test_frozen_batch_normalization_does_not_move(raw: np.ndarray) -> None:
    facts = observe(NOT_CONCRETE["frozen"](), raw)
    assert not any(operation.trainable for operation in facts.of_kind("batch_normalization"))
    assert len(facts.moving) == 4 and not any(facts.moving.values())
    assert sorted(observe(NOT_CONCRETE["never_moving"](), raw).moving.values()) == [False, True, True, True]


def test_a_scaling_is_told_whether_a_layer_or_a_function_does_it(standardised: np.ndarray) -> None:
    adapted = layers.Normalization()
    adapted.adapt(standardised)
    mean, deviation = standardised.mean(axis=0), standardised.std(axis=0)
    for first in (adapted, layers.Lambda(lambda x: (x - mean) / deviation)):
        scaling = of_kind(observe(sequential(first, layers.Dense(1)), standardised), "normalization")
        np.testing.assert_allclose(scaling.settings["mean"], mean, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(scaling.settings["variance"], deviation**2, rtol=1e-3)
    for last in (layers.Rescaling(100.0), layers.Lambda(lambda x: x * 100)):
        facts = observe(sequential(layers.Dense(1), last), standardised)
        assert steps(facts)[-1] == ("rescaling", {"scale": 100.0, "offset": 0.0})


@pytest.mark.parametrize(
    ("activation", "settings"),
    [
        ("tanh", {"function": "tanh"}),
        (lambda x: 1 / (1 + tf.exp(-x)), {"function": "sigmoid"}),
        (lambda x: x * tf.sigmoid(x), {"function": "silu"}),
        (lambda x: tf.minimum(tf.maximum(x, 0), 6), {"function": "relu6"}),
        (lambda x: tf.maximum(0.25 * x, x), {"function": "leaky_relu", "negative_slope": 0.25}),
        (layers.ELU(0.5), {"function": "elu", "alpha": 0.5}),
        (tf.nn.gelu, {"function": "gelu"}),
        (lambda x: tf.nn.gelu(x, approximate=True), {"function": "gelu_tanh"}),
        ("softmax", {"function": "softmax"}),
        (lambda x: tf.math.log(1 + tf.exp(x)), {"function": "softplus"}),
        (abs, {"function": "leaky_relu", "negative_slope": -1.0}),  # it is one
        (tf.square, {"function": "unknown"}),
        (tf.sin, {"function": "unknown"}),
    ],
)
def test_activations_are_told_by_their_values(
    activation: Any, settings: dict[str, Any], standardised: np.ndarray
) -> None:
    as_argument = sequential(layers.Dense(32, activation=activation), layers.Dense(1))
    facts = observe(as_argument, standardised)
    assert of_kind(facts, "activation").settings == settings
    assert bool(facts.unjudged) == (settings["function"] == "unknown")
    function = keras.activations.get(activation)
    between = observe(sequential(layers.Dense(32), layers.Lambda(lambda x: function(x)), layers.Dense(1)), standardised)
    if settings["function"] == "unknown":
        assert of_kind(between, "custom").layer.startswith("lambda") and between.unjudged
    else:
        assert of_kind(between, "activation").settings == settings


def test_branches_keep_a_useful_list(raw: np.ndarray, standardised: np.ndarray) -> None:
    residual = observe(NOT_CONCRETE["residual"](), raw)
    assert not residual.chain and not residual.unjudged
    assert [operation.kind for operation in residual.operations].count("add") == 2
    side = observe(NOT_SPOTIFY["side_branch"](), standardised)
    assert not side.chain and [operation.kind for operation in side.operations][-2:] == ["concatenate", "dense"]
    assert not observe(NOT_CONCRETE["one_shared_normalization"](), raw).chain


def test_settings_that_differ_from_the_defaults_are_kept(standardised: np.ndarray) -> None:
    model = sequential(
        layers.Dense(8, kernel_initializer=keras.initializers.HeNormal(seed=3), kernel_regularizer="l2"),
        layers.BatchNormalization(momentum=0.9),
        layers.Dropout(0.5, noise_shape=(None, 1), seed=3),
        layers.LayerNormalization(epsilon=0.1),
    )
    assert steps(observe(model, standardised)) == [
        (
            "dense",
            {
                **{"units": 8, "use_bias": True},
                "kernel_initializer": {"class_name": "HeNormal", "config": {}},
                "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}},
            },
        ),
        ("batch_normalization", {**NORM, "momentum": 0.9}),
        ("dropout", {"rate": 0.5, "noise_shape": [None, 1]}),
        ("layer_normalization", {"epsilon": 0.1}),
    ]


def test_a_rate_that_was_changed_is_the_rate_that_counts(standardised: np.ndarray) -> None:
    model = SPOTIFY["sequential_list"]()
    model.layers[1].rate = 0.7
    facts = observe(model, standardised)
    assert [operation.settings["rate"] for operation in facts.of_kind("dropout")] == [0.7, 0.3]
    assert facts.zeros[model.layers[1].name] == pytest.approx(0.7, abs=0.06)


def test_layers_of_one_name_are_told_apart(standardised: np.ndarray) -> None:
    blocks = [keras.Sequential([layers.Dense(8, name="d"), layers.Dropout(rate, name="drop")]) for rate in (0.2, 0.8)]
    facts = observe(sequential(*blocks), standardised)
    assert facts.zeros == pytest.approx({"drop": 0.2, "drop_2": 0.8}, abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("adam", "mae"), CompileFacts("adam", 0.001, "mean_absolute_error", {})),
        ((keras.optimizers.SGD, keras.losses.MeanSquaredError), CompileFacts("sgd", 0.01, "mean_squared_error", {})),
        (("sgd", lambda y, p: (y - p) ** 2), CompileFacts("sgd", 0.01, "mean_squared_error", {})),
        (("sgd", keras.losses.Huber()), CompileFacts("sgd", 0.01, "huber", {})),
        (("sgd", keras.losses.Huber(delta=2.0)), CompileFacts("sgd", 0.01, "unknown", {})),
        (("sgd", lambda y, p: tf.reduce_sum(tf.abs(y - p))), CompileFacts("sgd", 0.01, "mean_absolute_error:sum", {})),
        (("sgd", None), CompileFacts("sgd", 0.01, "none", {})),
        (("sgd", "mae", [0.5]), CompileFacts("sgd", 0.01, "mean_absolute_error", {"loss_weights": [0.5]})),
    ],
)
def test_compile_facts(arguments: tuple[Any, ...], expected: CompileFacts, standardised: np.ndarray) -> None:
    model = sequential(layers.Dense(1))
    made = [argument() if isinstance(argument, type) else argument for argument in arguments]
    model.compile(made[0], made[1], loss_weights=made[2] if len(made) > 2 else None)
    assert observe(model, standardised).compiled == expected


def test_optimizer_settings_and_schedules(standardised: np.ndarray) -> None:
    model = sequential(layers.Dense(1))
    assert observe(model, standardised).compiled is None
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=1.0), "mae")
    found = observe(model, standardised).compiled
    assert found.learning_rate == 0.05 and found.settings == {"momentum": 0.9, "nesterov": True, "clipnorm": 1.0}
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.5)), "mae")
    found = observe(model, standardised).compiled
    assert found.learning_rate is None and found.settings["learning_rate_schedule"]["class_name"] == "ExponentialDecay"
    model.compile(keras.optimizers.AdamW(), "mae")
    assert observe(model, standardised).compiled.settings == {}


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_weights_that_diverged_hide_nothing_and_come_back(value: float, standardised: np.ndarray) -> None:
    model = SPOTIFY["subclass_told_training"]()
    model(standardised)
    for weight in model.weights:
        weight.assign(np.full(weight.shape, value))
    assert steps(observe(model, standardised)) == SPOTIFY_STEPS
    assert all(np.array_equal(w, np.full(w.shape, np.float32(value)), equal_nan=True) for w in model.get_weights())


@pytest.mark.parametrize(
    "name", ["centred_by_the_batch", "standardised_by_the_batch", "batch_normalization_of_ones_own"]
)
def test_what_depends_on_the_batch_is_no_scaling(name: str, raw: np.ndarray) -> None:
    facts = observe(NOT_CONCRETE[name](), raw)
    assert facts.operations[0].kind == "custom" and facts.unjudged


def test_a_constant_scaling_is_no_step_of_ones_own(raw: np.ndarray) -> None:
    facts = observe(NOT_CONCRETE["standardised_inside"](), raw)
    assert facts.operations[0].kind == "normalization" and not facts.unjudged


def test_layers_that_draw_nothing_are_told_apart(standardised: np.ndarray) -> None:
    facts = observe(SPOTIFY["settings_without_effect"](), standardised)
    assert [operation.kind for operation in facts.idle] == ["dropout", "gaussian_noise"]


def test_the_optimizer_in_a_wrapper_of_half_precision_is_the_one_that_was_given() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras.Sequential([layers.Input((4,)), layers.Dense(1)])
        model.compile("adam", "mae")
    finally:
        keras.config.set_dtype_policy("float32")
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    assert compile_facts(model) == CompileFacts("adam", 0.001, "mean_absolute_error")


def test_numbers_of_one_sign_show_no_bend() -> None:
    """Scaled negative numbers look like a leaky relu's: which of the two made them cannot be told, nor need it be."""
    values = -np.linspace(0.1, 3, 20, dtype=np.float32)[:, None]
    assert name_of_values(values, 100 * values) is None
    assert name_of_values(np.append(values, -values, 1), np.append(100 * values, -values, 1)) is not None
