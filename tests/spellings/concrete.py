"""Ways to write the Concrete model: BatchNormalization before each of Dense 512 relu (three times) and Dense 1.

Compiled with sgd and mae.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from spellings.registry import CONCRETE_INPUTS, concrete


@concrete
def sequential_list() -> keras.Model:
    """The reference itself."""
    return keras.Sequential(
        [
            layers.Input(shape=[CONCRETE_INPUTS]),
            layers.BatchNormalization(),
            layers.Dense(512, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(512, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(512, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(1),
        ]
    )


@concrete
def unbuilt_loop() -> keras.Model:
    model = tf.keras.Sequential()
    for _ in range(3):
        model.add(tf.keras.layers.BatchNormalization())
        model.add(tf.keras.layers.Dense(512, activation="relu"))
    model.add(tf.keras.layers.BatchNormalization())
    model.add(tf.keras.layers.Dense(1))
    return model


@concrete
def input_layer_and_settings() -> keras.Model:
    def normalization() -> keras.layers.Layer:
        return layers.BatchNormalization(axis=1, momentum=0.99, epsilon=1e-3, center=True, scale=True)

    model = keras.Sequential([layers.InputLayer(shape=(CONCRETE_INPUTS,))])
    for units, activation in ((512, "relu"), (512, tf.nn.relu), (512, keras.ops.relu), (1, None)):
        model.add(normalization())
        model.add(layers.Dense(units, activation=activation))
    model.compile(keras.optimizers.SGD(0.01, momentum=0.0), keras.losses.mean_absolute_error)
    return model


@concrete
def activation_layers() -> keras.Model:
    model = keras.Sequential([keras.Input((CONCRETE_INPUTS,)), layers.BatchNormalization(name="first")])
    for activation in (layers.Activation("relu"), layers.ReLU(), layers.Activation(lambda x: keras.ops.maximum(x, 0))):
        for layer in (layers.Dense(512), activation, layers.BatchNormalization()):
            model.add(layer)
    model.add(layers.Dense(1))
    return model


@concrete
def functional() -> keras.Model:
    x = inputs = keras.Input((CONCRETE_INPUTS,))
    for _ in range(3):
        x = layers.BatchNormalization()(x)
        x = layers.Dense(512, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(1)(layers.BatchNormalization()(x)))


@concrete
def functional_plain_functions() -> keras.Model:
    x = inputs = keras.Input((CONCRETE_INPUTS,))
    for function in (keras.ops.relu, keras.activations.relu, lambda x: keras.ops.maximum(0.0, x)):
        x = function(layers.Dense(512)(layers.BatchNormalization()(x)))
    outputs = layers.Dense(1)(layers.BatchNormalization()(x))
    return keras.Model(inputs, keras.ops.reshape(outputs, (-1, 1)))


@concrete
def nested_blocks() -> keras.Model:
    def block() -> keras.Model:
        return keras.Sequential([layers.BatchNormalization(), layers.Dense(512, activation="relu")])

    head = keras.Sequential([layers.BatchNormalization(), layers.Dense(1)])
    return keras.Sequential([keras.Input((CONCRETE_INPUTS,)), block(), keras.Sequential([block(), block()]), head])


@concrete
def subclass() -> keras.Model:
    class Strength(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.norms = [layers.BatchNormalization() for _ in range(4)]
            self.denses = [layers.Dense(512) for _ in range(3)] + [layers.Dense(1)]

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            x = inputs
            for i, (norm, dense) in enumerate(zip(self.norms, self.denses, strict=True)):
                x = dense(norm(x, training=training))
                x = tf.nn.relu(x) if i < 3 else x
            return x

    return Strength()


@concrete
def subclass_of_blocks() -> keras.Model:
    class Block(keras.layers.Layer):
        def __init__(self, units: int, activation: Any) -> None:
            super().__init__()
            self.norm, self.dense = layers.BatchNormalization(), layers.Dense(units, activation=activation)

        def call(self, inputs: Any) -> Any:
            return self.dense(self.norm(inputs))

    class Strength(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = keras.Sequential([*(Block(512, "relu") for _ in range(3)), Block(1, None)])

        def call(self, inputs: Any) -> Any:
            return self.blocks(inputs)

    return Strength()


@concrete
def subclass_in_a_graph() -> keras.Model:
    class Strength(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.steps = []
            for _ in range(3):
                self.steps += [layers.BatchNormalization(), layers.Dense(512, activation="relu")]
            self.steps += [layers.BatchNormalization(), layers.Dense(1)]

        @tf.function
        def call(self, inputs: Any, training: bool = False) -> Any:
            for step in self.steps:
                inputs = step(inputs, training=training) if "normalization" in step.name else step(inputs)
            return inputs

    return Strength()


@concrete
def built_in_layers_renamed() -> keras.Model:
    class Norm(layers.BatchNormalization):
        pass

    class Hidden(layers.Dense):
        def __init__(self) -> None:
            super().__init__(512, activation="relu")

        def build(self, input_shape: Any) -> None:
            super().build(input_shape)

    steps = [Norm(), Hidden(), Norm(), Hidden(), Norm(), Hidden(), Norm(), layers.Dense(1)]
    return keras.Sequential([layers.Input((CONCRETE_INPUTS,)), *steps])


@concrete
def layers_that_do_nothing() -> keras.Model:
    model = keras.Sequential([layers.Input((CONCRETE_INPUTS,)), layers.Identity(), layers.Flatten()])
    for units in (512, 512, 512, 1):
        model.add(layers.BatchNormalization(gamma_initializer="ones", beta_initializer=keras.initializers.Zeros()))
        model.add(layers.Reshape((-1,)))
        model.add(layers.Dense(units, activation="linear"))
        if units > 1:
            model.add(layers.Lambda(lambda x: tf.nn.relu(x)))
            model.add(layers.Rescaling(1.0, offset=0.0))
    return model


@concrete
def loss_of_ones_own() -> keras.Model:
    def absolute_error(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(keras.ops.abs(y_pred - y_true), axis=-1)

    model = sequential_list()
    model.compile(optimizer=keras.optimizers.SGD(), loss=absolute_error)
    return model


@concrete
def trained_until_it_broke() -> keras.Model:
    """Weights that are no numbers any more say nothing against the model."""

    class Strength(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.norms = [layers.BatchNormalization() for _ in range(4)]
            self.denses = [layers.Dense(units) for units in (512, 512, 512, 1)]

        def call(self, inputs: Any) -> Any:
            for norm, dense in zip(self.norms[:3], self.denses[:3], strict=True):
                inputs = tf.nn.relu(dense(norm(inputs)))
            return self.denses[3](self.norms[3](inputs))

    model = Strength()
    model(tf.zeros((2, CONCRETE_INPUTS)))
    for weight in model.weights:
        weight.assign(weight * float("nan"))
    return model
