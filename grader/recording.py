"""Recording which layers a model calls, on which tensors, and leaving the model as it was found.

A model's code may call its layers in any way; what it does shows in the calls. While a `Recorder` is active,
``keras.Operation.__call__`` (which every layer's call goes through, after Keras has settled the ``training``
argument) is replaced by a wrapper that notes them. Only the recording thread is noted; others pass straight through.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state

from grader.layer_settings import built_in_class

_lock = threading.RLock()
# Layers that only pass their input to a function: what they do is told by values, like a plain function's.
TRANSPARENT = (keras.layers.Lambda, keras.layers.Identity)


@dataclass(eq=False)
class Call:
    """One call of a built-in layer: what went in, what came out, and the ``training`` it was told."""

    layer: Any
    cls: type
    inputs: list[Any]
    outputs: list[Any]
    training: bool | None


@dataclass(eq=False)
class Recorder:
    """What one run of a model called.

    Attributes:
        calls: the calls of built-in layers, in order.
        insides: the layers of one's own (and Lambda) with the tensors that they returned.
        originals: the values of all variables that a called layer owns, as they were before.
    """

    calls: list[Call] = field(default_factory=list)
    insides: list[tuple[Any, list[Any]]] = field(default_factory=list)
    originals: dict[int, tuple[Any, np.ndarray]] = field(default_factory=dict)
    _within: bool = False

    def remember(self, variables: list[Any]) -> None:
        """Note the values of variables that were not noted before."""
        for variable in variables:
            if id(variable) not in self.originals:
                self.originals[id(variable)] = (variable, np.array(variable))

    def restore(self) -> None:
        """Give every variable the value that it had."""
        for variable, value in self.originals.values():
            if not np.array_equal(np.asarray(variable), value, equal_nan=value.dtype.kind == "f"):
                variable.assign(value)

    def note(self, original: Any, operation: Any, args: tuple, kwargs: dict) -> Any:
        """Call ``operation`` as Keras would, and note the call."""
        inputs = _tensors((args, kwargs))
        if not inputs or not isinstance(operation, keras.layers.Layer):
            return original(operation, *args, **kwargs)
        self.remember(operation.variables)
        if self._within:
            return original(operation, *args, **kwargs)
        cls = built_in_class(operation)
        if cls is None or issubclass(cls, (keras.Model, *TRANSPARENT)):
            outputs = original(operation, *args, **kwargs)
            self.insides.append((operation, _tensors(outputs)))
            return outputs
        self._within = True
        try:
            outputs = original(operation, *args, **kwargs)
        finally:
            self._within = False
        # A layer that does nothing returns its input itself; a copy tells the two apart.
        if any(output is given for output in _tensors(outputs) for given in inputs):
            outputs = keras.tree.map_structure(_copy, outputs)
        self.calls.append(Call(operation, cls, inputs, _tensors(outputs), kwargs.get("training")))
        return outputs


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Let ``recorder`` note the layer calls of this thread. One recording at a time in a process."""
    with _lock:
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
    """Leave the random streams of Python, NumPy and Keras as they were."""
    states = random.getstate(), np.random.get_state()
    generator = global_state.get_global_attribute("global_seed_generator")
    state = None if generator is None else np.array(generator.state)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if generator is None:
            global_state.set_global_attribute("global_seed_generator", None)
        else:
            generator.state.assign(state)


def _tensors(structure: Any) -> list[Any]:
    """The tensors with values in a structure (those of a graph under construction have none)."""
    return [item for item in keras.tree.flatten(structure) if tf.is_tensor(item) and hasattr(item, "numpy")]


def _copy(item: Any) -> Any:
    return tf.identity(item) if tf.is_tensor(item) else item
