"""Near misses of the Concrete model: each looks like the reference and does something else.

A judge that goes by spelling takes them for the reference; their facts differ.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from spellings.registry import CONCRETE_INPUTS, not_concrete


def reference_steps() -> list[keras.layers.Layer]:
    """The reference's layers, to be changed."""
    steps: list[keras.layers.Layer] = [layers.Input((CONCRETE_INPUTS,))]
    for _ in range(3):
        steps += [layers.BatchNormalization(), layers.Dense(512, "relu")]
    return [*steps, layers.BatchNormalization(), layers.Dense(1)]


@not_concrete
def batch_normalization_after() -> keras.Model:
    steps = [layers.Input((CONCRETE_INPUTS,))]
    for _ in range(3):
        steps += [layers.Dense(512, "relu"), layers.BatchNormalization()]
    return keras.Sequential([*steps, layers.Dense(1)])


@not_concrete
def batch_normalization_before_the_activation() -> keras.Model:
    steps: list[keras.layers.Layer] = [layers.Input((CONCRETE_INPUTS,)), layers.BatchNormalization()]
    for _ in range(3):
        steps += [layers.Dense(512), layers.BatchNormalization(), layers.ReLU()]
    return keras.Sequential([*steps, layers.Dense(1)])


@not_concrete
def frozen() -> keras.Model:
    steps = reference_steps()
    for step in steps[1::2]:
        step.trainable = False
    return keras.Sequential(steps)


@not_concrete
def never_moving() -> keras.Model:
    steps = reference_steps()
    steps[1] = layers.BatchNormalization(momentum=1.0)
    return keras.Sequential(steps)


@not_concrete
def always_training() -> keras.Model:
    class Strength(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.steps = reference_steps()[1:]

        def call(self, inputs: Any) -> Any:
            for step in self.steps:
                inputs = step(inputs, training=True)
            return inputs

    return Strength()


@not_concrete
def in_training_only() -> keras.Model:
    class Strength(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.rest = layers.BatchNormalization(), keras.Sequential(reference_steps()[2:])

        def call(self, inputs: Any, training: bool = False) -> Any:
            return self.rest(self.first(inputs, training=True) if training else inputs, training=training)

    return Strength()


@not_concrete
def one_shared_normalization() -> keras.Model:
    shared = layers.BatchNormalization()
    x = layers.Dense(512, "relu")(layers.BatchNormalization()(inputs := keras.Input((CONCRETE_INPUTS,))))
    for _ in range(2):
        x = layers.Dense(512, "relu")(shared(x))
    return keras.Model(inputs, layers.Dense(1)(shared(x)))


@not_concrete
def layer_normalization() -> keras.Model:
    steps = reference_steps()
    steps[3] = layers.LayerNormalization()
    return keras.Sequential(steps)


@not_concrete
def standardised_inside() -> keras.Model:
    steps = reference_steps()
    means, deviations = [float(i) for i in range(CONCRETE_INPUTS)], [2.0] * (CONCRETE_INPUTS - 1) + [5.0]
    steps[1] = layers.Lambda(lambda x: (x - tf.constant(means)) / tf.constant(deviations))
    return keras.Sequential(steps)


@not_concrete
def residual() -> keras.Model:
    x = inputs = keras.Input((CONCRETE_INPUTS,))
    x = layers.Dense(512, "relu")(layers.BatchNormalization()(x))
    for _ in range(2):
        x = x + layers.Dense(512, "relu")(layers.BatchNormalization()(x))
    return keras.Model(inputs, layers.Dense(1)(layers.BatchNormalization()(x)))


@not_concrete
def with_momentum() -> keras.Model:
    model = keras.Sequential(reference_steps())
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True), "mae")
    return model


@not_concrete
def centred_by_the_batch() -> keras.Model:
    """No moving averages: what it predicts for a row depends on the other rows of the batch."""

    class Centred(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs - keras.ops.mean(inputs, axis=0)

    steps = reference_steps()
    steps[1] = Centred()
    return keras.Sequential(steps)


@not_concrete
def standardised_by_the_batch() -> keras.Model:
    steps = reference_steps()
    steps[1] = layers.Lambda(lambda x: (x - keras.ops.mean(x, axis=0)) / (keras.ops.std(x, axis=0) + 0.001))
    return keras.Sequential(steps)


@not_concrete
def batch_normalization_of_ones_own() -> keras.Model:
    """Does the same, in code of its own: a human has to say so."""

    class Norm(layers.Layer):
        def build(self, shape: Any) -> None:
            self.gamma = self.add_weight(shape=shape[-1:], initializer="ones")
            self.beta = self.add_weight(shape=shape[-1:], initializer="zeros")
            self.mean = self.add_weight(shape=shape[-1:], initializer="zeros", trainable=False)
            self.variance = self.add_weight(shape=shape[-1:], initializer="ones", trainable=False)

        def call(self, inputs: Any, training: bool = False) -> Any:
            mean, variance = self.mean, self.variance
            if training:
                mean, variance = keras.ops.moments(inputs, axes=0)
                self.mean.assign(0.99 * self.mean + 0.01 * mean)
                self.variance.assign(0.99 * self.variance + 0.01 * variance)
            return self.gamma * (inputs - mean) / keras.ops.sqrt(variance + 1e-3) + self.beta

    steps = reference_steps()
    for i in (1, 3, 5, 7):
        steps[i] = Norm()
    return keras.Sequential(steps)
