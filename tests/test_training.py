"""The fast loop against `fit`, and the training loss at inference against `evaluate`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dropnorm import quiet

quiet.start()

import keras  # noqa: E402
from keras import Input, Sequential, layers  # noqa: E402

from dropnorm.split import Split  # noqa: E402
from dropnorm.training import LossAtInference, train  # noqa: E402


@pytest.fixture
def split() -> Split:
    """A small noisy regression; 300 rows in steps of 64 leave a last batch of 44."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 8)).astype(np.float32)
    y = (X[:, 0] + np.sin(2 * X[:, 1]) + 0.3 * rng.normal(size=400)).astype(np.float32)
    return Split(X[:300], y[:300], X[300:], y[300:])


def dropout_network() -> keras.Model:
    """As in the Spotify exercise, with seeds of its own in the dropout layers."""
    keras.utils.set_random_seed(0)
    stack = [
        Input((8,)),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.3, seed=11),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.3, seed=12),
        layers.Dense(1),
    ]
    return compiled(stack, "adam")


def normalized_network() -> keras.Model:
    """As in the Concrete exercise, narrower."""
    keras.utils.set_random_seed(0)
    blocks = [layer for _ in range(3) for layer in (layers.Dense(64, activation="relu"), layers.BatchNormalization())]
    return compiled([Input((8,)), layers.BatchNormalization(), *blocks, layers.Dense(1)], "sgd")


def wine_network() -> keras.Model:
    """As in the red-wine lesson, narrower: both layers, momentum lagging behind."""
    keras.utils.set_random_seed(0)
    blocks = [
        layer
        for seed in range(3)
        for layer in (
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3, seed=seed),
            layers.BatchNormalization(),
        )
    ]
    return compiled([Input((8,)), *blocks, layers.Dense(1)], "adam")


def compiled(stack: list, optimizer: str) -> keras.Model:
    model = Sequential(stack)
    model.compile(optimizer=optimizer, loss="mae")
    return model


NETWORKS = [dropout_network, normalized_network, wine_network]


@pytest.mark.parametrize("network", NETWORKS)
def test_the_fast_loop_equals_fit(network: Callable[[], keras.Model], split: Split) -> None:
    quick, stock = network(), network()
    stock.set_weights(quick.get_weights())
    curves = train(quick, split, epochs=4, batch_size=64, seed=0, shuffle=None)
    history = stock.fit(
        split.X_train,
        split.y_train,
        validation_data=(split.X_valid, split.y_valid),
        batch_size=64,
        epochs=4,
        shuffle=False,
        verbose=0,
        callbacks=[LossAtInference(split.X_train, split.y_train)],
    ).history
    np.testing.assert_allclose(curves.loss[0], history["loss"], rtol=1e-4)
    np.testing.assert_allclose(curves.val_loss[0], history["val_loss"], rtol=1e-4)
    np.testing.assert_allclose(curves.loss_at_inference[0], history["loss_at_inference"], rtol=1e-4)
    for mine, theirs in zip(quick.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("batch_size", [32, 4096])
def test_the_loss_at_inference_is_what_evaluate_says(split: Split, batch_size: int) -> None:
    model = wine_network()
    history = model.fit(
        split.X_train,
        split.y_train,
        epochs=2,
        verbose=0,
        callbacks=[LossAtInference(split.X_train, split.y_train, batch_size)],
    ).history
    assert history["loss_at_inference"][-1] == pytest.approx(
        model.evaluate(split.X_train, split.y_train, verbose=0), rel=1e-5
    )
    assert len(history["loss_at_inference"]) == 2


def test_measuring_it_changes_nothing(split: Split) -> None:
    def weights(callbacks: list) -> list[np.ndarray]:
        model = wine_network()
        model.fit(split.X_train, split.y_train, epochs=2, verbose=0, callbacks=callbacks)
        return model.get_weights()

    for watched, alone in zip(weights([LossAtInference(split.X_train, split.y_train)]), weights([]), strict=True):
        np.testing.assert_array_equal(watched, alone)


def orders(train_it: Callable[[keras.Model, Split], object], rows: int = 10) -> list[list[int]]:
    """In which order a training sees its rows, epoch by epoch: a layer without weights writes them down."""
    import tensorflow as tf

    seen: list[int] = []

    class Witness(layers.Layer):
        def call(self, inputs, training=False):
            if training:
                tf.py_function(lambda x: seen.extend(int(value) for value in x[:, 0]), [inputs], [])
            return inputs

    keras.utils.set_random_seed(3)
    model = Sequential([Input((1,)), Witness(), layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mae")
    X = np.arange(rows, dtype=np.float32)[:, None]
    train_it(model, Split(X, X[:, 0], X, X[:, 0]))
    return [seen[start : start + rows] for start in range(0, len(seen), rows)]


def test_a_seeded_fit_repeats_one_order_and_once_does_the_same() -> None:
    def fit(model: keras.Model, split: Split) -> None:
        model.fit(split.X_train, split.y_train, batch_size=4, epochs=3, verbose=0)

    stock = orders(fit)
    assert stock[0] == stock[1] == stock[2] != sorted(stock[0])
    once = orders(lambda model, split: train(model, split, epochs=3, batch_size=4, seed=0))
    assert once[0] == once[1] == once[2] != sorted(once[0])


def test_orders_of_the_fast_loop() -> None:
    anew = orders(lambda model, split: train(model, split, epochs=3, batch_size=4, seed=0, shuffle="each epoch"))
    assert len({tuple(order) for order in anew}) == 3
    assert all(sorted(order) == list(range(10)) for order in anew)
    given = orders(lambda model, split: train(model, split, epochs=2, batch_size=4, seed=0, shuffle=None))
    assert given == [list(range(10))] * 2


def test_the_same_seeds_give_the_same_curves(split: Split) -> None:
    first, second, other = (
        train(wine_network(), split, epochs=3, batch_size=64, seed=seed).val_loss for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_processor_time_is_logged_and_grows(split: Split) -> None:
    curves = train(dropout_network(), split, epochs=5, batch_size=64, seed=0)
    seconds = curves.metrics["cpu_seconds"][0]
    assert seconds.shape == (5,) and (np.diff(seconds) >= 0).all() and seconds[-1] > 0
