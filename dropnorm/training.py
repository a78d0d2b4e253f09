"""Training: the loss at inference as a Keras callback, and a fast loop for experiments over many seeds.

`train` does what ``model.fit`` does, one compiled function an epoch instead of one a step, and measures the training
loss at inference as it goes. tests/test_training.py holds it equal to ``fit``. It is there for the tables that need
hundreds of trainings, and for those cells of the lesson that train several networks, or one in passing. The networks
that the lesson is about, and those of the exercises, are trained by plain ``fit``.
"""

from __future__ import annotations

import math
import time
from typing import Literal
from weakref import WeakKeyDictionary

import keras
import numpy as np
import tensorflow as tf

from dropnorm.curves import AT_INFERENCE, LearningCurves
from dropnorm.split import Split

_optimizers: WeakKeyDictionary[keras.Model, list[tuple[keras.optimizers.Optimizer, float]]] = WeakKeyDictionary()


def note_training(model: keras.Model) -> None:
    """Note that a training of a model begins: a new `compile` forgets what was learned before, the weights do not."""
    optimizer, noted = model.optimizer, _optimizers.setdefault(model, [])
    if all(optimizer is not each for each, _rate in noted):
        noted.append((optimizer, float(np.asarray(optimizer.learning_rate))))


def trained_with(model: keras.Model) -> list[str]:
    """With what a model was trained, as far as it was noted: a line for each `compile`, in their order.

    In English in every language: grading compares it. What learners read of it is told in words where it is told.
    """
    return [
        f"{type(optimizer).__name__.lower()} at the learning rate {rate:.4g}"
        for optimizer, rate in _optimizers.get(model, ())
    ]


class LossAtInference(keras.callbacks.Callback):
    """Adds ``loss_at_inference`` to the history: the training loss after each epoch, with dropout off.

    Args:
        X: the training inputs, ``(rows, features)``.
        y: their targets, ``(rows,)``.
        batch_size: rows a step of the evaluation; it changes the speed, not the result.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, batch_size: int = 4096) -> None:
        super().__init__()
        self.X, self.y, self.batch_size = X, y, batch_size

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        note_training(self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        predictions = [self.model(rows, training=False) for rows in _batches(self.X, self.batch_size)]
        loss = self.model.compute_loss(y=_column(self.y), y_pred=tf.concat(predictions, axis=0), training=False)
        if logs is not None:
            logs[AT_INFERENCE] = float(loss)


def train(
    model: keras.Model,
    split: Split,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    shuffle: Literal["once", "each epoch"] | None = "once",
) -> LearningCurves:
    """Train a compiled model as ``fit`` would, and return its curves with the loss at inference.

    The curves' metric ``cpu_seconds`` is the processor time from the first step to each epoch's end: other work on the
    machine changes it little. Tracing is not in it, the measurement of the losses is.

    Args:
        model: a built and compiled model of one input and one output. Its weights are trained in place.
        split: what to train and to validate on.
        epochs: passes over the training part.
        batch_size: rows a step; the last step of an epoch takes what is left, as in ``fit``.
        seed: of the order of the rows. Initial weights and dropout masks have seeds of their own:
            call ``keras.utils.set_random_seed`` before the model is made.
        shuffle: how the rows are ordered. After ``keras.utils.set_random_seed`` the ``fit`` of Keras 3.15 on TensorFlow
            draws one order and repeats it in every epoch: "once", which is what the course's notebooks do. Where no
            seed was set it draws a new one for "each epoch". None keeps the order as given.
    """
    rows = len(split.X_train)
    X, y = tf.constant(np.asarray(split.X_train, np.float32)), tf.constant(_column(split.y_train))
    X_valid, y_valid = tf.constant(np.asarray(split.X_valid, np.float32)), tf.constant(_column(split.y_valid))
    model.optimizer.build(model.trainable_variables)
    steps = math.ceil(rows / batch_size)

    @tf.function(input_signature=[tf.TensorSpec((rows,), tf.int32)])
    def epoch(order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        total = tf.constant(0.0)
        for step in tf.range(steps):
            chosen = order[step * batch_size : (step + 1) * batch_size]
            X_batch, y_batch = tf.gather(X, chosen), tf.gather(y, chosen)
            with tf.GradientTape() as tape:
                loss = model.compute_loss(y=y_batch, y_pred=model(X_batch, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            model.optimizer.apply(gradients, model.trainable_variables)
            total += loss * tf.cast(tf.shape(chosen)[0], tf.float32)
        at_inference = model.compute_loss(y=y, y_pred=model(X, training=False), training=False)
        validation = model.compute_loss(y=y_valid, y_pred=model(X_valid, training=False), training=False)
        return total / rows, at_inference, validation

    generator = np.random.default_rng(seed)
    order = np.arange(rows) if shuffle is None else generator.permutation(rows)
    traced = epoch.get_concrete_function()
    logged, seconds, start = [], [], time.process_time()
    for _epoch in range(epochs):
        logged.append([float(loss) for loss in traced(tf.constant(order, tf.int32))])
        seconds.append(time.process_time() - start)
        if shuffle == "each epoch":
            order = generator.permutation(rows)
    loss, at_inference, validation = np.array(logged).T
    return LearningCurves(loss, validation, at_inference, {"cpu_seconds": np.array(seconds)}, seeds=(seed,))


def _column(y: np.ndarray) -> np.ndarray:
    """Targets as a float32 column, ``(rows, 1)``, the shape of what a one-unit output predicts."""
    return np.asarray(y, np.float32).reshape(len(y), -1)


def _batches(X: np.ndarray, batch_size: int) -> list[np.ndarray]:
    array = np.asarray(X, np.float32)
    return [array[start : start + batch_size] for start in range(0, len(array), batch_size)]
