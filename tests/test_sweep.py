"""The engine of the sweep against Keras: the same initial weights, masks and order give the same steps and curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dropnorm import quiet

quiet.start()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from dropnorm.split import Split, split  # noqa: E402
from dropnorm.sweep import runs  # noqa: E402
from dropnorm.sweep.masks import STEPS, MaskStream  # noqa: E402
from dropnorm.sweep.plan import BatchNorm, Dense, Dropout, Plan, Relu  # noqa: E402


def blocks(*block, first=(), count=3):
    return (*first, *block * count, Dense(1))


NUDGES = 8  # so many times Keras is nudged where the engine leaves it
PLANS = {
    "neither": Plan(blocks(Dense(32), Relu())),
    "dropout": Plan(blocks(Dense(32), Relu(), Dropout(0.3))),
    "batch normalization after": Plan(blocks(Dense(32), Relu(), Dropout(0.3), BatchNorm())),
    "batch normalization before the activation": Plan(blocks(Dense(32), BatchNorm(), Relu(), Dropout(0.5))),
    "the conventional block": Plan(blocks(Dense(32, use_bias=False), BatchNorm(), Relu())),
    "without bias behind batch normalization": Plan(blocks(BatchNorm(), Dense(32, use_bias=False), Relu())),
    "batch normalization first": Plan(blocks(Dense(32), Relu(), Dropout(0.9), first=(BatchNorm(),))),
    "before every Dense, sgd": Plan((*blocks(BatchNorm(), Dense(32), Relu())[:-1], BatchNorm(), Dense(1)), "sgd"),
    "batch normalization of many more inputs than rows, sgd": Plan(
        blocks(BatchNorm(), Dense(200), Relu(), count=2), "sgd", batch_size=32, learning_rate=0.001
    ),
    "dropout on the output": Plan((*blocks(Dense(32), Relu(), Dropout(0.3)), Dropout(0.3))),
    "batch normalization behind the output": Plan((*blocks(BatchNorm(), Dense(32), Relu()), BatchNorm())),
    "relu on the output, without bias": Plan((Dense(32), Relu(), Dense(1, use_bias=False), Relu())),
    "dropout on the inputs, sgd": Plan(
        blocks(Dense(32), Relu(), BatchNorm(), Dropout(0.2), first=(Dropout(0.1),)), "sgd", learning_rate=0.003
    ),
}


@keras.saving.register_keras_serializable("tests")
class GivenMask(keras.layers.Layer):
    """Dropout whose masks are the engine's."""

    def __init__(self, stream: MaskStream, rate: float, **kwargs) -> None:
        super().__init__(**kwargs)
        self.stream, self.rate = stream, rate

    def call(self, inputs, training=False):
        if not training:
            return inputs
        kept = tf.numpy_function(lambda shape: self.stream.draw(tuple(shape)).copy(), [tf.shape(inputs)], tf.bool)
        kept.set_shape(inputs.shape)
        return tf.where(kept, inputs / (1 - self.rate), tf.zeros_like(inputs))


def in_keras(plan: Plan, network: runs.Network, features: int, dtype: str) -> keras.Model:
    """The plan as a Keras model of that precision, with the network's weights and masks."""
    stack, place, after_relu = [], 0, False
    for layer in plan.layers:
        if isinstance(layer, Dropout):
            place += 0 if after_relu else 1
            stack.append(GivenMask(MaskStream(plan.seed, place - 1, layer.rate), layer.rate, dtype=dtype))
        elif isinstance(layer, Dense):
            stack.append(keras.layers.Dense(layer.units, use_bias=layer.use_bias, dtype=dtype))
        elif isinstance(layer, BatchNorm):
            stack.append(keras.layers.BatchNormalization(dtype=dtype))
        else:
            place += 1
            stack.append(keras.layers.Activation("relu", dtype=dtype))
        after_relu = isinstance(layer, Relu)
    model = keras.Sequential([keras.Input((features,), dtype=dtype), *stack])
    optimizer = (keras.optimizers.Adam if plan.optimizer == "adam" else keras.optimizers.SGD)(
        *([] if plan.learning_rate is None else [plan.learning_rate])
    )
    model.compile(optimizer, "mae")
    for variable, values in zip(model.trainable_variables, network.arrays, strict=True):
        assert variable.dtype == dtype
        variable.assign(values)
    return model


def trained_by_keras(
    plan: Plan, data: Split, epochs: int, dtype: str, nudged: int | None = None
) -> tuple[np.ndarray, keras.Model]:
    """Per epoch the logged loss, the loss at inference and the validation loss, ``(epochs, 3)``.

    With a seed in ``nudged``, each weight begins by its last digit more or less than the plan's.
    """
    features = data.X_train.shape[1]
    model = in_keras(plan, runs.Network(plan, features, dtype), features, dtype)
    if nudged is not None:
        signs = np.random.default_rng(nudged)
        for variable in model.trainable_variables:
            variable.assign(variable * (1 + 1e-7 * signs.choice([-1, 1], variable.shape)))
    model.optimizer.build(model.trainable_variables)
    X, y = data.X_train.astype(dtype), data.y_train.astype(dtype).reshape(-1, 1)
    X_valid, y_valid = data.X_valid.astype(dtype), data.y_valid.astype(dtype).reshape(-1, 1)

    @tf.function(reduce_retracing=True)
    def step(X_batch, y_batch):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(y_batch - model(X_batch, training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply(gradients, model.trainable_variables)
        return loss

    curves = []
    for _, order in zip(range(epochs), runs.orders(plan, len(X)), strict=False):
        total = 0.0
        for start in range(0, len(X), plan.batch_size):
            chosen = order[start : start + plan.batch_size]
            total += float(step(tf.constant(X[chosen]), tf.constant(y[chosen]))) * len(chosen)
        losses = (
            float(tf.reduce_mean(tf.abs(targets - model(rows, training=False))))
            for rows, targets in ((X, y), (X_valid, y_valid))
        )
        curves.append((total / len(X), *losses))
    return np.array(curves), model


def by_engine(plan: Plan, data: Split, epochs: int, dtype: str) -> np.ndarray:
    curves = runs.run(replace(plan, epochs=epochs), data, dtype)
    return np.stack([curves.loss[0], curves.loss_at_inference[0], curves.val_loss[0]], axis=1)


@pytest.fixture(scope="module")
def wine() -> Split:
    return split("red-wine", "raw")


@pytest.fixture(scope="module")
def scaled_wine() -> Split:
    return split("red-wine", "standardised")


@pytest.mark.parametrize("name", PLANS)
def test_one_step_moves_the_weights_as_keras_moves_them(name, scaled_wine):
    plan = PLANS[name]
    # About their mean: where every prediction is too low, all rows pull alike, and behind batch normalization the
    # gradient of all but the last bias is zero.
    targets = scaled_wine.y_train[: plan.batch_size] - scaled_wine.y_train.mean()
    part = Split(scaled_wine.X_train[: plan.batch_size], targets, scaled_wine.X_valid, scaled_wine.y_valid)
    network = runs.Network(plan, part.X_train.shape[1])
    before = network.weights.copy()
    _, model = trained_by_keras(plan, part, 1, "float32")
    order = next(runs.orders(plan, plan.batch_size))
    network.step(part.X_train[order], part.y_train[order].reshape(-1, 1))
    # Adam divides each gradient by its own size: one that is nothing but rounding (a bias before batch normalization
    # has a gradient of zero) moves its weight by a whole step in a direction of chance, in Keras as here.
    told = (np.abs(network.gradients) > 1e-5) | (plan.optimizer == "sgd")
    runs.optimizer_of(plan).apply(network.weights, network.gradients)
    theirs = np.concatenate([np.ravel(variable.numpy()) for variable in model.trainable_variables])
    assert told.mean() > 0.4  # dropout of 0.9 leaves some units without a gradient
    assert np.abs(theirs - before).max() > 1e-4
    np.testing.assert_allclose(network.weights[told], theirs[told], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", PLANS)
def test_float32_follows_keras_until_chaos_begins(name, wine, scaled_wine):
    """On raw wine, batch normalization behind dropout is chaos from the start: Keras, its weights nudged by 1e-7,
    differs from itself by 1e-3 within ten epochs. There distributions are compared, below.

    Elsewhere, too, a prediction may fall on its target, or a unit on zero, to the last digit: which way it goes then is
    the processor's, and Keras, nudged, goes the other way as well.
    """
    plan = PLANS[name]
    for data in (scaled_wine,) if name == "batch normalization after" else (scaled_wine, wine):
        keras_curves, _ = trained_by_keras(plan, data, 10, "float32")
        ours = by_engine(plan, data, 10, "float32")
        difference = np.abs(ours - keras_curves) / np.maximum(1.0, np.abs(keras_curves))
        allowed = 1e-5
        if difference[:, 0].max() > allowed:
            nudged = [trained_by_keras(plan, data, 10, "float32", seed)[0] for seed in range(NUDGES)]
            allowed = 2 * max(np.abs(each - keras_curves)[:, 0].max() for each in nudged)
        assert difference[:, 0].max() <= allowed, (difference[:, 0], allowed)
        assert difference[:5, 1:].max() <= 1e-3, difference[:5]


@pytest.mark.parametrize("name", PLANS)
def test_float64_follows_keras_for_fifteen_epochs(name, wine):
    plan = PLANS[name]
    keras_curves, _ = trained_by_keras(plan, wine, 15, "float64")
    ours = by_engine(plan, wine, 15, "float64")
    np.testing.assert_allclose(ours, keras_curves, rtol=1e-8, atol=0)


def test_many_more_inputs_than_rows_are_scaled_by_rows_and_fewer_by_weights():
    """Two ways to the same numbers, above; each where it takes less time."""
    layers = {
        name: [type(layer).__name__ for layer in runs.Network(PLANS[name], 11).layers]
        for name in ("before every Dense, sgd", "batch normalization of many more inputs than rows, sgd")
    }
    few, many = layers.values()
    assert "BatchNorm" not in few and many.count("BatchNorm") == 1 and "NormalizedDense" in many


def test_the_same_plan_gives_the_same_bits(wine):
    plan = PLANS["batch normalization after"]
    first, second = by_engine(plan, wine, 20, "float32"), by_engine(plan, wine, 20, "float32")
    assert first.tobytes() == second.tobytes()
    assert first.tobytes() != by_engine(replace(plan, seed=1), wine, 20, "float32").tobytes()


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.9])
def test_masks_drop_the_share_that_the_rate_names_anew_at_each_draw(rate):
    stream = MaskStream(3, 0, rate)
    first, second = (stream.draw((400, 500)).copy() for _ in range(2))
    assert abs((~first).mean() - rate) < 4 * np.sqrt(rate * (1 - rate) / first.size) + 1 / STEPS
    assert (first == second).mean() < 1 - 1.8 * rate * (1 - rate)
    assert (first[0] != first[1]).any()


def test_a_higher_rate_drops_what_a_lower_one_drops_and_more():
    low, high = MaskStream(3, 1, 0.2).draw((50, 60)), MaskStream(3, 1, 0.6).draw((50, 60))
    assert not (high & ~low).any()


def test_inference_leaves_the_data_and_the_averages_alone(wine):
    network = runs.Network(PLANS["batch normalization first"], wine.X_train.shape[1])
    X, y = wine.X_train.copy(), wine.y_train.reshape(-1, 1)
    first = network.losses((X, y))
    assert network.losses((X, y)) == first
    np.testing.assert_array_equal(X, wine.X_train)


def test_what_is_no_plan_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="last Dense has one unit"):
        Plan((Dense(32), Relu()))
    with pytest.raises(ValueError, match="below 1"):
        Plan((Dense(4), Relu(), Dropout(30), Dense(1)))
    with pytest.raises(ValueError, match="'rmsprop'"):
        Plan((Dense(1),), "rmsprop")
