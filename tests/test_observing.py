"""Observing a model disturbs nothing, and what cannot be observed gets one sentence."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from spellings import CONCRETE, CONCRETE_INPUTS, SPOTIFY, SPOTIFY_INPUTS

from grader.facts import ObservationError
from grader.tracing import observe

STANDARDISED = np.random.default_rng(0).normal(size=(300, SPOTIFY_INPUTS)).astype(np.float32)
RAW = np.random.default_rng(0).uniform(0, 500, (300, CONCRETE_INPUTS)).astype(np.float32)


def sequential(*steps: layers.Layer) -> keras.Model:
    return keras.Sequential([layers.Input((SPOTIFY_INPUTS,)), *steps])


class Torn(keras.Model):
    """Prints, warns, draws from every stream, and fails for some inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.dense, self.norm, self.dropout = layers.Dense(4), layers.BatchNormalization(), layers.Dropout(0.5, seed=1)

    def call(self, inputs: Any, training: bool = False) -> Any:
        import sys
        import warnings

        print("printed")
        print("complained", file=sys.stderr)
        warnings.warn("warned", stacklevel=1)
        noise = random.random() + np.random.rand() + keras.random.uniform(())
        if hasattr(inputs, "numpy") and (np.asarray(inputs) < 0).any():
            raise RuntimeError("no negative features, please")
        return self.dropout(self.norm(self.dense(inputs), training=True), training=True) + 0 * noise


def test_everything_is_left_as_it_was_and_nothing_is_printed(capfd: Any, recwarn: Any) -> None:
    keras.utils.set_random_seed(1)
    model = Torn()
    model.compile(keras.optimizers.Adam(), "mae")
    model.fit(RAW, RAW[:, :1], epochs=1, verbose=0)
    capfd.readouterr()
    recwarn.clear()

    def state() -> list[Any]:
        variables = [np.array(variable.numpy()) for variable in (*model.variables, *model.optimizer.variables)]
        return [*variables, random.getstate(), np.random.get_state()[1].copy(), np.random.get_state()[2]]

    before, call = state(), keras.Operation.__call__
    facts = observe(model, RAW)
    after = state()
    assert len(before) == len(after) and all(np.array_equal(a, b) for a, b in zip(before[:-3], after[:-3], strict=True))
    assert before[-3] == after[-3] and np.array_equal(before[-2], after[-2]) and before[-1] == after[-1]
    first = float(keras.random.uniform(()))
    assert capfd.readouterr() == ("", "") and [str(warning) for warning in recwarn.list] == []
    assert keras.Operation.__call__ is call and not tf.config.functions_run_eagerly()
    assert [operation.kind for operation in facts.operations][:2] == ["dense", "batch_normalization"]
    keras.utils.set_random_seed(1)
    again = Torn()
    again.compile(keras.optimizers.Adam(), "mae")
    again.fit(RAW, RAW[:, :1], epochs=1, verbose=0)
    assert float(keras.random.uniform(())) == first  # no draw of Keras' global stream was used up in between


def test_what_raises_leaves_keras_as_it_was() -> None:
    call = keras.Operation.__call__
    model = sequential(layers.Dense(1))
    broken = keras.Sequential([model, layers.Lambda(lambda x: tf.reshape(x, (7, 7)))])
    with pytest.raises(ObservationError):
        observe(broken, np.zeros((10, SPOTIFY_INPUTS), np.float32))
    assert keras.Operation.__call__ is call and not tf.config.functions_run_eagerly()


def test_an_unbuilt_sequential_stays_unbuilt() -> None:
    model = SPOTIFY["unbuilt_until_fit"]()
    observe(model, STANDARDISED)
    assert not model.built
    model.fit(np.zeros((4, 5)), np.zeros(4), verbose=0)  # of another width, as it was free to be


def test_only_the_own_thread_is_noted() -> None:
    """Another thread calls its model in the very moment in which this one is observed."""
    other = sequential(layers.Dense(5, name="elsewhere"))
    outcomes: list[Any] = []

    class Meeting(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            x = self.dense(inputs)
            thread = threading.Thread(target=lambda: outcomes.append(other(STANDARDISED)))
            thread.start()
            thread.join()
            return x

    facts = observe(Meeting(), STANDARDISED)
    assert [operation.settings.get("units") for operation in facts.operations] == [3] and outcomes


class FakeNet:
    """What stands in for another library's model: only its module's name matters."""


FakeNet.__module__ = "torch.nn.modules"


@pytest.mark.parametrize(
    ("make", "reason", "words"),
    [
        (lambda: None, "nothing", "None"),
        (lambda: keras.Sequential, "a_class", "Sequential"),
        (lambda: [SPOTIFY["sequential_list"]()], "in_a_list", "with a model in it"),
        (lambda: {"model": 3}, "not_a_model", "a dict, which is no Keras model"),
        (lambda: [layers.Dense(1)], "list_of_layers", "a list of layers"),
        (lambda: 3, "not_a_model", "an int, which"),
        (lambda: FakeNet(), "other_library", "PyTorch"),
        (lambda: type("Mine", (FakeNet,), {})(), "other_library", "PyTorch"),
        (lambda: "model", "not_a_model", "str"),
        (lambda: layers.Dense(1), "layer_for_model", "single layer"),
        (lambda: keras.Input((3,)), "output_for_model", "output of a layer"),
        (lambda: keras.callbacks.History(), "history_for_model", "History"),
        (lambda: tf.zeros(3), "not_a_model", "Tensor"),
        (lambda: keras.Sequential(), "no_layers", "no layers"),
        (lambda: keras.Sequential([keras.Input((18,))]), "no_layers", "no layers"),
        (lambda: CONCRETE["sequential_list"](), "other_width", "8 inputs"),
        (lambda: CONCRETE["functional"](), "other_width", "8 inputs"),
        (lambda: built_for(12), "other_width", "12 inputs"),
        (lambda: keras.Sequential([keras.Input((300, 18)), layers.Dense(1)]), "other_input_shape", "shape .300, 18."),
        (lambda: type("Net", (keras.Model,), {"forward": abs})(), "raises", "call"),
        (lambda: sequential(layers.Lambda(lambda x: x @ tf.zeros((3, 3)))), "raises", "Error"),
    ],
)
def test_what_is_no_model_is_named(make: Callable[[], Any], reason: str, words: str) -> None:
    with pytest.raises(ObservationError, match=words) as caught:
        try:
            model = make()
        except ValueError:  # Keras itself may refuse to build it
            pytest.fail("the model was to be made")
        observe(model, STANDARDISED)
    assert caught.value.reason == reason
    assert "\n" not in str(caught.value) and str(caught.value).endswith((".", "?"))
    assert "`mine`" in caught.value.told_of("mine") or reason == "no_super"


def built_for(width: int) -> keras.Model:
    """A subclassed model whose layers were built for another width."""
    model = SPOTIFY["subclass"]()
    model(np.zeros((1, width)))
    return model


def test_rows_are_rows() -> None:
    with pytest.raises(ValueError, match="rows of features"):
        observe(SPOTIFY["sequential_list"](), STANDARDISED[0])


def test_widths() -> None:
    with pytest.raises(ObservationError) as caught:
        observe(built_for(12), STANDARDISED)
    assert caught.value.details == {"expected": 12, "got": SPOTIFY_INPUTS}
    assert observe(CONCRETE["sequential_list"](), RAW).inputs == CONCRETE_INPUTS
