"""Ways to write the Spotify model with classes of one's own and with models inside models."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from spellings.registry import SPOTIFY_INPUTS, spotify


@spotify
def subclass() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = [layers.Dense(128, activation="relu"), layers.Dense(64, activation="relu")]
            self.dropouts = [layers.Dropout(0.3), layers.Dropout(0.3)]
            self.output_layer = layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            for hidden, dropout in zip(self.hidden, self.dropouts, strict=True):
                inputs = dropout(hidden(inputs))
            return self.output_layer(inputs)

    return Popularity()


@spotify
def subclass_told_training() -> keras.Model:
    class Popularity(tf.keras.Model):
        def __init__(self, rate: float) -> None:
            super().__init__()
            self.first, self.second, self.last = layers.Dense(128), layers.Dense(64), layers.Dense(1)
            self.dropout = layers.Dropout(rate)

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            x = self.dropout(tf.nn.relu(self.first(inputs)), training=training)
            x = self.dropout(keras.activations.relu(self.second(x)), training=training)
            return self.last(x)

    return Popularity(rate=0.3)


@spotify
def subclass_if_training() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = layers.Dense(128, "relu"), layers.Dense(64, "relu")
            self.drop_first, self.drop_second, self.last = layers.Dropout(0.3), layers.Dropout(0.3), layers.Dense(1)

        def call(self, inputs: Any, training: bool = False) -> Any:
            x = self.first(inputs)
            if training:
                x = self.drop_first(x, training=training)
            x = self.second(x)
            if training:
                x = self.drop_second(x, training=training)
            return self.last(x)

    return Popularity()


@spotify
def subclass_in_a_graph() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.last = layers.Dense(128), layers.Dense(64), layers.Dense(1)
            self.dropout = layers.Dropout(0.3)

        @tf.function
        def call(self, inputs: Any, training: bool = False) -> Any:
            x = self.dropout(tf.maximum(self.first(inputs), 0), training=training)
            x = self.dropout(tf.nn.relu(self.second(x)), training=training)
            return self.last(x)

    return Popularity()


@spotify
def subclass_of_sequential() -> keras.Model:
    class Popularity(keras.Sequential):
        def __init__(self) -> None:
            super().__init__([layers.Input((SPOTIFY_INPUTS,))])
            for units in (128, 64):
                self.add(layers.Dense(units, activation="relu"))
                self.add(layers.Dropout(0.3))
            self.add(layers.Dense(1))

    return Popularity()


@spotify
def subclass_around_a_sequential() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.net = keras.Sequential([layers.Dense(128, "relu"), layers.Dropout(0.3), layers.Dense(64, "relu")])
            self.head = keras.Sequential([layers.Dropout(0.3), layers.Dense(1)])

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            return self.head(self.net(inputs, training=training), training=training)

    return Popularity()


@spotify
def functional_of_a_subclass() -> keras.Model:
    """A class that builds a functional model and hands its ends to ``keras.Model``."""

    class Popularity(keras.Model):
        def __init__(self) -> None:
            inputs = keras.Input((SPOTIFY_INPUTS,))
            x = layers.Dropout(0.3)(layers.Dense(128, "relu")(inputs))
            x = layers.Dropout(0.3)(layers.Dense(64, "relu")(x))
            super().__init__(inputs=inputs, outputs=layers.Dense(1)(x))

    return Popularity()


@spotify
def blocks_of_ones_own() -> keras.Model:
    class Block(layers.Layer):
        def __init__(self, units: int, rate: float) -> None:
            super().__init__()
            self.dense, self.dropout = layers.Dense(units, activation="relu"), layers.Dropout(rate)

        def call(self, inputs: Any) -> Any:
            return self.dropout(self.dense(inputs))

    return keras.Sequential([layers.Input((SPOTIFY_INPUTS,)), Block(128, 0.3), Block(64, 0.3), layers.Dense(1)])


@spotify
def built_in_layers_renamed() -> keras.Model:
    class Hidden(layers.Dense):
        def __init__(self, units: int) -> None:
            super().__init__(units, activation="relu")

    class Drop(layers.Dropout):
        """Thirty per cent, always."""

        def __init__(self) -> None:
            super().__init__(0.3)

    return keras.Sequential([layers.Input((SPOTIFY_INPUTS,)), Hidden(128), Drop(), Hidden(64), Drop(), layers.Dense(1)])


@spotify
def built_in_calls_extended() -> keras.Model:
    class Hidden(layers.Dense):
        def call(self, inputs: Any) -> Any:
            return tf.nn.relu(super().call(inputs))

    class Drop(layers.Dropout):
        def call(self, inputs: Any, training: bool = False) -> Any:
            return super().call(inputs, training=training)

    return keras.Sequential(
        [layers.Input((SPOTIFY_INPUTS,)), Hidden(128), Drop(0.3), Hidden(64), Drop(0.3), layers.Dense(1)]
    )


@spotify
def layer_of_ones_own_without_weights() -> keras.Model:
    class Rectifier(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return keras.ops.where(inputs > 0, inputs, 0)

    return keras.Sequential(
        [
            layers.Input((SPOTIFY_INPUTS,)),
            layers.Dense(128),
            Rectifier(),
            layers.Dropout(0.3),
            layers.Dense(64),
            Rectifier(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )


@spotify
def home_made_dropout() -> keras.Model:
    class Popularity(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.last = layers.Dense(128, "relu"), layers.Dense(64, "relu"), layers.Dense(1)
            self.seeds = keras.random.SeedGenerator(1)

        def call(self, inputs: Any, training: bool = False) -> Any:
            x = self.first(inputs)
            x = keras.random.dropout(x, 0.3, seed=self.seeds) if training else x
            x = self.second(x)
            x = tf.nn.dropout(x, rate=0.3) if training else x
            return self.last(x)

    return Popularity()


@spotify
def nested_sequentials() -> keras.Model:
    def block(units: int) -> keras.Model:
        return keras.Sequential([layers.Dense(units, activation="relu"), layers.Dropout(0.3)])

    return keras.Sequential(
        [layers.Input((SPOTIFY_INPUTS,)), keras.Sequential([block(128), block(64)]), layers.Dense(1)]
    )


@spotify
def nested_functional() -> keras.Model:
    ends = keras.Input((SPOTIFY_INPUTS,))
    body = keras.Model(ends, layers.Dropout(0.3)(layers.Dense(128, "relu")(ends)), name="body")
    inputs = keras.Input((SPOTIFY_INPUTS,))
    x = layers.Dense(64)(body(inputs))
    x = keras.Sequential([layers.ReLU(), layers.Dropout(0.3)])(x)
    return keras.Model(inputs, layers.Dense(1)(x))


@spotify
def nested_and_unbuilt() -> keras.Model:
    inner = keras.Sequential([layers.Dense(128, activation="relu"), layers.Dropout(0.3)])
    return keras.Sequential([inner, layers.Dense(64, activation="relu"), layers.Dropout(0.3), layers.Dense(1)])


@spotify
def einsum_dense() -> keras.Model:
    def dense(units: int, activation: str | None = None) -> keras.layers.Layer:
        return layers.EinsumDense("ab,bc->ac", output_shape=units, bias_axes="c", activation=activation)

    steps = [dense(128, "relu"), layers.Dropout(0.3), dense(64, "relu"), layers.Dropout(0.3), dense(1)]
    return keras.Sequential([layers.Input((SPOTIFY_INPUTS,)), *steps])


@spotify
def settings_without_effect() -> keras.Model:
    """Dropout of rate 0, noise of deviation 0, penalties with the factor 0."""
    return keras.Sequential(
        [
            layers.Input((SPOTIFY_INPUTS,)),
            layers.Dropout(0),
            layers.Dense(128, activation="relu", kernel_regularizer=keras.regularizers.L2(0.0)),
            layers.Dropout(0.3),
            layers.GaussianNoise(0.0),
            layers.Dense(64, activation="relu", activity_regularizer=keras.regularizers.L1(0.0)),
            layers.ActivityRegularization(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )
