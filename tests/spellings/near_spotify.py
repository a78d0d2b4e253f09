"""Near misses of the Spotify model: each looks like the reference and does something else.

A judge that goes by spelling takes them for the reference; their facts differ.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from spellings.registry import SPOTIFY_INPUTS, not_spotify


def reference_steps() -> list[keras.layers.Layer]:
    """The reference's layers, to be changed."""
    hidden = [layers.Dense(128, "relu"), layers.Dropout(0.3), layers.Dense(64, "relu"), layers.Dropout(0.3)]
    return [layers.Input((SPOTIFY_INPUTS,)), *hidden, layers.Dense(1)]


@not_spotify
def dropout_before_the_dense() -> keras.Model:
    steps = reference_steps()
    return keras.Sequential([steps[0], steps[2], steps[1], steps[4], steps[3], steps[5]])


@not_spotify
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


@not_spotify
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


@not_spotify
def monte_carlo_dropout() -> keras.Model:
    class Always(layers.Dropout):
        def call(self, inputs: Any) -> Any:
            return super().call(inputs, training=True)

    steps = reference_steps()
    return keras.Sequential([*steps[:2], Always(0.3), steps[3], Always(0.3), steps[5]])


@not_spotify
def dropout_never_on() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.net = keras.Sequential(reference_steps())

        def call(self, inputs: Any, training: bool = False) -> Any:
            return self.net(inputs, training=False)

    return Popularity()


@not_spotify
def dropout_of_whole_rows() -> keras.Model:
    steps = reference_steps()
    steps[2] = layers.Dropout(0.3, noise_shape=(None, 1))
    return keras.Sequential(steps)


@not_spotify
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


@not_spotify
def alpha_dropout() -> keras.Model:
    steps = reference_steps()
    steps[2], steps[4] = layers.AlphaDropout(0.3), layers.AlphaDropout(0.3)
    return keras.Sequential(steps)


@not_spotify
def dropout_before_tanh() -> keras.Model:
    """Dropout before a relu is dropout after it; before a tanh it is not."""
    hidden = [layers.Dense(128), layers.Dropout(0.3), layers.Activation("tanh"), layers.Dense(64, "tanh")]
    return keras.Sequential([layers.Input((SPOTIFY_INPUTS,)), *hidden, layers.Dropout(0.3), layers.Dense(1)])


@not_spotify
def nearly_relu() -> keras.Model:
    steps = reference_steps()
    steps[1] = layers.Dense(128, activation=lambda x: tf.where(x > 0, x, 0.01 * x))
    steps[3] = layers.Dense(64, activation=layers.ReLU(max_value=6))
    return keras.Sequential(steps)


@not_spotify
def without_bias() -> keras.Model:
    steps = reference_steps()
    steps[1] = layers.Dense(128, "relu", use_bias=False)
    return keras.Sequential(steps)


@not_spotify
def regularized() -> keras.Model:
    steps = reference_steps()
    steps[1] = layers.Dense(128, "relu", kernel_regularizer="l2")
    return keras.Sequential(steps)


@not_spotify
def frozen_layer() -> keras.Model:
    model = keras.Sequential(reference_steps())
    model.layers[2].trainable = False
    return model


@not_spotify
def layer_outside_the_model() -> keras.Model:
    """A layer inside a Lambda is not the model's: it never trains."""
    outside = layers.Dense(64, "relu")
    outside.build((None, 128))
    steps = reference_steps()
    steps[3] = layers.Lambda(lambda x: outside(x))
    return keras.Sequential(steps)


@not_spotify
def new_layer_in_each_call() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last, self.dropout = layers.Dense(128, "relu"), layers.Dense(1), layers.Dropout(0.3)

        def call(self, inputs: Any) -> Any:
            x = self.dropout(self.first(inputs))
            return self.last(self.dropout(layers.Dense(64, "relu")(x)))

    return Popularity()


@not_spotify
def side_branch() -> keras.Model:
    inputs = keras.Input((SPOTIFY_INPUTS,))
    x = layers.Dropout(0.3)(layers.Dense(128, "relu")(inputs))
    x = layers.Dropout(0.3)(layers.Dense(64, "relu")(x))
    return keras.Model(inputs, layers.Dense(1)(keras.ops.concatenate([x, inputs], axis=1)))


@not_spotify
def two_outputs() -> keras.Model:
    inputs = keras.Input((SPOTIFY_INPUTS,))
    x = layers.Dropout(0.3)(layers.Dense(128, "relu")(inputs))
    x = layers.Dropout(0.3)(layers.Dense(64, "relu")(x))
    model = keras.Model(inputs, [layers.Dense(1)(x), x])
    model.compile("adam", ["mae", None])
    return model


@not_spotify
def weights_used_twice() -> keras.Model:
    twice = layers.Dense(18, "relu")
    inputs = keras.Input((SPOTIFY_INPUTS,))
    return keras.Model(inputs, layers.Dense(1)(twice(twice(inputs))))


@not_spotify
def inputs_scaled_inside() -> keras.Model:
    steps = reference_steps()
    return keras.Sequential([steps[0], layers.Rescaling(0.5), *steps[1:]])


@not_spotify
def outputs_scaled_inside() -> keras.Model:
    inputs = keras.Input((SPOTIFY_INPUTS,))
    return keras.Model(inputs, 100 * keras.Sequential(reference_steps())(inputs))


@not_spotify
def dense_of_ones_own() -> keras.Model:
    class Affine(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], 64))

        def call(self, inputs: Any) -> Any:
            return tf.nn.relu(inputs @ self.kernel)

    steps = reference_steps()
    return keras.Sequential([*steps[:3], Affine(), *steps[4:]])


@not_spotify
def step_of_ones_own() -> keras.Model:
    class Popularity(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            return super().train_step((data[0], 2 * data[1]))

    return Popularity(reference_steps())


@not_spotify
def penalty_of_ones_own() -> keras.Model:
    class Penalty(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(keras.ops.mean(inputs**2))
            return inputs

    return keras.Sequential([*reference_steps(), Penalty()])


@not_spotify
def summed_loss() -> keras.Model:
    model = keras.Sequential(reference_steps())
    model.compile("adam", keras.losses.MeanAbsoluteError(reduction="sum"))
    return model


@not_spotify
def root_of_the_loss() -> keras.Model:
    model = keras.Sequential(reference_steps())
    model.compile("adam", lambda y, p: tf.sqrt(tf.reduce_mean(tf.square(y - p))))
    return model


@not_spotify
def slower_optimizer() -> keras.Model:
    model = keras.Sequential(reference_steps())
    model.compile(keras.optimizers.Adam(1e-4, clipnorm=1.0), "mae")
    return model


@not_spotify
def layers_of_a_sequential_passed_over() -> keras.Model:
    class Popularity(keras.Sequential):
        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            for layer in self.layers:
                inputs = inputs if isinstance(layer, layers.Dropout) else layer(inputs)
            return inputs

    return Popularity(reference_steps()[1:])


@not_spotify
def gaussian_dropout() -> keras.Model:
    """Same mean and same variance as dropout, but nothing is dropped."""
    steps = reference_steps()
    steps[2], steps[4] = layers.GaussianDropout(0.3), layers.GaussianDropout(0.3)
    return keras.Sequential(steps)


@not_spotify
def half_precision() -> keras.Model:
    dtype = "mixed_float16"
    hidden = [layers.Dense(128, "relu", dtype=dtype), layers.Dropout(0.3, dtype=dtype), layers.Dense(64, dtype=dtype)]
    rest = [layers.Lambda(tf.nn.relu), layers.Dropout(0.3), layers.Dense(1)]
    return keras.Sequential([layers.Input((SPOTIFY_INPUTS,)), *hidden, *rest])
