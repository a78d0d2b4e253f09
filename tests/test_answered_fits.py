"""`fit` in a kernel that grades: answered where a spec says it all, and plain Keras everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropnorm import quiet

quiet.start()
# ruff: noqa: E402
import keras

from dropnorm.curves import LearningCurves
from dropnorm.lab.live_curves import LiveCurves
from dropnorm.training import LossAtInference, trained_with
from grader.answered_fits import answering
from grader.exercises import exercise
from grader.operations import dense, hidden
from grader.rebuilding import layers_of
from grader.spec import FitSettings, ModelSpec
from grader.trainings import Training

pytestmark = pytest.mark.usefixtures("stand_in")
CONCRETE = exercise("concrete_model")
SMALL = ModelSpec(8, (*hidden(4), dense(1)), CONCRETE.reference.compile)
EPOCHS = 3


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


class Trusted:
    """The other end of a channel: it has trained everything, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ModelSpec] = []

    def ask(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        spec = ModelSpec.from_json(message["spec"])
        self.asked.append(spec)
        return {"trained": True}, training_of(spec).to_bytes()


def training_of(spec: ModelSpec) -> Training:
    """A made-up training: curves that no `fit` gives, and weights that are all 0.5."""
    falling = np.linspace(9, 7, spec.fit.epochs)
    layers = layers_of(spec.build())
    weights = tuple({each.name: np.full(each.shape, 0.5, np.float32) for each in layer.weights} for layer in layers)
    return Training((LearningCurves(falling, falling + 1, falling - 1, seeds=(0,)),), weights)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trusted]:
    there = Trusted()
    monkeypatch.setattr(keras.Model, "fit", answering(keras.Model.fit, there))
    return there


def fit(model: keras.Model, **changed: Any) -> keras.callbacks.History:
    data = CONCRETE.data()
    given = {
        "x": data.X_train,
        "y": data.y_train,
        "validation_data": (data.X_valid, data.y_valid),
        "batch_size": 64,
        "epochs": EPOCHS,
        "verbose": 0,
    }
    return model.fit(**given | changed)


def functional() -> keras.Model:
    inputs = keras.Input((8,))
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Dense(4, activation="relu")(inputs)))
    model.compile("sgd", "mae")
    return model


class Net(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.out, self.hidden = keras.layers.Dense(1), keras.layers.Dense(4)  # not in the order of their calls

    def call(self, x: Any) -> Any:
        return self.out(keras.activations.relu(self.hidden(x)))


def subclassed() -> keras.Model:
    model = Net()
    model.compile("sgd", "mae")
    return model


@pytest.mark.parametrize("made", [SMALL.build, functional, subclassed])
def test_a_fresh_model_gets_the_curves_and_the_weights(trusted: Trusted, made: Callable[[], keras.Model]) -> None:
    model, data = made(), CONCRETE.data()
    history = fit(model, callbacks=[LossAtInference(data.X_train, data.y_train), LiveCurves()])
    assert trusted.asked == [replace(SMALL, fit=FitSettings(EPOCHS, 64))]
    assert history.history == {"loss": [9, 8, 7], "val_loss": [10, 9, 8], "loss_at_inference": [8, 7, 6]}
    assert history.epoch == [0, 1, 2] and history.params["steps"] == 12 and history.model is model
    assert all((np.array(each) == 0.5).all() for each in model.get_weights())
    assert int(model.optimizer.iterations) == 12 * EPOCHS


def test_callbacks_that_look_on_are_told_of_each_epoch(trusted: Trusted, tmp_path) -> None:
    fit(SMALL.build(), callbacks=[keras.callbacks.CSVLogger(tmp_path / "log.csv")])
    told = (tmp_path / "log.csv").read_text().splitlines()
    assert told == [
        "epoch,loss,val_loss",
        "0,9.0,10.0",
        "1,8.0,9.0",
        "2,7.0,8.0",
    ]


class Watching(keras.callbacks.Callback):
    """Might do anything."""


class EpochProgress(keras.callbacks.Callback):
    """As well, though it has the name of one of the course's."""


@pytest.mark.parametrize(
    "changed",
    [
        {"callbacks": [Watching()]},
        {"callbacks": [EpochProgress()]},
        {"callbacks": [keras.callbacks.EarlyStopping()]},
        {"shuffle": False},
        {"initial_epoch": 1},
        {"validation_data": None, "validation_split": 0.2},
        {"class_weight": {0: 1.0}},
        {"validation_freq": 2},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_changes_a_training_is_trained_in_the_kernel(trusted: Trusted, changed: dict[str, Any]) -> None:
    history = fit(SMALL.build(), **changed)
    assert not trusted.asked and history.history["loss"][0] not in (9, 8, 7)


def test_other_data_are_trained_on_in_the_kernel(trusted: Trusted) -> None:
    data = CONCRETE.data()
    fit(SMALL.build(), x=data.X_train / 100)
    fit(SMALL.build(), x=data.X_train[:-1], y=data.y_train[:-1])
    fit(SMALL.build(), validation_data=(data.X_train, data.y_train))
    assert not trusted.asked


def test_metrics_are_measured_in_the_kernel(trusted: Trusted) -> None:
    model = functional()
    model.compile("sgd", "mae", metrics=["mse"])
    assert "val_mse" in fit(model).history and not trusted.asked


def test_a_second_training_goes_on_in_the_kernel(trusted: Trusted) -> None:
    model = SMALL.build()
    fit(model)
    weights = model.get_weights()
    assert len(fit(model, epochs=1).epoch) == 1 and len(trusted.asked) == 1
    assert not all((old == new).all() for old, new in zip(weights, model.get_weights(), strict=True))


class Times(keras.layers.Layer):
    def build(self, shape: tuple[int, ...]) -> None:
        self.factor = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x: Any) -> Any:
        return self.factor * x


def test_a_layer_of_ones_own_is_trained_in_the_kernel(trusted: Trusted) -> None:
    model = keras.Sequential([keras.Input((8,)), Times(), keras.layers.Dense(1)])
    model.compile("sgd", "mae")
    assert len(fit(model).epoch) == EPOCHS and fit(model).history["loss"][0] != 9


def test_weights_that_do_not_fit_are_not_taken(trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(SMALL, operations=(*hidden(5), dense(1)))
    of_another, answer = training_of(replace(other, fit=FitSettings(3, 64))).to_bytes(), Trusted.ask
    monkeypatch.setattr(Trusted, "ask", lambda self, message: (answer(self, message)[0], of_another))
    history = fit(SMALL.build())
    assert len(trusted.asked) == 1 and history.history["loss"] != [9, 8, 7]


def test_a_refusal_or_a_closed_channel_costs_only_time(trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.channel import ChannelError

    def closed(self: Trusted, message: dict[str, Any]) -> Any:
        raise ChannelError("The other end of the channel is closed.")

    for answer in (lambda self, message: ({"trained": False}, b""), closed):
        monkeypatch.setattr(Trusted, "ask", answer)
        assert len(fit(SMALL.build()).epoch) == EPOCHS


def test_what_is_wrong_with_a_call_keras_says_itself(trusted: Trusted) -> None:
    with pytest.raises(TypeError, match="epoch"):
        fit(SMALL.build(), epoch=3)
    with pytest.raises(ValueError, match="compile"):
        fit(keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)]))
    assert not trusted.asked


def test_a_training_after_a_new_compile_goes_on_in_the_kernel(trusted: Trusted) -> None:
    """The optimizer counts from 0 again; the weights are what the first training left."""
    model, data = SMALL.build(), CONCRETE.data()
    noted = {"callbacks": [LossAtInference(data.X_train, data.y_train)]}
    fit(model, **noted)
    model.compile(keras.optimizers.SGD(0.001), "mae")
    assert fit(model, **noted).history["loss"][0] != 9 and len(trusted.asked) == 1
    assert trained_with(model) == ["sgd at the learning rate 0.01", "sgd at the learning rate 0.001"]


def test_a_penalty_on_the_weights_stands_in_the_losses_as_fit_logs_them(trusted: Trusted) -> None:
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, kernel_regularizer="l2")])
    model.compile("sgd", "mae")
    history = fit(model)
    assert len(trusted.asked) == 1
    assert history.history["val_loss"] == pytest.approx([10 + 0.01 * 8 * 0.25, 9.02, 8.02])


def test_a_penalty_on_outputs_is_left_to_the_kernel(trusted: Trusted) -> None:
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activity_regularizer="l2")])
    model.compile("sgd", "mae")
    assert len(fit(model).epoch) == EPOCHS and not trusted.asked
