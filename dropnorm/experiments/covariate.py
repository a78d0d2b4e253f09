"""Batches of one colour against shuffled ones: what a network learns of blue and red vehicles, and what still moves.

Shuffling makes the batches alike at the inputs. What the layers behind are given moves all the same, for the weights in
front of them do: `Batches` measures both.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm import clouds
from dropnorm.split import Split
from dropnorm.vehicles import KINDS, draw

# Keras is imported where a training begins: reading a table must not wait for TensorFlow.
if TYPE_CHECKING:
    import keras

SHUFFLED, ONE_COLOUR, SORTED = "shuffled", "one colour, in turns", "one colour, all blue first"
BATCHES = (SHUFFLED, ONE_COLOUR, SORTED)
PLAIN, NORMALIZED = "plain", "batch normalization"
NETWORKS = (PLAIN, NORMALIZED)

WIDTHS = (32, 32)
OF_EACH_COLOUR, TO_JUDGE = 768, 320  # vehicles to train on and to judge by: whole batches
BATCH, EPOCHS = 64, 20
WATCHED = 2  # epochs before the one over which the drift is measured
SIDE = 32  # of the pictures: every second pixel in both directions, which trains four times as fast
INPUTS = 3 * SIDE**2


@dataclass(frozen=True)
class Batches:
    """One training: how the batches are made up (of `BATCHES`), one of `NETWORKS`, and a seed."""

    batches: str
    network: str
    seed: int


def trainings(seeds: int) -> list[Batches]:
    """Those of the table, from twice as many seeds as asked for."""
    return [Batches(batches, network, seed) for seed in range(2 * seeds) for batches in BATCHES for network in NETWORKS]


@cache
def vehicles() -> Split:
    """Blue vehicles, then as many red ones, in both parts; inputs standardised by pixel; targets are the kinds.

    No vehicle is there in both colours.
    """

    def part(count: int, first: int) -> tuple[np.ndarray, np.ndarray]:
        drawn = [draw(count, first + place, colour) for place, colour in enumerate(("blue", "red"))]
        pictures = np.concatenate([each.pictures[:, ::2, ::2] for each in drawn]).astype(np.float32)
        return pictures.reshape(-1, INPUTS), np.concatenate([each.kinds for each in drawn])

    (X, y), (X_valid, y_valid) = part(OF_EACH_COLOUR, 0), part(TO_JUDGE, 2)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    return Split((X - mean) / scale, y, (X_valid - mean) / scale, y_valid)


def order(batches: str, count: int, seed: int) -> np.ndarray:
    """The order of ``2 * count`` rows, of which the first half are blue; cut into batches of `BATCH` as it stands."""
    generator = np.random.default_rng(seed)
    if batches == SHUFFLED:
        return generator.permutation(2 * count)
    blue, red = (first + generator.permutation(count) for first in (0, count))
    if batches == SORTED:
        return np.concatenate([blue, red])
    return np.stack([blue.reshape(-1, BATCH), red.reshape(-1, BATCH)], axis=1).ravel()


def network(name: str) -> keras.Model:
    """Two hidden layers of 32, with batch normalization before the activation or without it, and a softmax of three."""
    from keras import Input, Sequential, layers

    def block(width: int) -> list[keras.layers.Layer]:
        if name == PLAIN:
            return [layers.Dense(width), layers.Activation("relu")]
        return [layers.Dense(width, use_bias=False), layers.BatchNormalization(), layers.Activation("relu")]

    hidden = [layer for width in WIDTHS for layer in block(width)]
    return Sequential([Input((INPUTS,)), *hidden, layers.Dense(len(KINDS), activation="softmax")])


def learn(job: Batches, epochs: int = EPOCHS, watched: int = WATCHED) -> dict[str, Any]:
    """Train one network, each epoch in the same order, and return its row.

    ``accuracy_…`` are shares of the vehicles to judge by: at inference, and in training mode on batches of both colours
    or of one. ``shift_of_inputs`` tells how far the redness of a batch (`redness`) lies from that of all rows, in
    standard deviations, the mean over batches. ``drift_deeper`` tells how far the mean of the second hidden layer's
    inputs moves in one epoch, on the same vehicles and in the same unit (the median over the layer's inputs).
    """
    import keras

    from dropnorm.training import train

    parts = vehicles()
    rows = order(job.batches, OF_EACH_COLOUR, job.seed)
    given = Split(parts.X_train[rows], parts.y_train[rows], parts.X_valid, parts.y_valid)
    keras.utils.set_random_seed(job.seed)
    model = network(job.network)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")

    def train_on(more: int) -> Any:
        return train(model, given, epochs=more, batch_size=BATCH, seed=job.seed, shuffle=None)

    train_on(watched)
    before = _inputs_of_second_layer(model, parts.X_valid)
    train_on(1)
    after = _inputs_of_second_layer(model, parts.X_valid)
    curves = train_on(epochs - watched - 1)
    mixed, alone = (order(made, TO_JUDGE, job.seed) for made in (SHUFFLED, ONE_COLOUR))
    at_inference = _right(model, parts, np.arange(2 * TO_JUDGE), training=False)
    return asdict(job) | {
        "accuracy_at_inference": at_inference.mean(),
        "accuracy_of_blue": at_inference[:TO_JUDGE].mean(),
        "accuracy_of_red": at_inference[TO_JUDGE:].mean(),
        "accuracy_mixed_batches": _right(model, parts, mixed, training=True).mean(),
        "accuracy_one_colour_batches": _right(model, parts, alone, training=True).mean(),
        "last_val_loss": curves.last("val_loss")[0],
        "loss_at_inference": curves.last("loss_at_inference")[0],
        "logged_loss": curves.last("loss")[0],
        "shift_of_inputs": _shift(given.X_train),
        "drift_deeper": float(np.median(clouds.separations(before, after))),
    }


def _right(model: keras.Model, parts: Split, rows: np.ndarray, training: bool) -> np.ndarray:
    """Whether each of these rows is recognised, batch by batch; moving averages stay as they are."""
    kept = model.get_weights()
    batches = rows.reshape(-1, BATCH)
    guessed = [np.array(model(parts.X_valid[batch], training=training)).argmax(axis=1) for batch in batches]
    model.set_weights(kept)
    return np.concatenate(guessed) == parts.y_valid[rows]


def _inputs_of_second_layer(model: keras.Model, X: np.ndarray) -> np.ndarray:
    """What the second hidden layer is given for these rows, in training mode on all of them, ``(rows, units)``."""
    kept, values = model.get_weights(), X
    for layer in model.layers[: len(model.layers) // 2]:
        values = layer(values, training=True)
    model.set_weights(kept)
    return np.array(values)


def redness(X: np.ndarray) -> np.ndarray:
    """How much more red than blue a picture is, ``(rows,)``: the mean of its red inputs less that of its blue ones."""
    means = X.reshape(len(X), -1, 3).mean(axis=1)
    return means[:, 0] - means[:, 2]


def _shift(X: np.ndarray) -> float:
    values = redness(X)
    return float(np.abs(values.reshape(-1, BATCH).mean(axis=1) - values.mean()).mean() / values.std())
