"""A training that runs while one watches, and whose dropout rate can be moved under way.

It is plain Keras ``fit`` in a thread of its own. Nothing random in it is the process's: initial weights and the order
of the rows are those of the sweep's run with the same seed, masks come from seeded generators, and no global seed is
set or drawn from. A learner's own ``fit`` beside it therefore gives the same numbers as alone, and so does this one.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from dropnorm.curves import LearningCurves
from dropnorm.lab.picture import Change
from dropnorm.split import Split
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
        super().__init__(rate, seed=seed, **kwargs)
        if rate == 0:  # Keras makes a generator for other rates only, but this one may be moved
            self.seed_generator = keras.random.SeedGenerator(seed)
        self._rate_now = tf.Variable(rate, trainable=False, dtype=tf.float32)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return inputs
        seed = self.seed_generator.next()
        if seed.dtype != tf.int32:  # as Keras' own dropout does it: stateless operations take 32 bits
            seed = tf.cast(tf.math.floormod(seed, tf.int32.max - 1), tf.int32)
        rate = tf.cast(self._rate_now, inputs.dtype)
        return tf.nn.experimental.stateless_dropout(inputs, rate=rate, seed=seed)

    def move(self, rate: float) -> None:
        """Change the rate, from the next step on."""
        self.rate = rate
        self._rate_now.assign(rate)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "rate": float(self.rate)}


@dataclass(frozen=True)
class Progress:
    """What a live training shows after an epoch: its curves so far, and where its rate was changed."""

    curves: LearningCurves
    changes: tuple[Change, ...]
    epochs: int


class LiveTraining:
    """One run of a plan by Keras, in a thread.

    Args:
        described: what is trained. A dropout layer is put wherever a `plan.Dropout` stands or, where the plan has none,
            behind each relu with rate 0, so that the rate can be moved from there.
        split: the data.
        on_epoch: called after each epoch, from the training's thread.
        on_end: called when it has ended, from that thread: with None, or with one sentence on what went wrong.
    """

    def __init__(
        self,
        described: plan.Plan,
        split: Split,
        on_epoch: Callable[[Progress], None],
        on_end: Callable[[str | None], None],
    ) -> None:
        self.plan, self.split = described, split
        self._on_epoch, self._on_end = on_epoch, on_end
        self._rate = next((layer.rate for layer in described.layers if isinstance(layer, plan.Dropout)), 0.0)
        self._stopped = threading.Event()
        self.model: keras.Model | None = None
        self._thread = threading.Thread(target=self._run, name="dropnorm live training", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end after the step at hand."""
        self._stopped.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def move(self, rate: float) -> None:
        """Let the training go on with another dropout rate, from its next step on."""
        self._rate = rate

    def _run(self) -> None:
        try:
            self._train()
        except Exception as error:  # it must be said on the page: a thread has nobody to raise to
            self._on_end(f"The live training failed: {type(error).__name__}: {error}")
        else:
            self._on_end(None)

    def _train(self) -> None:
        features = self.split.X_train.shape[1]
        model, dropouts = _built(self.plan, features)
        self.model = model
        for variable, values in zip(
            model.trainable_variables, runs.Network(self.plan, features).arrays, strict=True
        ):
            variable.assign(values)
        order = next(runs.orders(self.plan, len(self.split.X_train)))
        watch = _Watch(self, dropouts)
        model.fit(
            self.split.X_train[order],
            self.split.y_train[order],
            epochs=self.plan.epochs,
            batch_size=self.plan.batch_size,
            shuffle=False,
            verbose=0,
            callbacks=[watch],
        )


class _Watch(keras.callbacks.Callback):
    """Moves rates between steps, stops between steps, and measures after each epoch."""

    def __init__(self, training: LiveTraining, dropouts: Sequence[LiveDropout]) -> None:
        super().__init__()
        self.training, self.dropouts = training, dropouts
        self.rate = training._rate
        self.logged: list[tuple[float, float, float]] = []
        self.changes: list[Change] = []
        self.steps = -(-len(training.split.X_train) // training.plan.batch_size)

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        wanted = self.training._rate
        if wanted != self.rate:
            for layer in self.dropouts:
                layer.move(wanted)
            self.rate = wanted
            self.changes.append(Change(len(self.logged) + batch / self.steps, wanted))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self.training._stopped.is_set():
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self.training._stopped.is_set():  # a part of an epoch is no point of a curve
            return
        split = self.training.split
        at_inference, validation = (
            self._loss(X, y) for X, y in ((split.X_train, split.y_train), (split.X_valid, split.y_valid))
        )
        self.logged.append(((logs or {})["loss"], at_inference, validation))
        loss, at_inference, validation = np.array(self.logged).T
        curves = LearningCurves(loss, validation, at_inference, seeds=(self.training.plan.seed,))
        self.training._on_epoch(Progress(curves, tuple(self.changes), epoch + 1))

    def _loss(self, X: np.ndarray, y: np.ndarray) -> float:
        predicted = self.model(tf.constant(X, tf.float32), training=False)
        return float(np.abs(predicted.numpy()[:, 0] - y).mean())


def _built(described: plan.Plan, features: int) -> tuple[keras.Model, list[LiveDropout]]:
    """The plan as a compiled Keras model, and its dropout layers.

    Every layer has a name and every initialiser draws nothing: building it touches no state of the process.
    """
    prefix = f"live_{next(_numbers)}"
    stack: list[keras.layers.Layer] = []
    dropouts: list[LiveDropout] = []
    movable = any(isinstance(layer, plan.Dropout) for layer in described.layers)
    for layer in described.layers:
        name = f"{prefix}_{len(stack)}"
        if isinstance(layer, plan.Dense):
            stack.append(keras.layers.Dense(layer.units, kernel_initializer="zeros", name=name))
        elif isinstance(layer, plan.BatchNorm):
            stack.append(
                keras.layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon, name=name)
            )
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
    return model, dropouts
