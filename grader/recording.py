"""Recording which layers a model calls, on which tensors, and leaving the model as it was found.

A model's code may call its layers in any way; what it does shows in the calls. While a `Recorder` is active,
``keras.Operation.__call__`` (which every layer's call goes through, after Keras has settled the ``training``
argument) is replaced by a wrapper that notes them. Only the recording thread is noted; others pass straight through.
"""

from __future__ import annotations

import inspect
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Keras' unseeded random operations draw from this attribute; there is no public way to read it.
from keras.src.backend.common import global_state

from grader.layer_settings import built_in_base, built_in_class

# Layers that pass their input to a function without weights: what they do is told by values, like a plain function's.
SCALINGS = (keras.layers.Rescaling, keras.layers.Normalization)
TRANSPARENT = (keras.layers.Lambda, keras.layers.Identity, *SCALINGS)
ABSURD = 1e12  # nothing that still computes something is larger: not even the variance of a feature in the millions


@dataclass(eq=False)
class Call:
    """One call of a built-in layer.

    Attributes:
        layer: the layer; ``cls`` the built-in class whose computation it did.
        inputs: the tensors that went in; ``outputs`` those that came out.
        training: the ``training`` that it was told, None where it takes none.
        moved: for batch normalization, whether the call moved its moving averages.
    """

    layer: Any
    cls: type
    inputs: list[Any]
    outputs: list[Any]
    training: bool | None
    moved: bool = False


@dataclass(eq=False)
class Recorder:
    """What one run of a model called.

    Attributes:
        originals: the values of all variables seen, as they were before; shared by the runs of one observation.
        calls: the calls of built-in layers, in order.
        insides: the layers of one's own (and Lambda) with the tensors that they returned.
    """

    originals: dict[int, tuple[Any, np.ndarray]]
    calls: list[Call] = field(default_factory=list)
    insides: list[tuple[Any, list[Any]]] = field(default_factory=list)
    _within: bool = False

    def remember(self, variables: list[Any]) -> None:
        """Note the values of variables that were not noted before.

        After a training that diverged, weights are not finite and every function of them looks the same: such
        variables get stand-ins until `restore`.
        """
        for variable in variables:
            if id(variable) in self.originals:
                continue
            value = np.array(variable.numpy())
            self.originals[id(variable)] = (variable, value)
            if value.dtype.kind == "f" and not _sane(value):
                variable.assign(_stand_in(value))

    def note(self, original: Any, operation: Any, args: tuple, kwargs: dict) -> Any:
        """Call ``operation`` as Keras would, and note the call."""
        inputs = _tensors((args, kwargs))
        if not inputs or not isinstance(operation, keras.layers.Layer):
            return original(operation, *args, **kwargs)
        self.remember(operation.variables)
        if self._within:
            return original(operation, *args, **kwargs)
        cls = built_in_class(operation)
        if cls is None or issubclass(cls, TRANSPARENT):
            with self._parent_noted(operation):
                outputs = original(operation, *args, **kwargs)
            self.insides.append((operation, _tensors(outputs)))
            return outputs
        return self._leaf(operation, cls, lambda: original(operation, *args, **kwargs), inputs, kwargs.get("training"))

    def _leaf(self, layer: Any, cls: type, call: Any, inputs: list[Any], training: bool | None) -> Any:
        before = _averages(layer)
        self._within = True
        try:
            outputs = call()
        finally:
            self._within = False
        # A layer that does nothing returns its input itself; a copy tells the two apart.
        if any(output is given for output in _tensors(outputs) for given in inputs):
            outputs = keras.tree.map_structure(_copy, outputs)
        moved = any(not np.array_equal(a, b) for a, b in zip(before, _averages(layer), strict=True))
        self.calls.append(Call(layer, cls, inputs, _tensors(outputs), training, moved))
        return outputs

    @contextmanager
    def _parent_noted(self, layer: Any) -> Iterator[None]:
        """Note a call of the built-in parent's ``call`` from an overridden one: ``super().call(x, training=True)``."""
        base = built_in_base(layer)
        if base is None or issubclass(base, TRANSPARENT):
            yield
            return
        original, owned = base.call, "call" in vars(base)

        def noted(this: Any, *args: Any, **kwargs: Any) -> Any:
            inputs = _tensors((args, kwargs))
            if this is not layer or self._within or not inputs:
                return original(this, *args, **kwargs)
            arguments = inspect.signature(original).bind(this, *args, **kwargs).arguments
            told = arguments.get("training")
            return self._leaf(this, base, lambda: original(this, *args, **kwargs), inputs, told)

        base.call = noted
        try:
            yield
        finally:
            if owned:
                base.call = original
            else:
                del base.call


def restore(originals: dict[int, tuple[Any, np.ndarray]]) -> None:
    """Give every variable the value that it had."""
    for variable, value in originals.values():
        if not np.array_equal(variable.numpy(), value, equal_nan=value.dtype.kind == "f"):
            variable.assign(value)


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Let ``recorder`` note the layer calls of this thread. The caller sees to it that there is one at a time."""
    original, thread = keras.Operation.__call__, threading.get_ident()

    def noted(operation: Any, *args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != thread:
            return original(operation, *args, **kwargs)
        return recorder.note(original, operation, args, kwargs)

    keras.Operation.__call__ = noted
    try:
        yield recorder
    finally:
        keras.Operation.__call__ = original


@contextmanager
def as_found() -> Iterator[None]:
    """Leave the random streams of Python, NumPy and Keras, and TensorFlow's way of running functions, as they were."""
    eagerly = tf.config.functions_run_eagerly()
    states = random.getstate(), np.random.get_state()
    generator = global_state.get_global_attribute("global_seed_generator")
    state = None if generator is None else np.array(generator.state.numpy())
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(eagerly)
        random.setstate(states[0])
        np.random.set_state(states[1])
        if generator is None:
            global_state.set_global_attribute("global_seed_generator", None)
        else:
            generator.state.assign(state)


def _tensors(structure: Any) -> list[Any]:
    """The tensors with values in a structure (those of a graph under construction have none)."""
    return [item for item in keras.tree.flatten(structure) if tf.is_tensor(item) and hasattr(item, "numpy")]


def _averages(layer: Any) -> list[np.ndarray]:
    names = ("moving_mean", "moving_variance")
    return [np.array(value.numpy()) for name in names if (value := getattr(layer, name, None)) is not None]


def _sane(value: np.ndarray) -> bool:
    return bool(np.isfinite(value).all()) and np.abs(value).max(initial=0.0) <= ABSURD


def _stand_in(value: np.ndarray) -> np.ndarray:
    """Weights as an initializer could have drawn them, or ones for a vector."""
    if value.ndim < 2:
        return np.ones_like(value)
    return (np.random.default_rng(0).normal(size=value.shape) / np.sqrt(len(value))).astype(value.dtype)


def _copy(item: Any) -> Any:
    return tf.identity(item) if tf.is_tensor(item) else item
