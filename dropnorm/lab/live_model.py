"""The Keras model of a live training: plain layers, dropout whose rate can be moved, nothing drawn from the process."""

from __future__ import annotations

import itertools

import keras
import tensorflow as tf

from dropnorm.sweep import plan, runs

_numbers = itertools.count(1)


class LiveDropout(keras.layers.Dropout):
    """``keras.layers.Dropout`` whose rate may be changed while a compiled ``fit`` runs.

    Keras bakes ``rate`` into the traced step, so that setting the attribute changes nothing. Here the step reads a
    variable. While the rate stays as it is, the masks are those of ``keras.layers.Dropout`` with the same seed; weights
    and their number are the same as well.

    Args:
        rate: share dropped at first, at least 0 and below 1.
        seed: of the masks.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: object) -> None:
        super().__init__(rate or 0.5, seed=seed, **kwargs)  # at rate 0 Keras makes no generator of masks
        self.rate = rate
        # Double precision, as Keras computes the scale: 1 / (1 - 0.9) is 10 there and 9.999998 in single.
        self._rate_now = tf.Variable(rate, trainable=False, dtype=tf.float64)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return inputs
        seed = self.seed_generator.next()
        if seed.dtype != tf.int32:  # as Keras' own dropout does it: stateless operations take 32 bits
            seed = tf.cast(tf.math.floormod(seed, tf.int32.max - 1), tf.int32)
        numbers = tf.random.stateless_uniform(tf.shape(inputs), seed, dtype=inputs.dtype)
        kept = numbers >= tf.cast(self._rate_now, inputs.dtype)
        scale = tf.cast(1 / (1 - self._rate_now), inputs.dtype)
        return tf.where(kept, inputs * scale, tf.zeros_like(inputs))

    def move(self, rate: float) -> None:
        """Change the rate, from the next step on."""
        self.rate = rate
        self._rate_now.assign(rate)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "rate": float(self.rate)}


def built(described: plan.Plan, features: int) -> tuple[keras.Model, list[LiveDropout]]:
    """The plan as a compiled Keras model with the weights that its sweep begins with, and its dropout layers.

    A dropout layer stands wherever the plan has one or, where it has none, behind each relu with rate 0, so that the
    rate can be moved from there. Every layer has a name and every initialiser draws nothing: building the model touches
    no state of the process.
    """
    prefix = f"live_{next(_numbers)}"
    stack: list[keras.layers.Layer] = []
    dropouts: list[LiveDropout] = []
    movable = any(isinstance(layer, plan.Dropout) for layer in described.layers)
    for layer in described.layers:
        name = f"{prefix}_{len(stack)}"
        if isinstance(layer, plan.Dense):
            stack.append(
                keras.layers.Dense(layer.units, use_bias=layer.use_bias, kernel_initializer="zeros", name=name)
            )
        elif isinstance(layer, plan.BatchNorm):
            stack.append(keras.layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon, name=name))
        elif isinstance(layer, plan.Relu):
            stack.append(keras.layers.Activation("relu", name=name))
        if isinstance(layer, plan.Dropout) or (isinstance(layer, plan.Relu) and not movable):
            rate = layer.rate if isinstance(layer, plan.Dropout) else 0.0
            dropouts.append(LiveDropout(rate, seed=described.seed + len(dropouts), name=f"{prefix}_{len(stack)}"))
            stack.append(dropouts[-1])
    model = keras.Sequential([keras.Input((features,), name=f"{prefix}_inputs"), *stack], name=prefix)
    optimizers = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
    rate = {} if described.learning_rate is None else {"learning_rate": described.learning_rate}
    model.compile(optimizer=optimizers[described.optimizer](name=f"{prefix}_optimizer", **rate), loss="mae")
    for variable, values in zip(model.trainable_variables, runs.Network(described, features).arrays, strict=True):
        variable.assign(values)
    return model, dropouts
