"""Near misses: each looks like the reference model of its exercise and does something else.

A judge that goes by spelling takes them for the reference; their facts differ.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from spellings import CONCRETE_INPUTS, SPOTIFY_INPUTS

SPOTIFY: dict[str, Callable[[], keras.Model]] = {}
CONCRETE: dict[str, Callable[[], keras.Model]] = {}


def _of(models: dict[str, Callable[[], keras.Model]], optimizer: str) -> Callable[[Any], Any]:
    def register(build: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
        def compiled() -> keras.Model:
            model = build()
            if not model.compiled:
                model.compile(optimizer=optimizer, loss="mae")
            return model

        models[build.__name__] = compiled
        return build

    return register


of_spotify, of_concrete = _of(SPOTIFY, "adam"), _of(CONCRETE, "sgd")


def spotify_steps() -> list[keras.layers.Layer]:
    """The reference's layers, to be changed."""
    hidden = [layers.Dense(128, "relu"), layers.Dropout(0.3), layers.Dense(64, "relu"), layers.Dropout(0.3)]
    return [layers.Input((SPOTIFY_INPUTS,)), *hidden, layers.Dense(1)]


def concrete_steps() -> list[keras.layers.Layer]:
    """The reference's layers, to be changed."""
    steps: list[keras.layers.Layer] = [layers.Input((CONCRETE_INPUTS,))]
    for _ in range(3):
        steps += [layers.BatchNormalization(), layers.Dense(512, "relu")]
    return [*steps, layers.BatchNormalization(), layers.Dense(1)]


@of_spotify
def dropout_before_the_dense() -> keras.Model:
    steps = spotify_steps()
    return keras.Sequential([steps[0], steps[2], steps[1], steps[4], steps[3], steps[5]])


@of_spotify
def dropout_called_in_vain() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.last = layers.Dense(128, "relu"), layers.Dense(64, "relu"), layers.Dense(1)
            self.dropout = layers.Dropout(0.3)

        def call(self, inputs: Any) -> Any:
            x = self.first(inputs)
            self.dropout(x)
            return self.last(self.dropout(self.second(x)))

    return Popularity()


@of_spotify
def dropout_forced() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.last = layers.Dense(128, "relu"), layers.Dense(64, "relu"), layers.Dense(1)
            self.dropouts = [layers.Dropout(0.3), layers.Dropout(0.3)]

        def call(self, inputs: Any) -> Any:
            x = self.dropouts[0](self.first(inputs), training=True)
            return self.last(self.dropouts[1](self.second(x), training=True))

    return Popularity()


@of_spotify
def monte_carlo_dropout() -> keras.Model:
    class Always(layers.Dropout):
        def call(self, inputs: Any) -> Any:
            return super().call(inputs, training=True)

    steps = spotify_steps()
    return keras.Sequential([*steps[:2], Always(0.3), steps[3], Always(0.3), steps[5]])


@of_spotify
def dropout_never_on() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.net = keras.Sequential(spotify_steps())

        def call(self, inputs: Any, training: bool = False) -> Any:
            return self.net(inputs, training=False)

    return Popularity()


@of_spotify
def dropout_of_whole_rows() -> keras.Model:
    steps = spotify_steps()
    steps[2] = layers.Dropout(0.3, noise_shape=(None, 1))
    return keras.Sequential(steps)


@of_spotify
def dropout_not_rescaled() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.last = layers.Dense(128, "relu"), layers.Dense(64, "relu"), layers.Dense(1)
            self.dropout = layers.Dropout(0.3)

        def call(self, inputs: Any, training: bool = False) -> Any:
            x = self.first(inputs)
            if training:
                x = x * tf.cast(tf.random.uniform(tf.shape(x)) > 0.3, tf.float32)
            return self.last(self.dropout(self.second(x)))

    return Popularity()


@of_spotify
def alpha_dropout() -> keras.Model:
    steps = spotify_steps()
    steps[2], steps[4] = layers.AlphaDropout(0.3), layers.AlphaDropout(0.3)
    return keras.Sequential(steps)


@of_spotify
def dropout_before_tanh() -> keras.Model:
    """Dropout before a relu is dropout after it; before a tanh it is not."""
    hidden = [layers.Dense(128), layers.Dropout(0.3), layers.Activation("tanh"), layers.Dense(64, "tanh")]
    return keras.Sequential([layers.Input((SPOTIFY_INPUTS,)), *hidden, layers.Dropout(0.3), layers.Dense(1)])


@of_spotify
def nearly_relu() -> keras.Model:
    steps = spotify_steps()
    steps[1] = layers.Dense(128, activation=lambda x: tf.where(x > 0, x, 0.01 * x))
    steps[3] = layers.Dense(64, activation=layers.ReLU(max_value=6))
    return keras.Sequential(steps)


@of_spotify
def without_bias() -> keras.Model:
    steps = spotify_steps()
    steps[1] = layers.Dense(128, "relu", use_bias=False)
    return keras.Sequential(steps)


@of_spotify
def regularized() -> keras.Model:
    steps = spotify_steps()
    steps[1] = layers.Dense(128, "relu", kernel_regularizer="l2")
    return keras.Sequential(steps)


@of_spotify
def frozen_layer() -> keras.Model:
    model = keras.Sequential(spotify_steps())
    model.layers[2].trainable = False
    return model


@of_spotify
def layer_outside_the_model() -> keras.Model:
    """A layer inside a Lambda is not the model's: it never trains."""
    outside = layers.Dense(64, "relu")
    outside.build((None, 128))
    steps = spotify_steps()
    steps[3] = layers.Lambda(lambda x: outside(x))
    return keras.Sequential(steps)


@of_spotify
def new_layer_in_each_call() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last, self.dropout = layers.Dense(128, "relu"), layers.Dense(1), layers.Dropout(0.3)

        def call(self, inputs: Any) -> Any:
            x = self.dropout(self.first(inputs))
            return self.last(self.dropout(layers.Dense(64, "relu")(x)))

    return Popularity()


@of_spotify
def side_branch() -> keras.Model:
    inputs = keras.Input((SPOTIFY_INPUTS,))
    x = layers.Dropout(0.3)(layers.Dense(128, "relu")(inputs))
    x = layers.Dropout(0.3)(layers.Dense(64, "relu")(x))
    return keras.Model(inputs, layers.Dense(1)(keras.ops.concatenate([x, inputs], axis=1)))


@of_spotify
def two_outputs() -> keras.Model:
    inputs = keras.Input((SPOTIFY_INPUTS,))
    x = layers.Dropout(0.3)(layers.Dense(128, "relu")(inputs))
    x = layers.Dropout(0.3)(layers.Dense(64, "relu")(x))
    model = keras.Model(inputs, [layers.Dense(1)(x), x])
    model.compile("adam", ["mae", None])
    return model


@of_spotify
def weights_used_twice() -> keras.Model:
    twice = layers.Dense(18, "relu")
    inputs = keras.Input((SPOTIFY_INPUTS,))
    return keras.Model(inputs, layers.Dense(1)(twice(twice(inputs))))


@of_spotify
def inputs_scaled_inside() -> keras.Model:
    steps = spotify_steps()
    return keras.Sequential([steps[0], layers.Rescaling(0.5), *steps[1:]])


@of_spotify
def outputs_scaled_inside() -> keras.Model:
    inputs = keras.Input((SPOTIFY_INPUTS,))
    return keras.Model(inputs, 100 * keras.Sequential(spotify_steps())(inputs))


@of_spotify
def dense_of_ones_own() -> keras.Model:
    class Affine(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], 64))

        def call(self, inputs: Any) -> Any:
            return tf.nn.relu(inputs @ self.kernel)

    steps = spotify_steps()
    return keras.Sequential([*steps[:3], Affine(), *steps[4:]])


@of_spotify
def step_of_ones_own() -> keras.Model:
    class Popularity(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            return super().train_step((data[0], 2 * data[1]))

    return Popularity(spotify_steps())


@of_spotify
def penalty_of_ones_own() -> keras.Model:
    class Penalty(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(keras.ops.mean(inputs**2))
            return inputs

    return keras.Sequential([*spotify_steps(), Penalty()])


@of_spotify
def summed_loss() -> keras.Model:
    model = keras.Sequential(spotify_steps())
    model.compile("adam", keras.losses.MeanAbsoluteError(reduction="sum"))
    return model


@of_spotify
def root_of_the_loss() -> keras.Model:
    model = keras.Sequential(spotify_steps())
    model.compile("adam", lambda y, p: tf.sqrt(tf.reduce_mean(tf.square(y - p))))
    return model


@of_spotify
def slower_optimizer() -> keras.Model:
    model = keras.Sequential(spotify_steps())
    model.compile(keras.optimizers.Adam(1e-4, clipnorm=1.0), "mae")
    return model


@of_concrete
def batch_normalization_after() -> keras.Model:
    steps = [layers.Input((CONCRETE_INPUTS,))]
    for _ in range(3):
        steps += [layers.Dense(512, "relu"), layers.BatchNormalization()]
    return keras.Sequential([*steps, layers.Dense(1)])


@of_concrete
def batch_normalization_before_the_activation() -> keras.Model:
    steps: list[keras.layers.Layer] = [layers.Input((CONCRETE_INPUTS,)), layers.BatchNormalization()]
    for _ in range(3):
        steps += [layers.Dense(512), layers.BatchNormalization(), layers.ReLU()]
    return keras.Sequential([*steps, layers.Dense(1)])


@of_concrete
def frozen() -> keras.Model:
    steps = concrete_steps()
    for step in steps[1::2]:
        step.trainable = False
    return keras.Sequential(steps)


@of_concrete
def never_moving() -> keras.Model:
    steps = concrete_steps()
    steps[1] = layers.BatchNormalization(momentum=1.0)
    return keras.Sequential(steps)


@of_concrete
def always_training() -> keras.Model:
    class Strength(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.steps = concrete_steps()[1:]

        def call(self, inputs: Any) -> Any:
            for step in self.steps:
                inputs = step(inputs, training=True)
            return inputs

    return Strength()


@of_concrete
def in_training_only() -> keras.Model:
    class Strength(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.rest = layers.BatchNormalization(), keras.Sequential(concrete_steps()[2:])

        def call(self, inputs: Any, training: bool = False) -> Any:
            return self.rest(self.first(inputs, training=True) if training else inputs, training=training)

    return Strength()


@of_concrete
def one_shared_normalization() -> keras.Model:
    shared = layers.BatchNormalization()
    x = layers.Dense(512, "relu")(layers.BatchNormalization()(inputs := keras.Input((CONCRETE_INPUTS,))))
    for _ in range(2):
        x = layers.Dense(512, "relu")(shared(x))
    return keras.Model(inputs, layers.Dense(1)(shared(x)))


@of_concrete
def layer_normalization() -> keras.Model:
    steps = concrete_steps()
    steps[3] = layers.LayerNormalization()
    return keras.Sequential(steps)


@of_concrete
def standardised_inside() -> keras.Model:
    steps = concrete_steps()
    means, deviations = [float(i) for i in range(CONCRETE_INPUTS)], [2.0] * (CONCRETE_INPUTS - 1) + [5.0]
    steps[1] = layers.Lambda(lambda x: (x - tf.constant(means)) / tf.constant(deviations))
    return keras.Sequential(steps)


@of_concrete
def residual() -> keras.Model:
    x = inputs = keras.Input((CONCRETE_INPUTS,))
    x = layers.Dense(512, "relu")(layers.BatchNormalization()(x))
    for _ in range(2):
        x = x + layers.Dense(512, "relu")(layers.BatchNormalization()(x))
    return keras.Model(inputs, layers.Dense(1)(layers.BatchNormalization()(x)))


@of_concrete
def with_momentum() -> keras.Model:
    model = keras.Sequential(concrete_steps())
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True), "mae")
    return model
