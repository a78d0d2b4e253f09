"""From a spec to a Keras model: the reverse of observing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras

from dropnorm.language import N_
from grader.activations import activation
from grader.facts import CompileFacts, Operation
from grader.losses import loss_of
from grader.spec_rules import SpecError

if TYPE_CHECKING:
    from grader.spec import ModelSpec

CLASSES = {
    "dense": keras.layers.Dense,
    "dropout": keras.layers.Dropout,
    "alpha_dropout": keras.layers.AlphaDropout,
    "gaussian_dropout": keras.layers.GaussianDropout,
    "gaussian_noise": keras.layers.GaussianNoise,
    "batch_normalization": keras.layers.BatchNormalization,
    "layer_normalization": keras.layers.LayerNormalization,
    "rms_normalization": keras.layers.RMSNormalization,
    "unit_normalization": keras.layers.UnitNormalization,
    "p_re_lu": keras.layers.PReLU,
    "rescaling": keras.layers.Rescaling,
    "normalization": keras.layers.Normalization,
}
MODULES = {
    "_initializer": keras.initializers,
    "_regularizer": keras.regularizers,
    "_constraint": keras.constraints,
    "_schedule": keras.optimizers.schedules,
}


class Chain(keras.Model):
    """Layers one after the other, some of them told to train (or not to) whatever the model is told."""

    def __init__(self, steps: list[Any], forced: list[bool | None]) -> None:
        super().__init__()
        self.steps, self.forced = steps, forced

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        for layer in self.steps:
            layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        for layer, forced in zip(self.steps, self.forced, strict=True):
            inputs = layer(inputs, training=training if forced is None else forced)
        return inputs


def build(spec: ModelSpec) -> keras.Model:
    """A compiled model that does what ``spec`` says; see `ModelSpec.build`."""
    policy = keras.config.dtype_policy()  # a learner's code may have left half precision on
    keras.config.set_dtype_policy("float32")
    try:
        layers = [_layer(operation) for operation in spec.operations]
        forced = [operation.forced_training for operation in spec.operations]
        if any(value is not None for value in forced):
            model = Chain(layers, forced)
            model.build((None, spec.inputs))
        else:
            model = keras.Sequential([keras.Input((spec.inputs,)), *layers])
        compile_as(model, spec.compile)
    except (ValueError, TypeError) as error:
        said = N_("Keras cannot build this network anew: {error}")
        raise SpecError(said, error=str(error).splitlines()[0][:150]) from error
    finally:
        keras.config.set_dtype_policy(policy)
    return model


def rebuilt(spec: ModelSpec, weights: Sequence[Mapping[str, Any]]) -> keras.Model:
    """The model of a spec with trained weights: for each of its operations the arrays by Keras' names."""
    model = build(spec)
    for layer, named in zip(layers_of(model), weights, strict=True):
        for name, values in named.items():
            getattr(layer, name).assign(values)
    return model


def layers_of(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a model that `build` made, one for each operation of its spec, in order."""
    return list(model.steps if isinstance(model, Chain) else model.layers)


def compile_as(model: keras.Model, facts: CompileFacts) -> None:
    """Compile ``model`` with the optimizer and the loss of ``facts``."""
    settings = dict(facts.settings)
    rate, weights = facts.learning_rate, settings.pop("loss_weights", None)
    schedule = settings.pop("learning_rate_schedule", None)
    # A spec's whole numbers have no point, and Keras takes none of them for a rate.
    rate = float(rate) if schedule is None else _object("learning_rate_schedule", schedule)
    optimizer = keras.optimizers.get({"class_name": facts.optimizer, "config": {"learning_rate": rate, **settings}})
    model.compile(optimizer, loss_of(facts.loss), loss_weights=weights)


def _layer(operation: Operation) -> keras.layers.Layer:
    settings = {name: _object(name, value) for name, value in operation.settings.items()}
    if operation.kind == "activation":
        layer = keras.layers.Activation(activation(settings.pop("function"), **settings))
    else:
        layer = CLASSES[operation.kind](**settings)
    if not operation.trainable:
        layer.trainable = False
    return layer


def _object(name: str, value: Any) -> Any:
    """A setting as Keras takes it: an initializer and its like from class and config."""
    for ending, module in MODULES.items():
        if name.endswith(ending) and isinstance(value, dict):
            return module.deserialize(value)
    return value
