"""Ways to write the Spotify model: Dense 128 relu, Dropout 0.3, Dense 64 relu, Dropout 0.3, Dense 1; adam, mae."""

import warnings

import keras
import tensorflow as tf
from keras import layers

from spellings.registry import SPOTIFY_INPUTS, spotify


@spotify
def sequential_list() -> keras.Model:
    """The reference itself."""
    return keras.Sequential(
        [
            layers.Input(shape=[SPOTIFY_INPUTS]),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )


@spotify
def sequential_add() -> keras.Model:
    model = keras.Sequential(name="by_hand")
    model.add(keras.Input((SPOTIFY_INPUTS,)))
    model.add(layers.Dense(128, "relu", name="wide"))
    model.add(layers.Dropout(rate=3 / 10))
    model.add(layers.Dense(64, "relu", name="narrow"))
    model.add(layers.Dropout(0.1 + 0.2))
    model.add(layers.Dense(1, name="popularity"))
    return model


@spotify
def unbuilt_until_fit() -> keras.Model:
    return keras.Sequential(
        [
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )


@spotify
def input_shape_argument() -> keras.Model:
    with warnings.catch_warnings():  # Keras 3 advises `Input`; older books do not
        warnings.simplefilter("ignore")
        first = layers.Dense(128, activation="relu", input_shape=[SPOTIFY_INPUTS])
    model = keras.Sequential([first, layers.Dropout(0.3), layers.Dense(64, activation="relu")])
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(1))
    return model


@spotify
def input_layer_object() -> keras.Model:
    model = keras.Sequential([layers.InputLayer(batch_shape=(None, SPOTIFY_INPUTS))])
    for units in (128, 64):
        model.add(layers.Dense(units, activation="relu"))
        model.add(layers.Dropout(0.3))
    model.add(layers.Dense(1))
    return model


@spotify
def tf_keras() -> keras.Model:
    return tf.keras.Sequential(
        [
            tf.keras.layers.Input(shape=(SPOTIFY_INPUTS,)),
            tf.keras.layers.Dense(128, activation="relu"),
            tf.keras.layers.Dropout(0.3),
            tf.keras.layers.Dense(64, activation=tf.keras.activations.relu),
            tf.keras.layers.Dropout(0.3),
            tf.keras.layers.Dense(1),
        ]
    )


@spotify
def rate_and_loop() -> keras.Model:
    rate, widths = 0.3, [128, 64]
    steps: list[keras.layers.Layer] = [layers.Input((SPOTIFY_INPUTS,))]
    for width in widths:
        steps += [layers.Dense(width, activation="relu"), layers.Dropout(rate)]
    return keras.Sequential([*steps, layers.Dense(1)])


@spotify
def functional() -> keras.Model:
    inputs = keras.Input(shape=(SPOTIFY_INPUTS,))
    x = layers.Dense(128, activation="relu")(inputs)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs=inputs, outputs=layers.Dense(1)(x))


@spotify
def functional_with_dead_ends() -> keras.Model:
    """Steps that nothing reads are no part of what the model does."""
    inputs = keras.Input(shape=(SPOTIFY_INPUTS,))
    layers.BatchNormalization()(inputs)
    x = layers.Dense(128, activation="relu")(inputs)
    layers.Dense(7)(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(1)(x))


@spotify
def layers_that_do_nothing() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((SPOTIFY_INPUTS,)),
            layers.Flatten(),
            layers.Rescaling(1.0),
            layers.Dense(128, activation="relu"),
            layers.Reshape((128,)),
            layers.Dropout(0.3, noise_shape=None, seed=7),
            layers.Activation("linear"),
            layers.Identity(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3, noise_shape=(None, 64)),
            layers.Dense(1),
            layers.Reshape((1,)),
        ]
    )


@spotify
def defaults_spelled_out() -> keras.Model:
    def dense(units: int, activation: str | None) -> keras.layers.Layer:
        return layers.Dense(
            units,
            activation,
            use_bias=True,
            kernel_initializer=keras.initializers.GlorotUniform(seed=1),
            bias_initializer="zeros",
            kernel_regularizer=None,
            dtype="float32",
        )

    model = keras.Sequential([layers.Input((SPOTIFY_INPUTS,), dtype="float32"), dense(128, "relu")])
    for layer in (layers.Dropout(0.3), dense(64, "relu"), layers.Dropout(0.3), dense(1, "linear")):
        model.add(layer)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3, beta_1=0.9, epsilon=1e-7, amsgrad=False),
        loss=keras.losses.MeanAbsoluteError(),
        metrics=["mae", "mse"],
    )
    return model


@spotify
def loss_of_ones_own() -> keras.Model:
    model = sequential_list()
    model.compile(tf.keras.optimizers.Adam(), lambda y, p: tf.reduce_mean(tf.abs(y - p)))
    return model


@spotify
def loss_as_function() -> keras.Model:
    model = functional()
    model.compile(keras.optimizers.get("adam"), [keras.losses.mean_absolute_error], run_eagerly=True)
    return model


@spotify
def one_dropout_layer_used_twice() -> keras.Model:
    """A Dropout layer holds no weights: two uses of one object do what two objects do."""
    dropout = layers.Dropout(0.3)
    inputs = keras.Input((SPOTIFY_INPUTS,))
    x = dropout(layers.Dense(128, activation="relu")(inputs))
    x = dropout(layers.Dense(64, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(1)(x))


@spotify
def cloned() -> keras.Model:
    return keras.models.clone_model(functional())


@spotify
def popped_and_mended() -> keras.Model:
    model = sequential_list()
    model.pop()
    model.pop()
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(1))
    return model


@spotify
def thawed_again() -> keras.Model:
    model = sequential_list()
    model.trainable = False
    model.trainable = True
    return model
