"""Ways to write the Spotify model that differ in how they say relu."""

import keras
import tensorflow as tf
from keras import layers

from spellings.registry import SPOTIFY_INPUTS, spotify


@spotify
def functional_plain_functions() -> keras.Model:
    inputs = keras.Input(shape=(SPOTIFY_INPUTS,))
    x = keras.ops.relu(layers.Dense(128)(inputs))
    x = layers.Dropout(0.3)(x)
    x = keras.activations.relu(layers.Dense(64)(x))
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(1)(x))


@spotify
def functional_maximum() -> keras.Model:
    inputs = keras.Input(shape=(SPOTIFY_INPUTS,))
    x = keras.ops.maximum(layers.Dense(128)(inputs), 0.0)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(64)(x)
    x = layers.Dropout(0.3)(x * keras.ops.cast(x > 0, "float32"))
    return keras.Model(inputs, layers.Dense(1)(x))


@spotify
def activation_layers() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((SPOTIFY_INPUTS,)),
            layers.Dense(128),
            layers.Activation("relu"),
            layers.Dropout(0.3),
            layers.Dense(64),
            layers.ReLU(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )


@spotify
def activation_callables() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((SPOTIFY_INPUTS,)),
            layers.Dense(128, activation=tf.nn.relu),
            layers.Dropout(0.3),
            layers.Dense(64, activation=lambda x: tf.where(x > 0, x, 0.0)),
            layers.Dropout(0.3),
            layers.Dense(1, activation=None),
        ]
    )


@spotify
def activation_objects() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((SPOTIFY_INPUTS,)),
            layers.Dense(128, activation=layers.ReLU()),
            layers.Dropout(0.3),
            layers.Dense(64),
            layers.LeakyReLU(negative_slope=0.0),
            layers.Dropout(0.3),
            layers.Dense(1, activation="linear"),
        ]
    )


@spotify
def lambda_layers() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((SPOTIFY_INPUTS,)),
            layers.Dense(128),
            layers.Lambda(lambda x: tf.nn.relu(x)),
            layers.Dropout(0.3),
            layers.Lambda(lambda x: x),
            layers.Dense(64),
            layers.Lambda(keras.activations.relu, name="rectify"),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )


@spotify
def dropout_before_relu() -> keras.Model:
    """Dropout multiplies by zero or by a positive factor, so a relu may as well come after it."""
    return keras.Sequential(
        [
            layers.Input((SPOTIFY_INPUTS,)),
            layers.Dense(128),
            layers.Dropout(0.3),
            layers.ReLU(),
            layers.Dense(64),
            layers.Dropout(0.3),
            layers.Activation("relu"),
            layers.Dense(1),
        ]
    )


@spotify
def relu_twice() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((SPOTIFY_INPUTS,)),
            layers.Dense(128, activation="relu"),
            layers.Activation("relu"),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.ReLU(),
            layers.Dense(1),
        ]
    )
