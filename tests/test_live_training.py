"""The live training: the same masks as Keras' Dropout, a rate that moves under way, a stop, and nobody disturbed."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dropnorm import quiet

quiet.start()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from dropnorm.lab import live_model  # noqa: E402
from dropnorm.lab.live_model import LiveDropout  # noqa: E402
from dropnorm.lab.live_training import LiveTraining  # noqa: E402
from dropnorm.split import Split  # noqa: E402
from dropnorm.sweep import BatchNorm, Dense, Dropout, Plan, Relu, run  # noqa: E402

PATIENCE = 120  # seconds until a test gives up


def small_plan(rate: float, epochs: int = 6) -> Plan:
    dropout = (Dropout(rate),) if rate else ()
    return Plan((Dense(16), Relu(), *dropout, BatchNorm(), Dense(1)), epochs=epochs, batch_size=32, seed=3)


@pytest.fixture(scope="module")
def data() -> Split:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(160, 5)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] + generator.normal(size=160) / 10).astype(np.float32)
    return Split(X[:112], y[:112], X[112:], y[112:])


class Listener:
    """What a training tells; `at(epoch)` can be given something to do when an epoch is reached."""

    def __init__(self) -> None:
        self.progress, self.failure, self.over = [], "not ended", threading.Event()
        self.then = {}

    def epoch(self, progress) -> None:
        self.progress.append(progress)
        self.then.get(progress.epochs, lambda: None)()

    def ended(self, failure) -> None:
        self.failure = failure
        self.over.set()


def trained(plan: Plan, data: Split, then=None) -> tuple[LiveTraining, Listener]:
    listener = Listener()
    training = LiveTraining(plan, data, listener.epoch, listener.ended)
    listener.then = {epoch: (lambda act=act: act(training)) for epoch, act in (then or {}).items()}
    training.start()
    assert listener.over.wait(PATIENCE) and training.wait(PATIENCE)
    return training, listener


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
def test_while_the_rate_stays_the_masks_are_those_of_keras(rate):
    ones = tf.ones((40, 30))
    ours, theirs = LiveDropout(rate, seed=7), keras.layers.Dropout(rate, seed=7)
    for _ in range(3):
        np.testing.assert_array_equal(ours(ones, training=True), theirs(ones, training=True))
    np.testing.assert_array_equal(ours(ones, training=False), ones)
    assert [np.asarray(each).tolist() for each in ours.get_weights()] == [
        np.asarray(each).tolist() for each in theirs.get_weights()
    ]


def test_it_is_rebuilt_from_its_configuration():
    again = LiveDropout.from_config(LiveDropout(0.25, seed=7).get_config())
    assert (again.rate, again.seed) == (0.25, 7)


@pytest.mark.parametrize("first, then", [(0.0, 0.8), (0.2, 0.8), (0.8, 0.0)])
def test_a_move_is_in_force_within_two_steps_of_the_running_training(first, then, data, monkeypatch):
    """Counts the zeros that the running training itself makes, step by step."""
    shares = []

    class Counted(LiveDropout):
        def call(self, inputs, training=False):
            outputs = super().call(inputs + 1.0, training)  # relu's own zeros are not to be counted
            if training:
                tf.numpy_function(lambda values: shares.append(float((values == 0).mean())), [outputs], [])
            return outputs

    monkeypatch.setattr(live_model, "LiveDropout", Counted)
    at = {}

    def move(training: LiveTraining) -> None:
        at["steps"] = len(shares)
        training.move(then)

    _, listener = trained(small_plan(first), data, {3: move})
    assert listener.failure is None
    assert np.abs(np.array(shares[: at["steps"]]) - first).max() < 0.15
    assert np.abs(np.array(shares[at["steps"] + 2 :]) - then).max() < 0.15
    changes = listener.progress[-1].changes
    assert [change.rate for change in changes] == [then] and 3 <= changes[0].epochs <= 3.5


def test_its_first_epoch_is_that_of_the_sweep(data):
    plan = small_plan(0.0, epochs=3)
    _, listener = trained(plan, data)
    swept = run(plan, data)
    np.testing.assert_allclose(listener.progress[-1].curves.val_loss, swept.val_loss, rtol=1e-4)
    np.testing.assert_allclose(listener.progress[-1].curves.loss, swept.loss, rtol=1e-4)


def test_stop_ends_it_and_no_thread_is_left(data):
    threads = threading.active_count()
    training, listener = trained(small_plan(0.3, epochs=100_000), data, {2: LiveTraining.stop})
    assert listener.failure is None
    assert len(listener.progress) == 2
    assert not training.running and threading.active_count() <= threads


def test_what_goes_wrong_in_the_thread_is_said(data):
    broken = Split(data.X_train, data.y_train[:5], data.X_valid, data.y_valid)
    listener = Listener()
    training = LiveTraining(small_plan(0.3), broken, listener.epoch, listener.ended)
    training.start()
    assert listener.over.wait(PATIENCE)
    assert listener.failure.startswith("The live training failed: ")


def learners_fit(data: Split, epochs: int = 12) -> bytes:
    keras.utils.set_random_seed(11)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(16, "relu"),
            keras.layers.Dropout(0.3),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("adam", "mae")
    model.fit(data.X_train, data.y_train, epochs=epochs, batch_size=32, verbose=0)
    return b"".join(weights.tobytes() for weights in model.get_weights())


def test_a_learners_fit_beside_it_changes_neither(data):
    plan = small_plan(0.3, epochs=15)
    alone, alone_live = learners_fit(data), trained(plan, data)[1].progress[-1].curves
    listener = Listener()
    training = LiveTraining(plan, data, listener.epoch, listener.ended)
    training.start()
    beside = learners_fit(data)
    keras.backend.clear_session()
    assert listener.over.wait(PATIENCE) and listener.failure is None
    assert beside == alone
    live = listener.progress[-1].curves
    assert live.val_loss.tobytes() == alone_live.val_loss.tobytes()
    assert live.loss.tobytes() == alone_live.loss.tobytes()
