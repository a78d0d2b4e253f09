"""Dropout in convolutions: what neighbours still tell of a dropped value, and small networks with either dropout."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm.curves import AT_INFERENCE, VALIDATION
from dropnorm.split import Split
from dropnorm.vehicles import KINDS, SIZE, split_vehicles

# Keras is imported where a training begins: reading a table must not wait for TensorFlow.
if TYPE_CHECKING:
    import keras

NONE, DROPOUT, SPATIAL = "no dropout", "Dropout", "SpatialDropout2D"
NETWORKS = (NONE, DROPOUT, SPATIAL)
RATE = 0.3
MAPS, EPOCHS, BATCH = (8, 16), 20, 64
PLACES = 20_000  # values that are told from their neighbours


@dataclass(frozen=True)
class Convolution:
    """One training: one of `NETWORKS`, and a seed."""

    network: str
    seed: int


def trainings(seeds: int) -> list[Convolution]:
    """Those of the table."""
    return [Convolution(network, seed) for seed in range(seeds) for network in NETWORKS]


def network(name: str) -> keras.Model:
    """Two convolutions of 3 × 3 by steps of 2, relu, dropout of `RATE` after each as the name says, and a softmax."""
    from keras import Input, Sequential, layers

    extra = {
        NONE: lambda: [],
        DROPOUT: lambda: [layers.Dropout(RATE)],
        SPATIAL: lambda: [layers.SpatialDropout2D(RATE)],
    }
    blocks = [
        layer for maps in MAPS for layer in (layers.Conv2D(maps, 3, strides=2, activation="relu"), *extra[name]())
    ]
    head = [layers.Flatten(), layers.Dense(len(KINDS), activation="softmax")]
    return Sequential([Input((SIZE, SIZE, 3)), *blocks, *head])


def convolve(job: Convolution, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train one network and return its row: cross-entropies in nats, accuracies as shares.

    Columns that begin with ``pixels_`` and ``maps_`` hold `told_by_neighbours` of the pictures to judge by, and of the
    first convolution's maps of them after training.
    """
    import keras

    from dropnorm.training import train

    parts = vehicles()
    keras.utils.set_random_seed(job.seed)
    model = network(job.network)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    curves = train(model, parts, epochs=epochs, batch_size=BATCH, seed=job.seed)
    accuracies = {
        name: (np.array(model(X, training=False)).argmax(axis=1) == y).mean()
        for name, X, y in (("train", parts.X_train, parts.y_train), ("val", parts.X_valid, parts.y_valid))
    }
    told = {
        f"{what}_{name}": value
        for what, values in (("pixels", parts.X_valid), ("maps", np.array(model.layers[0](parts.X_valid))))
        for name, value in told_by_neighbours(values, job.seed).items()
    }
    return asdict(job) | {
        "best_val_loss": curves.best_val_loss[0],
        "best_epoch": curves.best_epoch[0],
        "last_val_loss": curves.last(VALIDATION)[0],
        "loss_at_inference": curves.last(AT_INFERENCE)[0],
        "val_accuracy": accuracies["val"],
        "train_accuracy": accuracies["train"],
        **told,
    }


def told_by_neighbours(values: np.ndarray, seed: int, rate: float = RATE) -> dict[str, float]:
    """How well a dropped value is told from what dropout has left, over all maps that vary.

    ``correlation`` is that of values side by side. The others are shares of the variance that a linear prediction
    explains, fitted on one half of `PLACES` random places and judged on the other: from the four neighbours in its map,
    from what `rate` has left of these, and from what is left of the other maps at its place where whole maps are
    dropped, its own among them.

    Args:
        values: ``(pictures, height, width, maps)``.
        seed: of the places and the masks.
    """
    generator = np.random.default_rng(seed)
    count, height, width, maps = values.shape
    varying = [number for number in range(maps) if values[..., number].std() > 1e-3 * values.std()]
    values = values[..., varying]
    picture, row, column = (
        generator.integers(low, high, PLACES) for low, high in ((0, count), (1, height - 1), (1, width - 1))
    )
    found: dict[str, list[float]] = {
        "correlation": [],
        "by_neighbours": [],
        "by_neighbours_left": [],
        "by_maps_left": [],
    }
    for number in range(len(varying)):
        value = values[picture, row, column, number]
        beside = np.stack(
            [values[picture, row + y, column + x, number] for y, x in ((0, 1), (0, -1), (1, 0), (-1, 0))], axis=1
        )
        others = np.delete(values[picture, row, column], number, axis=1)
        found["correlation"].append(float(np.corrcoef(value, beside[:, 0])[0, 1]))
        found["by_neighbours"].append(_explained(beside, value))
        found["by_neighbours_left"].append(_explained(_dropped(beside, rate, generator), value))
        found["by_maps_left"].append(_explained(_dropped(others, rate, generator), value))
    return {name: float(np.mean(each)) for name, each in found.items()}


def _dropped(values: np.ndarray, rate: float, generator: np.random.Generator) -> np.ndarray:
    return values * (generator.random(values.shape) >= rate) / (1 - rate)


def _explained(given: np.ndarray, value: np.ndarray) -> float:
    """The share of a value's variance that its best linear prediction explains on rows that it was not fitted on."""
    half = len(value) // 2
    given = np.column_stack([given, np.ones(len(value))])
    weights = np.linalg.lstsq(given[:half], value[:half], rcond=None)[0]
    error = value[half:] - given[half:] @ weights
    return float(1 - error.var() / value[half:].var())


@cache
def vehicles() -> Split:
    """The vehicles' two parts as pictures; mean 0, standard deviation 1 over all values of the training part."""
    parts = split_vehicles(test=1)
    X, X_valid = (part.pictures.astype(np.float32) for part in (parts.training, parts.validation))
    mean, scale = X.mean(), X.std()
    return Split((X - mean) / scale, parts.training.kinds, (X_valid - mean) / scale, parts.validation.kinds)
